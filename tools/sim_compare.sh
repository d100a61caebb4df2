#!/usr/bin/env bash
# ./dev sim compare [N]: the same seeds in every build of the simulation: two compilers, O0 and O2,
# with and without sanitizers. A table, and exit 1 when one differs in trace, order or store.
# --built A B N compares two binaries that are there already (part of every test run).
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
source tools/say.sh

work=build/compare

# name, C compiler, C++ compiler, flags, sanitizers
builds=(
  "clang-O2 clang-19 clang++-19 -O2 -"
  "clang-O0 clang-19 clang++-19 -O0 -"
  "clang-O1-asan-ubsan clang-19 clang++-19 -O1 address,undefined"
  "gcc-O2 gcc g++ -O2 -"
  "gcc-O0 gcc g++ -O0 -"
  "gcc-O1-asan-ubsan gcc g++ -O1 address,undefined"
)

build_one() {  # name, C compiler, C++ compiler, flags, sanitizers
  local folder=$work/$1 sanitize=$5 log
  log=$(log_file "compare-$1")
  [[ $sanitize == - ]] && sanitize=""
  if [[ ! -f $folder/build.ninja ]]; then
    cmake -G Ninja -S . -B "$folder" -DCMAKE_C_COMPILER="$2" -DCMAKE_CXX_COMPILER="$3" \
      -DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS="$4 -g1" \
      -DHOWDAH_SIM_ALONE=ON -DHOWDAH_SANITIZE="$sanitize" >"$log" 2>&1 ||
      { tail -20 "$log"; return 1; }
  fi
  ninja -C "$folder" sim >>"$log" 2>&1 || { tail -40 "$log"; return 1; }
}

hashes() {  # binary, seeds
  ASAN_OPTIONS=detect_leaks=0 "$1" --hashes --seeds "$2"
}

compare_built() {  # two binaries, seeds
  if diff <(hashes "$1" "$3") <(hashes "$2" "$3"); then
    echo "$3 seeds have the same trace, order and store in $1 and $2"
  else
    echo "$1 and $2 differ"
    return 1
  fi
}

compare_all() {  # seeds
  local seeds=$1 one name status=0 first="" rows=()
  mkdir -p "$work"
  for one in "${builds[@]}"; do
    read -r name _ <<<"$one"
    if ! command -v "$(cut -d' ' -f3 <<<"$one")" >/dev/null; then
      rows+=("| $name | not installed | |")
      continue
    fi
    say "building $name"
    # shellcheck disable=SC2086 # the words of a build
    build_one $one
    local started=$SECONDS
    hashes "$work/$name/sim/sim" "$seeds" >"$work/$name.txt"
    [[ -n $first ]] || first=$work/$name.txt
    local found="$seeds the same" sum took=$((SECONDS - started))
    sum=$(sha256sum "$work/$name.txt" | cut -c1-12)
    if ! cmp -s "$first" "$work/$name.txt"; then
      found="$(diff "$first" "$work/$name.txt" | grep -c '^>') differ"
      status=1
    fi
    rows+=("| $name | $found | $sum | $took s |")
  done
  printf '| build | seeds | sum of all hashes | time |\n|---|---|---|---|\n'
  printf '%s\n' "${rows[@]}"
  return $status
}

if [[ ${1:-} == --built ]]; then
  compare_built "$2" "$3" "${4:-6}"
else
  compare_all "${1:-60}"
fi
