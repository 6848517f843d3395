#!/usr/bin/env bash
# Runs the browser terminal in a real browser against a laptop stack of its own, and the page's own tests. Needs what
# `make test` builds and installs; the browser it takes from Debian itself. Usage: tests/browser.sh [screenshots]
set -euo pipefail
cd "$(dirname "$0")/.."
chromium=${SWITCHBOARD_TEST_CHROMIUM:-/usr/bin/chromium}

if [ ! -x "$chromium" ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Install Chromium first (Debian: apt-get install chromium), or name one in SWITCHBOARD_TEST_CHROMIUM." >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
fi
if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)'; then
  echo "Node.js $(node --version) is too old: the browser tests need 20 or newer." >&2
  exit 1
fi
if [ ! -d tests/browser/node_modules/playwright-core ]; then
  echo "tests/browser/node_modules is not there: run \`make test\`" >&2
  exit 1
fi

case "${1:-test}" in
  test)
    node --test web/tests/
    node --test tests/browser/main.test.js
    ;;
  screenshots) node tests/browser/screenshots.js ;;
  *)
    echo "usage: tests/browser.sh [screenshots]" >&2
    exit 2
    ;;
esac
