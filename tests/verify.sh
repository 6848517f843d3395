#!/usr/bin/env bash
# Checks join tokens with the vendors' own packages: the published vectors, then newly made joins. Also checks that no
# token is made from invalid settings. Requires Node.
set -euo pipefail
cd "$(dirname "$0")/.."

verify=tests/verify
vectors=tests/vectors/rtc-tokens.json
mint=target/debug/examples/mint

# Fetch the packages only when their list has changed.
if [ ! "$verify/node_modules/.package-lock.json" -nt "$verify/package-lock.json" ]; then
  npm ci --prefix "$verify" --ignore-scripts --no-audit --no-fund --loglevel=error
fi
cargo build --locked --workspace --examples --quiet

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$mint" <"$vectors" >"$scratch/tokens.json"
node "$verify/check_all.js" "$vectors" "$scratch/tokens.json"

node "$verify/join_requests.js" >"$scratch/requests.json"
"$mint" <"$scratch/requests.json" >"$scratch/joins.json"
node "$verify/check_joins.js" "$scratch/requests.json" "$scratch/joins.json"

node "$verify/check_refusals.js" "$mint"
