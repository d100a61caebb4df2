#!/usr/bin/env bash
# Plants the mistakes of sim/mutants/*.patch, one at a time, in a copy of the tree, and lets the
# simulation look for each. Prints for each how many seeds it took and which invariant fired, and
# writes build/mutants/mutants.json. With --check: only that every patch still applies.
#   tools/mutants.sh [--check] [--seeds N] [name...]
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

seeds=1000 check=0 names=()
while (($#)); do
  case $1 in
    --check) check=1 ;;
    --seeds) seeds=$2; shift ;;
    *) names+=("$1") ;;
  esac
  shift
done
if ((${#names[@]} == 0)); then
  for file in sim/mutants/*.patch; do names+=("$(basename "$file" .patch)"); done
fi

bad=0
for name in "${names[@]}"; do
  if ! git apply --check "sim/mutants/$name.patch" 2>/dev/null; then
    echo "$name does not apply any more: write it again, or say why it cannot be made now"
    bad=1
  fi
done
if ((check)); then
  echo "${#names[@]} mutants checked"
  exit $bad
fi

work=$PWD/build/mutants
mkdir -p "$work/tree"
# Times are kept, so that only what a patch has touched is built again.
cp -a --update CMakeLists.txt src sim test bench web "$work/tree/"
if [[ ! -f $work/build/build.ninja ]]; then
  cmake -S "$work/tree" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER=clang++-19 \
    -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
    -DCMAKE_CXX_FLAGS='-O1 -w' >/dev/null
fi

touched() { sed -n 's|^+++ b/||p' "sim/mutants/$1.patch"; }

restore() {  # name: the files of a patch as they are in the tree
  local file
  for file in $(touched "$1"); do
    cp "$file" "$work/tree/$file"
  done
}

out="" missed=0
for name in "${names[@]}"; do
  patch -s -p1 -d "$work/tree" <"sim/mutants/$name.patch"
  json=$work/$name.json
  rm -f "$json"
  found=false first=null invariant=none
  if ! ninja -C "$work/build" --quiet sim >"$work/$name.log" 2>&1; then
    invariant="does not build"
  elif ! "$work/build/sim/sim" --until-failure --seeds "$seeds" --jobs 2 --json "$json" \
      >"$work/$name.log" 2>/dev/null; then
    found=true
    if grep -q '"seed"' "$json" 2>/dev/null; then
      read -r first invariant < <(
        grep -o '"seed": [0-9]*, "invariant": "[^"]*"' "$json" |
          sed 's/"seed": \([0-9]*\), "invariant": "\([^"]*\)"/\1 \2/' | sort -n | head -1
      )
    else
      first=1 invariant=died
    fi
  fi
  restore "$name"
  [[ $found == true ]] || missed=$((missed + 1))
  printf '%-5s %-8s seeds %-5s %-6s %s\n' "$name" \
    "$([[ $found == true ]] && echo found || echo MISSED)" "$first" "$invariant" \
    "$(head -1 "sim/mutants/$name.patch" | cut -d: -f2-)"
  out+="${out:+,
}  {\"mutant\": \"$name\", \"found\": $found, \"seeds\": $first, \"invariant\": \"$invariant\"}"
done
printf '[\n%s\n]\n' "$out" >"$work/mutants.json"
echo "${#names[@]} mutants, $missed missed"
((missed == 0))
