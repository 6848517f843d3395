#!/usr/bin/env bash
# Deploys the template on ministack, an independent emulator of AWS, and plays events through the deployed functions
# (docs/emulator.md), in a network namespace with loopback only. Requires the binaries of `make build`, or PACKAGES: a folder
# with the zips of `make package` for the processor of this machine. SAM is the command of .venv-check or .venv-deploy.
# Usage: tests/emulator/run.sh ENVIRONMENT SAM [PACKAGES]
set -euo pipefail
cd "$(dirname "$0")/../.."
environment=$1 sam=$2 packages=${3:-}
port=4566
url=http://127.0.0.1:$port

source tests/loopback.sh
[ "${4:-}" = --inside ] || enter_loopback "the deployment on an emulator" "$0" "$environment" "$sam" "$packages"
raise_loopback "$environment/bin/python"

scratch=$(mktemp -d)
# The emulator hands its environment on to the functions. With AUTH it checks each call against the role of the function, and
# each connection to its broker against the policy of the connection.
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 AUTH=true no_proxy='*'
for service in DYNAMODB SQS EVENTBRIDGE SSM; do export "AWS_ENDPOINT_URL_$service=$url"; done
BIND_HOST=127.0.0.1 GATEWAY_PORT=$port TMPDIR=$scratch "$environment/bin/ministack" >"$scratch/log" 2>&1 &
pid=$!
stop() {
  kill "$pid" 2>/dev/null && wait "$pid" || true
  rm -rf "$scratch"
}
trap stop EXIT

answers() {
  "$environment/bin/python" -c 'import sys, urllib.request as web; web.urlopen(sys.argv[1], timeout=10)' \
    "$url/_ministack/health" 2>/dev/null
}
until answers; do
  if ! kill -0 "$pid"; then
    echo "ministack did not start:" >&2
    cat "$scratch/log" >&2
    exit 1
  fi
  sleep 0.1
done

"$environment/bin/python" -B tests/emulator/main.py "$url" "$scratch" "$PWD/$sam" ${packages:+"$packages"} || {
  echo "== the last lines of the emulator's log" >&2
  tail -n 30 "$scratch/log" >&2
  exit 1
}
