"""Runs the ```console blocks of a document in one shell and compares their output with the document.

    run_console.py docs/your-api.md

A line that begins with "$ " is a command, including its here-document; the lines up to the next command are its output.
"…" in the output matches any text, across lines too. Ports are replaced by free ones; nothing else is changed. The last
line is "N passed, N failed", and the exit code is 1 if any failed. Processes that the commands started are killed with
the shell.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile

SECONDS = 60  # per command; generous, for busy machines


def blocks(text):
    return re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S)


def steps(block):
    """(command, expected output) of one block."""
    result = []
    heredoc = None
    for line in block.splitlines():
        if heredoc is not None:
            result[-1][0].append(line)
            heredoc = None if line == heredoc else heredoc
        elif line.startswith("$ "):
            result.append(([line[2:]], []))
            found = re.search(r"<<'(\w+)'", line)
            heredoc = found.group(1) if found else None
        elif result:
            result[-1][1].append(line)
        else:
            sys.exit("a console block begins with output: " + line)
    return [("\n".join(command), "\n".join(output)) for command, output in result]


def free_ports(text):
    """A free port for each that the document names."""
    ports, held = {}, []
    for port in sorted(set(re.findall(r"127\.0\.0\.1:(\d+)", text))):
        held.append(socket.socket())
        held[-1].bind(("127.0.0.1", 0))
        ports[port] = str(held[-1].getsockname()[1])
    for one in held:
        one.close()
    return ports


class Shell:
    """bash, one command at a time; in a session of its own, so that nothing outlives it."""

    MARK = "__the_command_has_ended__"

    def __init__(self):
        self.process = subprocess.Popen(
            ["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True)

    def run(self, command):
        # The mark has a line of its own, even behind output that ends in none.
        self.process.stdin.write(command + "\necho; echo " + self.MARK + "\n")
        self.process.stdin.flush()
        lines = []
        signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"no end after {SECONDS} s: {command}\n" + "\n".join(lines)))
        signal.alarm(SECONDS)
        for line in self.process.stdout:
            if line.strip() == self.MARK:
                break
            lines.append(line.rstrip("\n"))
        signal.alarm(0)
        return "\n".join(lines).rstrip("\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def matches(expected, printed):
    pattern = ".*".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, printed, re.S) is not None


def main(path):
    text = open(path, encoding="utf-8").read()
    for port, free in free_ports(text).items():
        text = text.replace("127.0.0.1:" + port, "127.0.0.1:" + free)
    # The commands find the project's folders, and leave nothing in them.
    start = os.getcwd()
    os.chdir(tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR")))
    for name in ("proto", "tools"):
        os.symlink(os.path.join(start, name), name)
    passed = failed = 0
    with Shell() as shell:
        for command, expected in [step for block in blocks(text) for step in steps(block)]:
            printed = shell.run(command)
            if matches(expected, printed):
                passed += 1
                continue
            failed += 1
            print(f"$ {command}\n  the document says:\n{expected}\n  it printed:\n{printed}\n")
            for log in sorted(name for name in os.listdir() if name.endswith(".log")):
                print(f"  the end of {log}:\n" + "".join(open(log).readlines()[-5:]))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main(sys.argv[1])
