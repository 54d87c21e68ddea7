#!/usr/bin/env bash
# Each file holds what a forbidden dependency was found through; none may hold a line. The last one must.
set -euo pipefail
cd gateway/layers
failed=0
for forbidden in pure_reaches http_reaches_upstream upstream_reaches_http gateway_reaches_grpc; do
  if [ -s "$forbidden" ]; then
    echo "$forbidden:"
    cat "$forbidden"
    failed=1
  fi
done
if [ ! -s gateway_reaches_asio ]; then
  echo "the queries find nothing at all"
  failed=1
fi
exit "$failed"
