#!/usr/bin/env python3
"""Checks text files: UTF-8, line ends, header guards, executable bits.

usage: check_text.py FILE...    from the root of the tree

Prints one line per finding; exits 1 if there is any. Files with a zero byte are binary and skipped.
"""

import os
import re
import sys


def guard_problem(path, text):
    guard = "PENSTOCK_" + re.sub(r"[/.-]", "_", path).upper() + "_"
    if f"\n#ifndef {guard}\n#define {guard}\n" in f"\n{text}" and text.endswith(f"\n#endif  // {guard}\n"):
        return None
    return f"its guard is not {guard}"


def problems(path):
    with open(path, "rb") as file:
        content = file.read()
    if b"\0" in content or not content:
        return
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        yield f"is not UTF-8 ({error})"
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip(" \t\r"):
            yield f"line {number} ends with white space"
        if re.match(r"(<{7}|>{7}) ", line):
            yield f"line {number} is left over from a merge"
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield "does not end with one line feed"
    if text.startswith("#!") != os.access(path, os.X_OK):
        yield "has a #! and cannot be executed, or the reverse"
    if path.endswith(".h"):
        yield guard_problem(path, text)


def main(paths):
    found = [f"{path}: {problem}" for path in paths for problem in problems(path) if problem]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
