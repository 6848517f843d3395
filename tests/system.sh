#!/usr/bin/env bash
# Checks that the Debian packages behind checks and tests are installed. Installs the missing ones if it runs as root with
# apt-get; otherwise lists them all and fails. Usage: tests/system.sh [node|python|servers|browser|bench]...
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
    # Runs the vendors' packages that check the tokens, the AsyncAPI parser and the tests of the page.
    node) has node npm || missing+=(nodejs npm) ;;
    # Debian has a separate package for the modules behind virtual environments.
    python) python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv) ;;
    # A real RTC gateway, a real TURN relay, and another broker.
    servers)
      has janus turnserver turnutils_uclient || missing+=(janus coturn)
      # Debian has it where only root looks.
      has mosquitto || [ -x /usr/sbin/mosquitto ] || missing+=(mosquitto)
      ;;
    browser) [ -x "${SWITCHBOARD_TEST_CHROMIUM:-/usr/bin/chromium}" ] || missing+=(chromium) ;;
    # Counts instructions, and makes certificates for the loopback endpoints.
    bench) has valgrind openssl python3 || missing+=(valgrind openssl python3) ;;
    *)
      echo "usage: tests/system.sh [node|python|servers|browser|bench]..." >&2
      exit 2
      ;;
  esac
done

if [ ${#missing[@]} != 0 ]; then
  if [ "$(id -u)" != 0 ] || ! has apt-get; then
    echo "Packages are missing. Install them (Debian: apt-get install ${missing[*]})." >&2
    if [[ " ${missing[*]} " == *" chromium "* ]]; then
      echo "For a Chromium outside of /usr/bin, set SWITCHBOARD_TEST_CHROMIUM to its path." >&2
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
