"""Streams through nginx and Envoy, with the configurations of docs/operating.md.

Two minutes pass between two ticks. SHORTEN divides all times, that pause, the heartbeat interval and the timeouts in
the configurations, so that their ratios are those of the document. Without heartbeats each proxy must abort the same
stream; otherwise the test would prove nothing.
"""

import os
import re
import subprocess
import tempfile
import threading
import time
import unittest

import manifests
from processes import SECONDS, Process, free_port, start_pair

SHORTEN = 1 if os.environ.get("PENSTOCK_UNSHORTENED") else 12
SILENCE = 120 / SHORTEN
HEARTBEAT = 15 / SHORTEN


def recipe(language):
    with open("docs/operating.md", encoding="utf-8") as file:
        (block,) = re.findall(rf"^```{language}\n(.*?)^```$", file.read(), re.M | re.S)
    return block


def shortened(text, times):
    """The configuration with each timeout in `times` divided; each must occur once, in whole seconds."""
    for name in times:
        text, count = re.subn(rf"({name}:? )(\d+)s", lambda found: f"{found[1]}{int(found[2]) // SHORTEN}s", text)
        assert count == 1, f"{name} is {count} times in the recipe"
    return text


def milliseconds(seconds):
    return f"{round(seconds * 1000)}ms"


def nginx(test, gateway):
    port = free_port()
    scratch = tempfile.mkdtemp(dir=os.environ["TEST_TMPDIR"])
    text = shortened(recipe("nginx"), ["proxy_read_timeout"])
    text = text.replace("127.0.0.1:8080", gateway).replace("127.0.0.1:8000", f"127.0.0.1:{port}")
    folders = "".join(f"{kind}_temp_path {scratch}/{kind};\n"
                      for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    # As root, nginx would switch to a user that cannot write to this folder.
    user = "user root;\n" if os.geteuid() == 0 else ""
    with open(f"{scratch}/nginx.conf", "w", encoding="utf-8") as file:
        file.write(f"{user}daemon off;\nmaster_process off;\npid {scratch}/pid;\nerror_log stderr;\n"
                   f"events {{}}\nhttp {{\naccess_log off;\n{folders}{text}}}\n")
    process = Process(test, manifests.tool_folder("nginx") + "/usr/sbin/nginx", "-e", "stderr", "-p", scratch,
                      "-c", f"{scratch}/nginx.conf")
    process.listens(port)
    return port


def envoy(test, gateway):
    port = free_port()
    host, gateway_port = gateway.split(":")
    assert host == "127.0.0.1"
    text = shortened(recipe("yaml"), ["stream_idle_timeout"])
    text = text.replace("port_value: 8080", f"port_value: {gateway_port}")
    text = text.replace("port_value: 8000", f"port_value: {port}")
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", dir=os.environ["TEST_TMPDIR"], delete=False) as file:
        file.write(text)
    process = Process(test, manifests.tool_folder("envoy") + "/bin/envoy", "--config-path", file.name,
                      "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning")
    process.listens(port)
    return port


class ProxiesTest(unittest.TestCase):
    def start(self, heartbeat):
        self.gateway, _ = start_pair(self, "--heartbeat=" + heartbeat)
        return self.gateway.ready("http")

    def stream(self, port):
        """Streams two ticks with a pause between; (curl's exit code, its output, when each piece arrived)."""
        client = subprocess.Popen(
            ["curl", "--silent", "--show-error", "--no-buffer", "--fail", "--json",
             f'{{"message":"hello","count":2,"interval":"{SILENCE}s"}}', f"http://127.0.0.1:{port}/v1/ticks:subscribe"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        watchdog = threading.Timer(SILENCE + SECONDS, client.kill)
        watchdog.start()
        start, received, times = time.monotonic(), b"", []
        while piece := os.read(client.stdout.fileno(), 65536):
            received += piece
            times.append(time.monotonic() - start)
        watchdog.cancel()
        client.stdout.close()
        return client.wait(), received.decode(), times

    def lives(self, proxy):
        status, received, times = self.stream(proxy(self, self.start(milliseconds(HEARTBEAT))))
        self.assertEqual(status, 0, received)
        lines = received.splitlines()
        self.assertIn('"sequence":"1"', lines[0])
        self.assertIn('"sequence":"2"', lines[1])
        self.assertEqual(lines[2], '{"end":{"code":0}}')
        # Each heartbeat is a space before the next record, and arrived when it was sent: nothing was buffered.
        heartbeats = len(lines[1]) - len(lines[1].lstrip(" "))
        self.assertGreaterEqual(heartbeats, SILENCE / HEARTBEAT / 2)
        self.assertLess(times[0], SILENCE / 2)
        self.assertGreaterEqual(len(times), heartbeats / 2)

    def is_aborted_without_heartbeats(self, proxy):
        status, received, _ = self.stream(proxy(self, self.start("none")))
        self.assertNotEqual(status, 0, received)
        self.assertIn('"sequence":"1"', received)
        self.assertNotIn('"sequence":"2"', received)
        self.assertNotIn('{"end"', received)

    def test_silence_through_nginx(self):
        self.lives(nginx)

    def test_silence_through_envoy(self):
        self.lives(envoy)

    def test_nginx_aborts_without_heartbeats(self):
        self.is_aborted_without_heartbeats(nginx)

    def test_envoy_aborts_without_heartbeats(self):
        self.is_aborted_without_heartbeats(envoy)

    def ends_when_the_client_leaves(self, proxy):
        port = proxy(self, self.start(milliseconds(HEARTBEAT)))
        client = subprocess.Popen(
            ["curl", "--silent", "--no-buffer", "--json", '{"message":"hello","interval":"0.05s"}',
             f"http://127.0.0.1:{port}/v1/ticks:subscribe"], stdout=subprocess.PIPE)
        self.addCleanup(client.kill)
        self.assertIn(b'"sequence":"1"', client.stdout.readline())
        client.kill()
        client.communicate()
        self.gateway.wait_for("notified that the client is gone",
                              lambda: '"end_reason":"client_gone"' in self.gateway.output())

    def test_client_that_leaves_nginx(self):
        self.ends_when_the_client_leaves(nginx)

    def test_client_that_leaves_envoy(self):
        self.ends_when_the_client_leaves(envoy)


if __name__ == "__main__":
    unittest.main(verbosity=2)
