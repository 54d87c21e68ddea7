#!/usr/bin/env bash
# docs/operating.md's recipes for nginx and Envoy, by the real proxies.
#
#   bazel test //tests/deploy:proxies_test                                              # times shortened, in seconds
#   bazel test //tests/deploy:proxies_test --test_env=PENSTOCK_UNSHORTENED=1 --test_timeout=600   # as in the document
set -euo pipefail
exec python3 -B tests/deploy/proxies_test.py
