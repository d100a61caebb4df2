# How the scripts talk, and where they keep the long output of tools.

say() { printf '\033[1m==\033[0m %s\n' "$*"; }

log_file() {
  mkdir -p build/log
  echo "build/log/$1.log"
}
