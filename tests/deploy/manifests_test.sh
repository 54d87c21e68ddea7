#!/usr/bin/env bash
# Checks the Kubernetes manifests of deploy/ with kubeconform, Pod Security and the project's own rules.
set -euo pipefail
exec python3 -B tests/deploy/manifests_test.py
