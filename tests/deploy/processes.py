"""Programs that a test runs beside it, waits for, and that end with it."""

import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

SECONDS = 60  # for one step: generous, a loaded machine is no fault
GATEWAY, TICKS = "gateway/penstock-gateway", "service/penstock-ticks"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(what, check, otherwise=lambda: "", seconds=SECONDS):
    """The first result of check() that is true; `otherwise` says more about it if none comes in time."""
    deadline = time.monotonic() + seconds
    while not (result := check()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not {what} in {seconds} s:\n{otherwise()}")
        time.sleep(0.01)
    return result


class Program:
    """One that runs as `self.process` and has printed `self.words()`."""

    def wait_for(self, what, check):
        def unless_ended():
            result = check()
            if not result and self.process.poll() is not None:
                raise AssertionError(f"it ended by itself, and was not {what}:\n{self.words()}")
            return result

        return wait_for(what, unless_ended, self.words)

    def ready(self, kind):
        """The address that the ready line has for "http", "grpc" or "admin"."""
        return self.wait_for("ready", lambda: re.search(rf" ready .*\b{kind}=(\S+)", self.words())).group(1)


class Process(Program):
    """A program that ends with `test`, a test case or, for all of its cases, a class of them; what it prints is shown
    where it fails."""

    def __init__(self, test, *command):
        self.log = tempfile.NamedTemporaryFile("w+", dir=os.environ["TEST_TMPDIR"])
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        (test.addClassCleanup if isinstance(test, type) else test.addCleanup)(self.end)

    def end(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def words(self):
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
    """(gateway, tick service), the gateway serving the service's methods."""
    ports = ("--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0")
    ticks = Process(test, TICKS, *ports)
    gateway = Process(test, GATEWAY, *ports, "--upstream=" + ticks.ready("grpc"), *gateway_flags)
    gateway.wait_for("serving", lambda: "serving 1 methods" in gateway.words())
    return gateway, ticks
