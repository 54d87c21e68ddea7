#!/usr/bin/env bash
# deploy/Dockerfile and deploy/collect_libraries.sh, by buildah and runc.
set -euo pipefail
exec python3 -B tests/deploy/image_test.py
