#!/usr/bin/env bash
# ./dev sim: builds the simulation and runs it (docs/SIMULATION.md). Options go to the tool;
# `build` only builds it; `mutants [name...]` plants the mistakes of sim/mutants/ one by one in a
# copy of the tree;
# `stories` tells those of sim/scenario/ and compares, `golden` writes their goldens anew;
# `compare [N]` runs N seeds in builds by other compilers and options.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
source tools/say.sh

sim_binary=build/sim/sim/sim
regressions=sim/seeds/regressions.txt
stories=sim/scenario

build_sim() {
  [[ -f build/sim/build.ninja ]] || cmake --preset sim >/dev/null
  say "building the simulation"
  ninja -C build/sim --quiet sim
}

# A few seeds in the build with sanitizers, which a test run has made anyway: the same traces.
compare_with_asan() {
  [[ -f build/asan/build.ninja ]] || return 0
  ninja -C build/asan --quiet sim
  tools/sim_compare.sh --built "$sim_binary" build/asan/sim/sim 8
}

# The part of every test run: seeds, the small scope, the stories, that every mutant still applies,
# and that six of them, others for each commit, are found.
sim_ci() {
  local seeds=${HOWDAH_SIM_SEEDS:-20000}
  "$sim_binary" --seeds "$seeds" --regressions "$regressions" --probes --jobs "$(nproc)"
  "$sim_binary" --small --jobs "$(nproc)"
  "$sim_binary" --stories "$stories"
  compare_with_asan
  tools/mutants.sh --check
  tools/mutants.sh --draw 6 --seeds 4000 \
    --by "$(git rev-parse HEAD 2>/dev/null || echo "no commit")"
}

case ${1:-} in
  ci)
    build_sim
    sim_ci
    ;;
  build) build_sim ;;
  stories | golden)
    build_sim
    exec "$sim_binary" "--$1" "$stories"
    ;;
  compare)
    shift
    exec tools/sim_compare.sh "$@"
    ;;
  mutants)
    shift
    build_sim
    exec tools/mutants.sh "$@"
    ;;
  *)
    build_sim
    exec "$sim_binary" --jobs "$(nproc)" --regressions "$regressions" "$@"
    ;;
esac
