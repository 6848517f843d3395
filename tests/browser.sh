#!/usr/bin/env bash
# Runs the unit tests of the browser terminal, then its scenes in a real browser against a laptop stack of their own; with
# `screenshots`, takes the pictures of the README instead. Requires the programs that `make test` builds and installs.
# Usage: tests/browser.sh [screenshots]
set -euo pipefail
cd "$(dirname "$0")/.."

tests/system.sh node browser servers
if [ ! -d tests/browser/node_modules/playwright-core ]; then
  echo "tests/browser/node_modules is missing: run \`make test\`" >&2
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
