# run_bench: builds the measurements in release form and runs them. Each figure is a ratio to a
# reference taken on this machine in the same run.

run_bench() {
  [[ -f bench/run.sh ]] || { echo "there are no measurements in bench/ yet" >&2; exit 1; }
  build release
  exec bench/run.sh "$@"
}
