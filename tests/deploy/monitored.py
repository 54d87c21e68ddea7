"""A gateway and a tick service under load, and a real Prometheus with the monitoring component's alert rules."""

import itertools
import json
import os
import tempfile
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request

import yaml

import manifests
from processes import SECONDS, Process, free_port, start_pair, wait_for

# Labels as the operator's scrapes set them, but much shorter intervals, so that there are rates within seconds.
NAMESPACE = "n"
SCRAPE_INTERVAL, RATE_INTERVAL = "250ms", "3s"


def post(address, path, body):
    request = urllib.request.Request(f"http://{address}{path}", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as reply:
            return reply.read()
    except urllib.error.HTTPError as error:
        return error.read()


class Load:
    """One long stream and, meanwhile, short streams, bad requests and unknown paths, until the end of the test."""

    def __init__(self, test, address):
        self.address = address
        self.over = threading.Event()
        self.threads = [threading.Thread(target=work) for work in (self.stream, self.short_ones)]
        test.addClassCleanup(self.end)
        for thread in self.threads:
            thread.start()

    def stream(self):
        request = urllib.request.Request(f"http://{self.address}/v1/ticks:subscribe", b'{"interval":"0.02s"}',
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=SECONDS) as reply:
            while not self.over.is_set() and reply.readline():
                pass

    def short_ones(self):
        for number in itertools.count():
            if self.over.wait(0.02):
                return
            post(self.address, "/v1/ticks:subscribe", {"count": 2, "interval": "0.01s"})
            post(self.address, "/nowhere", {})
            # Well below the alerts' threshold of one in twenty.
            if number % 30 == 0:
                post(self.address, "/v1/ticks:subscribe", {"interval": "-1s"})

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


class Prometheus(Process):
    def __init__(self, test, jobs, groups):
        folder = tempfile.mkdtemp(dir=os.environ["TEST_TMPDIR"])
        config = {
            "global": {"scrape_interval": SCRAPE_INTERVAL, "scrape_timeout": SCRAPE_INTERVAL,
                       "evaluation_interval": SCRAPE_INTERVAL},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [
                {"job_name": job, "static_configs": [
                    {"targets": [address], "labels": {"namespace": NAMESPACE, "pod": job + "-0"}}]}
                for job, address in jobs.items()],
        }
        for name, content in (("prometheus.yaml", config), ("rules.yaml", {"groups": groups})):
            with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                yaml.safe_dump(content, file)
        self.port = free_port()
        super().__init__(test, manifests.tool_folder("prometheus") + "/usr/bin/prometheus",
                         f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/data",
                         f"--web.listen-address=127.0.0.1:{self.port}")
        self.wait_for("ready", self.is_ready)

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=SECONDS) as reply:
                return reply.status == 200
        except urllib.error.URLError:  # not listening yet, or 503 while starting
            return False

    def ask(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=SECONDS) as reply:
            return json.load(reply)["data"]

    def values(self, expression):
        """Evaluates the expression now; maps label sets to numbers."""
        return {tuple(sorted(sample["metric"].items())): float(sample["value"][1])
                for sample in self.ask("query", query=expression)["result"]}

    def alerts(self):
        return {alert["labels"]["alertname"] for alert in self.ask("alerts")["alerts"]}


class MonitoredTest(unittest.TestCase):
    """Provides cls.gateway, cls.ticks, cls.prometheus and cls.dashboard to all of its cases."""

    @classmethod
    def setUpClass(cls):
        objects = manifests.objects(manifests.render(manifests.OVERLAYS["prod"]))
        cls.dashboard = manifests.dashboard(objects)
        cls.gateway, cls.ticks = start_pair(cls)
        Load(cls, cls.gateway.ready("http"))
        cls.prometheus = Prometheus(
            cls, {"penstock-gateway": cls.gateway.ready("admin"), "penstock-ticks": cls.ticks.ready("admin")},
            manifests.alert_groups(objects))
        wait_for("scraped", lambda: sum(cls.prometheus.values("up").values()) == 2, cls.prometheus.output)
