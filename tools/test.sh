# run_tests: builds with sanitizers, runs every test program, adds up what they counted, and ends in
# one line "N passed, N failed". A program that dies without a count is one failure.

# `timeout --foreground` everywhere: what it runs stays in our group, so that Ctrl-C reaches it.

tests_passed=0
tests_failed=0
tests_skipped=0

count() {  # passed, failed, skipped, name, seconds
  tests_passed=$((tests_passed + $1))
  tests_failed=$((tests_failed + $2))
  tests_skipped=$((tests_skipped + $3))
  printf '   %-14s %4d passed, %d failed%s (%ds)\n' "$4" "$1" "$2" \
    "$( (($3)) && echo ", $3 skipped")" "$5"
}

attribute() { sed -n "/<testsuites /s/.* $2=\"\([0-9]*\)[.0-9]*\".*/\1/p" "$1" | head -1; }

gtest_program() { find build/asan -name "$1" -type f -executable -print -quit; }

# Its counts are in build/results/NAME.xml then.
run_gtest_program() {  # name
  rm -f "build/results/$1.xml"
  timeout --foreground "${HOWDAH_TEST_TIMEOUT:-1800}" "$(gtest_program "$1")" \
    --gtest_output="xml:build/results/$1.xml" --gtest_brief=1 \
    >"$(log_file "test-$1")" 2>&1 </dev/null
}

count_gtest() {  # name, exit code
  local xml="build/results/$1.xml" log total bad skipped seconds status=$2
  log=$(log_file "test-$1")
  total=0 bad=0 skipped=0 seconds=0
  if [[ -f $xml ]]; then
    total=$(attribute "$xml" tests)
    bad=$(($(attribute "$xml" failures) + $(attribute "$xml" errors)))
    skipped=$(grep -c 'result="skipped"' "$xml" || true)
    seconds=$(attribute "$xml" time)
  fi
  # Not a program that counts: its exit code is the one result.
  if [[ ! -f $xml ]] && ((status == 0)); then total=1; fi
  if ((status != 0 && bad == 0)); then bad=1 total=$((total + 1)); fi
  if ((status != 0)); then tail -n 150 "$log"; fi
  if ((skipped)); then grep -A1 -h 'SKIPPED\|Skipped' "$log" | head -40 || true; fi
  count $((total - bad - skipped)) "$bad" "$skipped" "$1" "$seconds"
}

run_gtest() {  # name
  local status=0
  say "running $1"
  run_gtest_program "$1" || status=$?
  count_gtest "$1" "$status"
}

run_node() {  # name, files...
  local name=$1 log started=$SECONDS passed failed status=0
  shift
  log=$(log_file "test-$name")
  say "running $name (Chromium)"
  timeout --foreground "${HOWDAH_TEST_TIMEOUT:-1800}" node --test --test-reporter=tap "$@" \
    >"$log" 2>&1 </dev/null || status=$?
  passed=$(sed -n 's/^# pass \([0-9]*\)$/\1/p' "$log" | tail -1)
  failed=$(sed -n 's/^# fail \([0-9]*\)$/\1/p' "$log" | tail -1)
  if ((status != 0 && ${failed:-0} == 0)); then failed=1; fi
  if ((status != 0)); then grep -v '^ *# Subtest' "$log" | tail -n 150; fi
  count "${passed:-0}" "${failed:-0}" 0 "$name" $((SECONDS - started))
}

run_program() {  # name, what it counts as, command...: exit 0 is one passed test
  local name=$1 log started=$SECONDS
  log=$(log_file "test-$name")
  shift
  if timeout --foreground "${HOWDAH_TEST_TIMEOUT:-1200}" "$@" >"$log" 2>&1 </dev/null; then
    count 1 0 0 "$name" $((SECONDS - started))
  else
    tail -n 60 "$log"
    count 0 1 0 "$name" $((SECONDS - started))
  fi
}

run_fuzzers() {
  compgen -G 'test/fuzz/*.cpp' >/dev/null || return 0
  build fuzz fuzzers
  local program name
  for program in build/fuzz/test/fuzz/fuzz_*; do
    [[ -x $program && -f $program ]] || continue
    name=$(basename "$program")
    mkdir -p "build/corpus/$name"
    local seeds="test/fuzz/corpus/${name#fuzz_}"
    say "running $name (${HOWDAH_FUZZ_SECONDS:-5} s)"
    run_program "$name" "$program" -max_total_time="${HOWDAH_FUZZ_SECONDS:-5}" -timeout=5 \
      -print_final_stats=1 -artifact_prefix=build/corpus/ "build/corpus/$name" \
      $([[ -d $seeds ]] && echo "$seeds")
  done
}

