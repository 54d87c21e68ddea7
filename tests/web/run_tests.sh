#!/usr/bin/env bash
# Runs one suite of JavaScript: run_tests.sh NODE NODE_MODULES vitest|types FOLDER FILE...
#
# The files are copied, because Node and Vite resolve a module from where its file really is, and the packages lie
# beside none of Bazel's links. Writes JUnit XML where Bazel asks for it.
set -euo pipefail
node=$PWD/$1
modules=$(readlink -f "$2")
suite=$3
folder=$4
shift 4
# Binaries that a suite runs.
for binary in GATEWAY SERVICE; do
  [ -z "${!binary:-}" ] || export "$binary=$PWD/${!binary}"
done
# Chromium writes to its home and binds a socket among its temporary files, whose path Bazel's folder makes too long.
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
    # The copy has no configuration file: all there is to configure is here.
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
