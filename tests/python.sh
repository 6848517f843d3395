#!/usr/bin/env bash
# Makes a virtual environment with pinned packages. Usage: tests/python.sh ENVIRONMENT REQUIREMENTS; the file
# ENVIRONMENT/ready is written when everything is there.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=$1 requirements=$2

# Debian keeps the module that makes environments in a package of its own.
if ! python3 -m venv --clear "$environment"; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Install Python 3 with its venv module first (Debian: apt-get install python3-venv)." >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv
  python3 -m venv --clear "$environment"
fi
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
touch "$environment/ready"
