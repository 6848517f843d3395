#!/usr/bin/env bash
# Sees to the programs of the system that checks and tests run, which Debian has: what is missing it installs where it may,
# or else names, all of it at once. Usage: tests/system.sh [node|python|servers|browser]...
set -euo pipefail

has() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || return 1
  done
}

missing=()
for part in "$@"; do
  case $part in
    # In it run the vendors' packages that judge our tokens, the AsyncAPI parser and the tests of the page.
    node) has node npm || missing+=(nodejs npm) ;;
    # Debian keeps what virtual environments need in a package of its own.
    python) python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv) ;;
    # A real RTC gateway and a real TURN relay.
    servers) has janus turnserver turnutils_uclient || missing+=(janus coturn) ;;
    browser) [ -x "${SWITCHBOARD_TEST_CHROMIUM:-/usr/bin/chromium}" ] || missing+=(chromium) ;;
    *)
      echo "usage: tests/system.sh [node|python|servers|browser]..." >&2
      exit 2
      ;;
  esac
done

if [ ${#missing[@]} != 0 ]; then
  if [ "$(id -u)" != 0 ] || ! has apt-get; then
    echo "Install first what is missing (Debian: apt-get install ${missing[*]})." >&2
    if [[ " ${missing[*]} " == *" chromium "* ]]; then
      echo "A Chromium that is elsewhere than in /usr/bin can be named in SWITCHBOARD_TEST_CHROMIUM." >&2
    fi
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

if [[ " $* " == *" node "* ]] && ! node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)'; then
  echo "Node.js $(node --version) is too old: 20 or newer is needed." >&2
  exit 1
fi
