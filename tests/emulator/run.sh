#!/usr/bin/env bash
# Deploys the template on ministack, an independent emulator of AWS, and plays events through the deployed functions
# (docs/emulator.md). The emulator accepts connections from any address, so everything runs in a network namespace with
# loopback only. Requires the binaries of `make build`, or PACKAGES: a folder with the zips of `make package` for the
# processor of this machine. SAM is the command of .venv-check or .venv-deploy.
# Usage: tests/emulator/run.sh ENVIRONMENT SAM [PACKAGES]
set -euo pipefail
cd "$(dirname "$0")/../.."
environment=$1 sam=$2 packages=${3:-}
port=4566
url=http://127.0.0.1:$port

if [ "${4:-}" != --inside ]; then
  enter=(unshare --net)
  [ "$(id -u)" = 0 ] || enter=(unshare --map-root-user --net)
  if ! "${enter[@]}" true; then
    {
      echo "############################################################################"
      echo "## SKIPPED: the deployment on an emulator."
      echo "## \`${enter[*]}\` cannot make a network namespace on this machine,"
      echo "## and outside of one the network could reach the emulator."
      echo "############################################################################"
    } >&2
    exit 0
  fi
  exec "${enter[@]}" "$0" "$environment" "$sam" "$packages" --inside
fi

# Loopback is down in a new namespace, and `ip` may be missing: set it up by SIOCSIFFLAGS with IFF_UP.
"$environment/bin/python" - <<'PYTHON'
import fcntl, socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh22x", b"lo", 1))
PYTHON

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
