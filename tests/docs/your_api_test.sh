#!/usr/bin/env bash
# Runs the commands of docs/your-api.md, as a reader would paste them.
set -euo pipefail
PATH=$PWD/gateway:$PWD/service:$PATH exec python3 tests/docs/run_console.py docs/your-api.md
