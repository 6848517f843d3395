#!/usr/bin/env bash
# Makes a virtual environment with pinned packages, then writes the file ENVIRONMENT/ready.
# Usage: tests/python.sh ENVIRONMENT REQUIREMENTS
set -euo pipefail
cd "$(dirname "$0")/.."
environment=$1 requirements=$2

python3 -m venv --clear "$environment"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
touch "$environment/ready"
