#!/usr/bin/env bash
# Plants the mistakes of sim/mutants/*.patch, one at a time, in a copy of the tree, and lets the
# simulation look for each: how many seeds it takes, and which invariant fires. Fails when one is
# missed or a patch does not build; writes build/mutants/mutants.json.
#   tools/mutants.sh [options] [name...]      without names: all
#     --check            only that every patch still applies
#     --list             only the names, with what each gets wrong
#     --draw N --by TEXT N of them, drawn by a hash of TEXT and the name
#     --seeds N          seeds before one counts as missed (1000)
#     --jobs N           worker processes (all cores)
#     --table            prints the rows of the table in docs/SIMULATION.md
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$PWD} CCACHE_NOHASHDIR=true

seeds=1000 jobs=$(nproc) mode=run draw=0 by="" table=0 names=()
while (($#)); do
  case $1 in
    --check) mode=check ;;
    --list) mode=list ;;
    --table) table=1 ;;
    --seeds) seeds=$2; shift ;;
    --jobs) jobs=$2; shift ;;
    --draw) draw=$2; shift ;;
    --by) by=$2; shift ;;
    -*) echo "tools/mutants.sh knows no $1" >&2; exit 2 ;;
    *) names+=("$1") ;;
  esac
  shift
done
if ((${#names[@]} == 0)); then
  for file in sim/mutants/*.patch; do names+=("$(basename "$file" .patch)"); done
fi

mistake() { sed -n '1s/^[^:]*: //p' "sim/mutants/$1.patch"; }
touched() { sed -n 's|^+++ b/||p' "sim/mutants/$1.patch"; }

draw_names() {  # the `draw` names that come first by the hash of `by` and the name
  local name
  for name in "${names[@]}"; do
    echo "$(echo "$by $name" | sha256sum | cut -c1-16) $name"
  done | sort | head -n "$draw" | cut -d' ' -f2 | sort
}

check_all() {
  local name bad=0
  for name in "${names[@]}"; do
    git apply --check "sim/mutants/$name.patch" 2>/dev/null && continue
    echo "$name does not apply any more: write it again, or say why it cannot be made now"
    bad=1
  done
  return $bad
}

if ((draw)); then mapfile -t names < <(draw_names); fi
case $mode in
  list)
    for name in "${names[@]}"; do printf '%-5s %s\n' "$name" "$(mistake "$name")"; done
    exit
    ;;
  check)
    check_all
    echo "${#names[@]} mutants still apply"
    exit
    ;;
esac
check_all

# The copy lies as deep as the tree and is built with the flags of the preset `sim`, so that the
# cache serves what build/sim has compiled: only what a patch touches is compiled. (-w: a mistake
# may leave something unused; it changes no code and is kept out of the cache's hash.)
work=$PWD/build/mutants
mkdir -p "$work"
exec 9>"$work/lock"
flock -n 9 || { echo "another run plants mistakes in $work already: wait for it" >&2; exit 1; }
build=$work/build/sim
export CCACHE_IGNOREOPTIONS=-w

sync_copy() {
  local file
  while read -r file; do
    cmp -s "$file" "$work/$file" && continue
    mkdir -p "$(dirname "$work/$file")"
    cp "$file" "$work/$file"
  done < <(echo CMakeLists.txt; find src sim -type f ! -path 'sim/mutants/*')
  while read -r file; do
    [[ -e $file ]] || rm "$work/$file"
  done < <(cd "$work" && find src sim -type f)
}

restore() {  # name: the files of a patch as they are in the tree
  local file
  for file in $(touched "$1"); do cp "$file" "$work/$file"; done
}

since() {  # start, as $EPOCHREALTIME: seconds with a decimal
  local us=$((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}))
  echo "$((us / 1000000)).$((us / 100000 % 10))"
}

progress() { if [[ -t 2 ]]; then printf '\r\033[K%s' "$*" >&2; fi; }

compile() {  # log
  ninja -C "$build" -j "$jobs" --quiet sim >"$1" 2>&1
}

# Sets found, first and invariant.
look_for() {  # name
  local log=$work/log/$1.log json=$work/log/$1.json status=0
  found=false first=null invariant="does not build"
  rm -f "$json"
  progress "$number/${#names[@]} $1: builds"
  compile "$log" || return 0
  progress "$number/${#names[@]} $1: runs"
  invariant=none
  timeout --foreground 900 "$build/sim/sim" --until-failure --seeds "$seeds" --jobs "$jobs" \
    --json "$json" >"$log" 2>/dev/null || status=$?
  if ((status == 124)); then invariant="does not end"; fi
  if ((status != 1)); then return 0; fi
  # Of what each worker found, the smallest seed: as many as one after the other would have taken.
  read -r first invariant < <(
    grep -o '"seed": [0-9]*, "invariant": "[^"]*"' "$json" |
      sed 's/"seed": \([0-9]*\), "invariant": "\([^"]*\)"/\1 \2/' | sort -n | head -1
  )
  found=true
}

mkdir -p "$work/log"
sync_copy
if [[ ! -f $build/build.ninja ]]; then
  cmake -S "$work" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_C_COMPILER=clang-19 \
    -DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_FLAGS=-w -DHOWDAH_SIM_ALONE=ON >/dev/null
fi
compile "$work/log/tree.log" || { tail -40 "$work/log/tree.log"; exit 1; }

out="" rows="" missed=0 broken=0 number=0 total=$EPOCHREALTIME
for name in "${names[@]}"; do
  number=$((number + 1)) started=$EPOCHREALTIME
  patch -s -p1 -d "$work" <"sim/mutants/$name.patch"
  look_for "$name"
  restore "$name"
  progress ""
  if [[ $invariant == "does not build" ]]; then
    broken=$((broken + 1))
    tail -20 "$work/log/$name.log" >&2
  fi
  if [[ $found != true ]]; then missed=$((missed + 1)); fi
  printf '%-5s %-8s seeds %-5s %-6s %5s s  %s\n' "$name" \
    "$([[ $found == true ]] && echo found || echo MISSED)" "$first" "$invariant" \
    "$(since "$started")" "$(mistake "$name")" >&$((1 + table))
  out+="${out:+,
}  {\"mutant\": \"$name\", \"found\": $found, \"seeds\": $first, \"invariant\": \"$invariant\"}"
  rows+="| $name | $first | $invariant | $(mistake "$name") |"$'\n'
done
printf '[\n%s\n]\n' "$out" >"$work/mutants.json"
if ((table)); then
  printf '| mutant | seeds | fired | the mistake |\n|---|---|---|---|\n%s' "$rows"
fi
echo "${#names[@]} mutants, $missed missed, $broken of them do not build; $(since "$total") s" \
  >&$((1 + table))
((missed == 0))