wants() {  # name: chosen, or nothing was chosen
  ((${#chosen[@]} == 0)) || [[ " ${chosen[*]} " == *" $1 "* ]]
}

# Names of the test programs, as CMake knows them; the quick ones that judge the source come first.
test_programs() {
  ctest --test-dir build/asan -N | sed -n 's/^ *Test *#[0-9]*: //p' |
    sed 's/^tidy$/0 &/; s/^unit_/1 &/; s/^contract$/2 &/; s/^[a-z]/3 &/' | sort -s -k1,1 |
    cut -d' ' -f2
}

# What takes processors alone is built and run behind the tests that wait for timers, sockets and
# processes: at the lowest priority, so that it takes what is left. What fails to build here fails
# there again, and is seen.
build_ahead() {
  renice -n 19 "$BASHPID" >/dev/null
  if wants sim; then
    tools/sim.sh build
    ninja -C build/asan --quiet sim
  fi
  if wants fuzz; then
    configure fuzz
    ninja -C build/fuzz --quiet fuzzers
  fi
}

simulate_behind() {  # the process that builds it
  renice -n 19 "$BASHPID" >/dev/null
  tail --pid="$1" -f /dev/null
  timeout --foreground "${HOWDAH_TEST_TIMEOUT:-2400}" tools/sim.sh ci
}

behind=()  # each is the leader of a group of its own, so that all of it can be ended

end_behind() {
  local leader
  for leader in "${behind[@]}"; do kill -- "-$leader" 2>/dev/null || true; done
}

await() {  # process, name: its exit code is in $awaited
  awaited=0
  if kill -0 "$1" 2>/dev/null; then say "waiting for $2"; fi
  wait "$1" || awaited=$?
}

count_simulation() {  # its process
  await "$1" "the simulation"
  if ((awaited)); then tail -n 60 "$(log_file test-simulation)"; fi
  count $((awaited == 0)) $((awaited != 0)) 0 simulation $((SECONDS - behind_since))
}

run_tests() {
  local chosen=("$@") started=$SECONDS name programs=() kills=""
  mkdir -p build/results
  rm -f build/asan/build.ninja  # configured anew: there may be new tests
  configure asan
  for name in $(test_programs); do
    if wants "$name" || wants "${name#unit_}"; then programs+=("$name"); fi
  done
  build asan howdah "${programs[@]}"
  local ahead simulation behind_since=$SECONDS
  trap end_behind EXIT
  set -m
  build_ahead >"$(log_file build-ahead)" 2>&1 </dev/null &
  behind+=($!) ahead=$!
  if wants sim; then
    say "running the simulation behind the tests"
    simulate_behind "$ahead" >"$(log_file test-simulation)" 2>&1 </dev/null &
    behind+=($!) simulation=$!
  fi
  export HOWDAH_BINARY="$PWD/build/asan/src/bin/howdah"
  if wants kill_loop; then
    say "running kill_loop beside the tests, as it waits most of the time"
    run_gtest_program kill_loop &
    behind+=($!) kills=$!
  fi
  set +m
  for name in "${programs[@]}"; do
    if [[ $name != kill_loop ]]; then run_gtest "$name"; fi
  done
  if wants web && [[ -f web/tsconfig.json ]]; then
    say "checking the types of the pages"
    run_program web web/node_modules/.bin/tsc -p web
  fi
  if wants e2e && compgen -G 'test/e2e/*.test.mjs' >/dev/null; then
    run_node e2e test/e2e/*.test.mjs
  fi
  if [[ $kills ]]; then
    await "$kills" kill_loop
    count_gtest kill_loop "$awaited"
  fi
  wait "$ahead" || true
  if wants fuzz; then run_fuzzers; fi
  if wants sim; then count_simulation "$simulation"; fi
  trap - EXIT
  if ((tests_skipped)); then echo "$tests_skipped skipped (the reasons are above)"; fi
  echo "took $((SECONDS - started)) s; logs are in build/log/"
  echo "$tests_passed passed, $tests_failed failed"
  ((tests_failed == 0 && tests_passed > 0))
}
