#!/usr/bin/env bash
# build_go_gateway OUTPUT MAIN PACKAGE:ROOT:FILE...: called by tools/bazel/go_gateway.bzl in Bazel's execution root.
# Compiles a Go module from gateway/reference, MAIN and the code that protoc generates from the FILEs.
set -euo pipefail

root=$PWD
output=$root/$1 main=$2
shift 2
go=$(cat external/go/FOLDER)/go/bin/go modules=$(cat external/go_modules/FOLDER)
work=$output.build
mkdir -p "$work/module"
trap 'rm -rf "$work"' EXIT

cp -L gateway/reference/go.mod gateway/reference/go.sum "$main" "$work/module"
mkdir "$work/module/serve"
cp -L gateway/reference/serve/*.go "$work/module/serve"

import_path=(-Iexternal/googleapis -I/usr/include) files=() options=module=penstock/reference
for proto in "$@"; do
  IFS=: read -r package import_root file <<< "$proto"
  import_path=("-I$import_root" "${import_path[@]}")
  files+=("$import_root/$file")
  options+=,M$file=penstock/reference/$package
done
outputs=()
for plugin in go go-grpc grpc-gateway; do
  outputs+=("--plugin=protoc-gen-$plugin=$modules/bin/protoc-gen-$plugin" "--${plugin}_out=$options:$work/module")
done
protoc "${import_path[@]}" "${outputs[@]}" "${files[@]}"

# Everything that is not generated was compiled when the modules were fetched. That cache is read-only here, so new
# entries go to a folder with symbolic links to its entries.
cp -rs "$modules/cache" "$work/cache"
export GOMODCACHE=$modules/mod GOCACHE=$work/cache GOPATH=$work/path GOTMPDIR=$work GOENV=off GOTOOLCHAIN=local
export CGO_ENABLED=0 GOPROXY=off GOFLAGS='-mod=readonly -trimpath -buildvcs=false -modcacherw'
(cd "$work/module" && "$go" build -ldflags='-s -w' -o "$output" .)
