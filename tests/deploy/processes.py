"""Programs that a test starts, waits for, and stops at its end."""

import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

SECONDS = 60  # per step; generous, for busy machines
GATEWAY, TICKS = "gateway/penstock-gateway", "service/penstock-ticks"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(what, check, otherwise=lambda: "", seconds=SECONDS):
    """Returns the first true result of check(); after `seconds`, raises with the text that otherwise() returns."""
    deadline = time.monotonic() + seconds
    while not (result := check()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not {what} in {seconds} s:\n{otherwise()}")
        time.sleep(0.01)
    return result


class Program:
    """A running program: `self.process`, and its output so far, `self.output()`."""

    def wait_for(self, what, check):
        def unless_ended():
            result = check()
            if not result and self.process.poll() is not None:
                raise AssertionError(f"exited before it was {what}:\n{self.output()}")
            return result

        return wait_for(what, unless_ended, self.output)

    def ready(self, kind):
        """The address of "http", "grpc" or "admin" in the ready line."""
        return self.wait_for("ready", lambda: re.search(rf" ready .*\b{kind}=(\S+)", self.output())).group(1)


class Process(Program):
    """A program that is killed at the end of `test`: a test case, or a test class for all of its cases. Its output is
    shown on failure."""

    def __init__(self, test, *command):
        self.log = tempfile.NamedTemporaryFile("w+", dir=os.environ["TEST_TMPDIR"])
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        (test.addClassCleanup if isinstance(test, type) else test.addCleanup)(self.end)

    def end(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def output(self):
        with open(self.log.name, encoding="utf-8") as file:
            return file.read()

    def listens(self, port):
        def connects():
            with socket.socket() as client:
                return client.connect_ex(("127.0.0.1", port)) == 0

        self.wait_for(f"listening on port {port}", connects)

    def metrics(self):
        with urllib.request.urlopen(f"http://{self.ready('admin')}/metrics", timeout=SECONDS) as reply:
            return reply.read().decode()


def start_pair(test, *gateway_flags):
    """Starts both; returns (gateway, tick service) once the gateway serves the service's methods."""
    ports = ("--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0")
    ticks = Process(test, TICKS, *ports)
    gateway = Process(test, GATEWAY, *ports, "--upstream=" + ticks.ready("grpc"), *gateway_flags)
    gateway.wait_for("serving", lambda: "serving 1 methods" in gateway.output())
    return gateway, ticks
