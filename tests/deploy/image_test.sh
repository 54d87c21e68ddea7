#!/usr/bin/env bash
# Tests deploy/Dockerfile and deploy/collect_libraries.sh with buildah and runc.
set -euo pipefail
exec python3 -B tests/deploy/image_test.py
