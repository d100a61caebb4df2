# run_bench: builds the measurements in release form and runs them. Each figure is a ratio to a
# reference taken on this machine in the same run.

run_bench() {
  build release howdah bench_load bench_plain_sqlite bench_fill_store
  exec node bench/run.mjs "$@"
}
