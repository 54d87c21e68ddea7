#!/usr/bin/env bash
# The Kubernetes manifests of deploy/, by the tools that clusters and their owners use, and by rules of our own.
set -euo pipefail
exec python3 -B tests/deploy/manifests_test.py
