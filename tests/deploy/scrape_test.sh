#!/usr/bin/env bash
# Rules and dashboard in a real Prometheus that scrapes a running gateway and tick service.
set -euo pipefail
exec python3 -B tests/deploy/scrape_test.py
