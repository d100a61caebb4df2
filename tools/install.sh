# What Howdah needs, by what for; and install_for, which installs what is missing of it. A stamp of
# the lists makes the second time free.

packages_build=(
  clang-19 lld-19 mold ccache ninja-build cmake pkg-config git ca-certificates esbuild
  libexpected-dev libboost1.81-dev libboost-json1.81-dev libtomlplusplus-dev libfmt-dev libcli11-dev
  libabsl-dev libsqlite3-dev libssl-dev
  # The build makes the tests' targets known too, though `run` builds none of them.
  libgtest-dev librapidcheck-dev libbenchmark-dev
)
commands_build=(clang++-19 mold ccache ninja cmake git esbuild)

packages_run=(
  bubblewrap util-linux procps tigervnc-standalone-server openbox xterm slirp4netns nftables
  iproute2 x11-xserver-utils xauth xkb-data x11-xkb-utils xfonts-base fonts-dejavu-core tzdata
  libnss3-tools
)
commands_run=(bwrap setpriv Xtigervnc openbox xterm slirp4netns nft certutil)

packages_test=(
  libclang-rt-19-dev clang-format-19 chromium sqlite3 strace openssl curl tzdata
)
commands_test=(clang-format-19 chromium sqlite3 strace openssl curl)

packages_bench=(nginx-light wrk)
commands_bench=(wrk)

as_root() {
  if [[ $(id -u) -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

apt_install() {  # packages...
  local log
  log=$(log_file apt)
  say "installing $# Debian packages (log: $log)"
  as_root apt-get update >"$log" 2>&1 </dev/null || { tail -20 "$log"; return 1; }
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" \
    >>"$log" 2>&1 </dev/null || { tail -20 "$log"; return 1; }
}

installed() {  # package: dpkg knows it as installed
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

all_commands() {
  local command
  for command in "$@"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "$command" >/dev/null || return 1
  done
}

install_packages() {  # set
  local -n packages="packages_$1" commands="commands_$1"
  local stamp="build/.installed-$1" sum missing=() package
  sum=$(printf '%s\n' "${packages[@]}" | sha256sum | cut -d' ' -f1)
  if [[ -f $stamp && $(<"$stamp") == "$sum" ]] && all_commands "${commands[@]}"; then return; fi
  for package in "${packages[@]}"; do installed "$package" || missing+=("$package"); done
  if ((${#missing[@]})); then apt_install "${missing[@]}"; fi
  all_commands "${commands[@]}" || {
    echo "after installing, one of these is still missing: ${commands[*]}" >&2
    return 1
  }
  mkdir -p build
  echo "$sum" >"$stamp"
}

# The pages' packages (noVNC, the type checker, the browser driver), exactly as locked.
install_pages() {
  [[ -f web/package-lock.json ]] || return 0
  if ! all_commands node npm; then apt_install nodejs npm; fi
  local stamp=web/node_modules/.installed sum
  sum=$(sha256sum web/package-lock.json | cut -d' ' -f1)
  if [[ -f $stamp && $(<"$stamp") == "$sum" ]]; then return; fi
  say "installing the pages' packages (npm ci in web/)"
  export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
  (cd web && npm ci --no-audit --no-fund --loglevel=error </dev/null)
  echo "$sum" >"$stamp"
}

install_for() {  # sets...
  local set
  for set in "$@"; do install_packages "$set"; done
  install_pages
}
