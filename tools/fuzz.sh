# run_fuzz: the long run of the fuzzers, each for a while after another; what they find stays in
# build/corpus and is where the next run begins. Usage: run_fuzz [--time SECONDS] [name...]

run_fuzz() {
  local seconds=300 program name status=0 log chosen=()
  while (($#)); do
    case $1 in
      --time)
        seconds=${2:?"--time needs a number of seconds"}
        shift
        ;;
      -*)
        echo "unknown option $1; known: --time SECONDS" >&2
        return 2
        ;;
      *) chosen+=("$1") ;;
    esac
    shift
  done
  build fuzz fuzzers
  for program in build/fuzz/test/fuzz/fuzz_*; do
    [[ -x $program && -f $program ]] || continue
    name=$(basename "$program")
    if ((${#chosen[@]})) && [[ " ${chosen[*]} " != *" ${name#fuzz_} "* ]]; then continue; fi
    mkdir -p "build/corpus/$name"
    say "running $name ($seconds s)"
    log=$(log_file "fuzz-$name")
    if "$program" -max_total_time="$seconds" -timeout=5 -print_final_stats=1 \
      -artifact_prefix="build/corpus/$name-" "build/corpus/$name" \
      "test/fuzz/corpus/${name#fuzz_}" >"$log" 2>&1; then
      sed -n 's/^stat::number_of_executed_units: */   runs: /p' "$log"
    else
      tail -n 40 "$log"
      status=1
    fi
  done
  return "$status"
}
