#!/usr/bin/env bash
# Runs the browser terminal in a real browser against a laptop stack of its own, and the page's own tests. Needs what
# `make test` builds and installs. Usage: tests/browser.sh [screenshots]
set -euo pipefail
cd "$(dirname "$0")/.."

tests/system.sh node browser
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
