#!/usr/bin/env bash
# Checks the alert rules and the dashboard with promtool, and against the metrics that the binaries expose.
set -euo pipefail
exec python3 -B tests/deploy/monitoring_test.py
