#!/usr/bin/env python3
"""tools/check_docs.py and tools/check_text.py find what they are for, and nothing in a tree without a fault."""

import os
import subprocess
import sys
import tempfile
import unittest

TOOLS = os.path.realpath("tools")
GUARDED = "#ifndef PENSTOCK_GATEWAY_A_H_\n#define PENSTOCK_GATEWAY_A_H_\n#endif  // PENSTOCK_GATEWAY_A_H_\n"


class Checks(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = scratch.name
        self.write("gateway/a.h", GUARDED)
        self.write("docs/guide.md", "# The guide: part 1\n")

    def write(self, path, text, mode=0o644):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)

    def findings(self, script, *paths):
        done = subprocess.run(
            [sys.executable, f"{TOOLS}/{script}", *paths], cwd=self.root, capture_output=True, text=True, check=False
        )
        self.assertEqual((done.stderr, done.returncode), ("", 1 if done.stdout.strip() else 0))
        return done.stdout.split("\n")[:-1] if done.stdout.strip() else []

    def of_document(self, text):
        self.write("README.md", text)
        return [line.removeprefix("README.md: ") for line in self.findings("check_docs.py", "README.md")]

    def of_text(self, path, text, mode=0o644):
        self.write(path, text, mode)
        return [line.removeprefix(f"{path}: ") for line in self.findings("check_text.py", path)]

    def test_documents_that_are_right(self):
        for text in [
            "[a](docs/guide.md), [b](docs/guide.md#the-guide-part-1), [c](#here), [d](https://a.example/)\n\n## Here\n",
            "**gateway/a** and `gateway/a.h` in `gateway/`, `//gateway:a`, `//gateway/...`",
            "a word in capitals stands for a name: `docs/NAME.txt`, `docs/NAME/x`, `docs/NAME`",
            "not of this tree: `dns:///ticks:50051`, http://localhost:8080, `/v1/a.h`, `lib/b.h`",
            "```\n[x](nowhere.md)\n```\n",
        ]:
            with self.subTest(text):
                self.assertEqual(self.of_document(text), [])

    def test_documents_that_name_what_is_gone(self):
        for text, finding in [
            ("[a](docs/gone.md)", "docs/gone.md: no such file"),
            ("[a](docs/guide.md#gone)", "docs/guide.md#gone: no such heading"),
            ("[a](#gone)\n\n```\n# Gone\n```\n", "#gone: no such heading"),
            ("**gateway/b**", "gateway/b: no such file"),
            ("`gateway/b.cc`", "gateway/b.cc: no such file"),
            ("`docs/GONE.md`", "docs/GONE.md: no such file"),
            ("`bazel test //gone/...`", "//gone: no such package"),
            ("`//gateway/gone:a`", "//gateway/gone: no such package"),
        ]:
            with self.subTest(text):
                self.assertEqual(self.of_document(text), [finding])

    def test_text_that_is_right(self):
        self.assertEqual(self.findings("check_text.py", "gateway/a.h", "docs/guide.md"), [])
        self.assertEqual(self.of_text("picture", b"\x89PNG\0 \n"), [], "binary")
        self.assertEqual(self.of_text("empty", ""), [])
        self.assertEqual(self.of_text("script", "#!/bin/sh\n", 0o755), [])

    def test_text_with_a_fault(self):
        executable = "has a #! and cannot be executed, or the reverse"
        for path, text, mode, finding in [
            ("a", "x \ny\n", 0o644, "line 1 ends with white space"),
            ("a", "x\ny\r\n", 0o644, "line 2 ends with white space"),
            ("a", "x", 0o644, "does not end with one line feed"),
            ("a", "x\n\n", 0o644, "does not end with one line feed"),
            ("a", "<<<<<<< HEAD\n", 0o644, "line 1 is left over from a merge"),
            ("a", "#!/bin/sh\n", 0o644, executable),
            ("a", "x\n", 0o755, executable),
            ("gateway/b.h", GUARDED, 0o644, "its guard is not PENSTOCK_GATEWAY_B_H_"),
            ("gateway/a.h", GUARDED.replace("#define", "#undef"), 0o644, "its guard is not PENSTOCK_GATEWAY_A_H_"),
        ]:
            with self.subTest(text):
                self.assertEqual(self.of_text(path, text, mode), [finding])
        [finding] = self.of_text("a", b"\xff\n")
        self.assertIn("is not UTF-8", finding)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
