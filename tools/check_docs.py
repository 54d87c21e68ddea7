#!/usr/bin/env python3
"""Checks references from Markdown files to the tree: links, anchors, paths and Bazel packages exist.

usage: check_docs.py FILE...    from the root of the tree

A path is `code` or **bold** text that begins with one of the tree's folders. A module may be named without its
extension (**gateway/http/acceptor**); a word in capitals is a placeholder (`tests/fuzz/corpus/TARGET.tar`). Prints one
line per finding; exits 1 if there is any.
"""

import os
import re
import sys

EXTENSIONS = ["", ".h", ".cc", ".js", ".py"]
FOLDERS = sorted(name for name in os.listdir() if os.path.isdir(name) and not name.startswith((".git", "bazel-")))
PATH = re.compile(rf"(?:\*\*|`)((?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*)(?:\*\*|`)")
LABEL = re.compile(r"(?<![:/\w])//([a-z][\w/-]*)(?::[\w.-]+|/\.\.\.)")
PLACEHOLDER = re.compile(r"/[A-Z]+(\.(?!md\b)|/|$)")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(text):
    """The anchors that GitHub gives the headings."""
    headings = re.findall(r"^#+ +(.*?) *$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def link_problem(document, link):
    if re.match(r"[a-z]+:", link):
        return None
    name, _, anchor = link.partition("#")
    target = os.path.normpath(os.path.join(os.path.dirname(document), name)) if name else document
    if not os.path.exists(target):
        return f"{link}: no such file"
    if anchor and target.endswith(".md") and anchor not in anchors(read(target)):
        return f"{link}: no such heading"
    return None


def problems(document):
    text = read(document)
    for link in LINK.findall(FENCE.sub("", text)):
        yield link_problem(document, link)
    for path in PATH.findall(text):
        if not PLACEHOLDER.search(path) and not any(os.path.exists(path + end) for end in EXTENSIONS):
            yield f"{path}: no such file"
    for package in LABEL.findall(text):
        if not os.path.isdir(package):
            yield f"//{package}: no such package"


def main(documents):
    found = [f"{document}: {problem}" for document in documents for problem in problems(document) if problem]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
