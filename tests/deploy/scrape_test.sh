#!/usr/bin/env bash
# Runs a real Prometheus with the alert rules and the dashboard's queries against a running gateway and tick service.
set -euo pipefail
exec python3 -B tests/deploy/scrape_test.py
