#!/usr/bin/env bash
# Runs nginx and Envoy with the configurations of docs/operating.md.
#
#   bazel test //tests/deploy:proxies_test                                               # timeouts divided by 12
#   bazel test //tests/deploy:proxies_test --test_env=PENSTOCK_UNSHORTENED=1 --test_timeout=600   # as in the document
set -euo pipefail
exec python3 -B tests/deploy/proxies_test.py
