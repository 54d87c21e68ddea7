#!/usr/bin/env bash
# Runs a JavaScript test suite: run_tests.sh NODE NODE_MODULES vitest|types FOLDER FILE...
#
# Copies the files next to node_modules: Node and Vite resolve packages from the real path of a file, not from Bazel's
# symbolic links. Writes JUnit XML to $XML_OUTPUT_FILE.
set -euo pipefail
node=$PWD/$1
modules=$(readlink -f "$2")
suite=$3
folder=$4
shift 4
# The binaries that a suite runs, as absolute paths.
for binary in GATEWAY SERVICE; do
  [ -z "${!binary:-}" ] || export "$binary=$PWD/${!binary}"
done
# Chromium writes to $HOME and creates a socket in $TMPDIR: the path of Bazel's folder is too long for a socket.
scratch=$(mktemp -d /tmp/penstock-web.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
export HOME=$scratch TMPDIR=$scratch

root=$TEST_TMPDIR/root
mkdir -p "$root/$folder"
cp -L --parents "$@" "$root"
ln -s "$modules" "$root/node_modules"
cd "$root/$folder"

case $suite in
  vitest)
    # The copy contains no configuration file: all options are here.
    "$node" "$modules/vitest/vitest.mjs" run --root . --testTimeout=120000 --hookTimeout=60000 \
      --reporter=default --reporter=junit --outputFile.junit="${XML_OUTPUT_FILE:-$TEST_TMPDIR/junit.xml}"
    ;;
  types)
    shopt -s nullglob
    for project in tsconfig*.json */tsconfig*.json; do
      "$node" "$modules/typescript/bin/tsc" -p "$project"
    done
    ;;
esac
