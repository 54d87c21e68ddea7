#!/usr/bin/env bash
# conformance_test.sh RUNNER TESTEE DESCRIPTOR_SET FAILURE_LIST: runs protobuf's conformance suite with the gateway's
# transcoder.
#
# Required and recommended cases must pass, except those that the list names with a reason. A listed case that passes
# fails the test too, so that the list cannot become stale. The runner counts a skipped case as neither passed nor
# failed, so the number of cases that ran is checked as well.
set -euo pipefail

runner=$1 testee=$PWD/$2 types=$PWD/$3 failures=$4

# The number of cases of the pinned runner with JSON as input or output, for proto2 and proto3. A new version may have
# more.
least=1378

if without_reason=$(grep -nE '^[^#]*[^#[:space:]][^#]*(#[[:space:]]*)?$' "$failures"); then
  echo "$failures: case without a reason; add one after a #:"$'\n'"$without_reason"
  exit 1
fi

# The runner starts a program without arguments.
program=$TEST_TMPDIR/testee
printf '#!/bin/sh\nexec "%s" "%s"\n' "$testee" "$types" > "$program"
chmod +x "$program"

status=0
"$runner" --enforce_recommended --failure_list "$failures" --output_dir "$TEST_TMPDIR" "$program" \
  > "$TEST_TMPDIR/log" 2>&1 || status=$?

# The runner has two suites and prints a line for each; in the text format suite, all cases are skipped.
summary='^CONFORMANCE SUITE (PASSED|FAILED): ([0-9]+) successes, ([0-9]+) skipped, ([0-9]+) expected failures, ([0-9]+) unexpected failures\.$'
suites=0 passed=0 skipped=0 expected=0 failed=0
while read -r line; do
  [[ $line =~ $summary ]] || continue
  suites=$((suites + 1))
  passed=$((passed + BASH_REMATCH[2])) skipped=$((skipped + BASH_REMATCH[3]))
  expected=$((expected + BASH_REMATCH[4])) failed=$((failed + BASH_REMATCH[5]))
done < "$TEST_TMPDIR/log"

ran=$((passed + expected + failed))
echo "$ran JSON cases ran: $passed passed, $failed failed, $expected failed as listed; $skipped of other formats skipped"
if [ "$status" != 0 ] || [ "$suites" != 2 ] || [ "$failed" != 0 ]; then
  echo "the runner ended with $status after $suites suites:"
  cat "$TEST_TMPDIR/log"
  exit 1
fi
if [ "$ran" -lt "$least" ]; then
  echo "fewer than the $least cases that are known: the testee skips what it should answer"
  exit 1
fi
