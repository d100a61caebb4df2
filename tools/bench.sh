# run_bench: builds the server and the measurements' own programs in release form and runs them.
# Each figure has its bound, and where there is one its reference, taken in the same run.

run_bench() {
  build release howdah bench_load bench_plain_sqlite bench_fill_store
  exec node bench/run.mjs "$@"
}
