#!/usr/bin/env bash
# Alert rules and dashboard: by promtool, and against what the binaries expose.
set -euo pipefail
exec python3 -B tests/deploy/monitoring_test.py
