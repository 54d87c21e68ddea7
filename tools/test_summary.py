#!/usr/bin/env python3
"""Summarizes the results of Bazel tests: one line per failed suite, then `N passed, N failed`.

usage: test_summary.py TESTLOGS LABEL...

Counts the test cases in each suite's JUnit XML. A suite without XML or without test cases counts as one failure, and so
does every skipped case: a test that did not run proves nothing. Exits with 1 if anything failed.
"""

import os
import sys
import xml.etree.ElementTree as ElementTree


def cases(path):
    """Returns (passed, failed, skipped) of one JUnit file."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            failed += 1
        elif "skipped" in kinds or case.get("status") == "notrun" or case.get("result") in ("skipped", "suppressed"):
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main(testlogs, labels):
    passed = failed = 0
    for label in labels:
        package, name = label.removeprefix("//").split(":")
        folder = os.path.join(testlogs, package, name)
        try:
            good, bad, skipped = cases(os.path.join(folder, "test.xml"))
        except (OSError, ElementTree.ParseError) as error:
            print(f"{label}: no test result ({error})")
            failed += 1
            continue
        if skipped:
            print(f"{label}: {skipped} skipped")
        if good + bad + skipped == 0:
            print(f"{label}: no test case ran")
            bad = 1
        if bad:
            print(f"{label}: {bad} failed, see {os.path.join(folder, 'test.log')}")
        passed += good
        failed += bad + skipped
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
