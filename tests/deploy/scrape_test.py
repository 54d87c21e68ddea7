"""A real Prometheus scrapes a running gateway and tick service under load, by the monitoring component's rules and for
its dashboard: every panel shows something, no alert is raised while all is well, and those that should be are when the
service is gone."""

import itertools
import json
import math
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

# As the operator's scrapes name pods, and much more often, so that a rate is there in seconds.
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
    """A stream that goes on, and beside it short ones, bad requests and unknown paths, until the end."""

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
            # Far from what an alert is for: one in twenty.
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
        except urllib.error.URLError:  # it does not listen yet, or answers 503 while it starts
            return False

    def ask(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=SECONDS) as reply:
            return json.load(reply)["data"]

    def values(self, expression):
        """label set → number, now."""
        return {tuple(sorted(sample["metric"].items())): float(sample["value"][1])
                for sample in self.ask("query", query=expression)["result"]}

    def alerts(self):
        return {alert["labels"]["alertname"] for alert in self.ask("alerts")["alerts"]}


class ScrapeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        objects = manifests.objects(manifests.render(manifests.OVERLAYS["prod"]))
        cls.dashboard = manifests.dashboard(objects)
        cls.gateway, cls.ticks = start_pair(cls)
        Load(cls, cls.gateway.ready("http"))
        cls.prometheus = Prometheus(
            cls, {"penstock-gateway": cls.gateway.ready("admin"), "penstock-ticks": cls.ticks.ready("admin")},
            manifests.alert_groups(objects))
        wait_for("scraped", lambda: sum(cls.prometheus.values("up").values()) == 2, cls.prometheus.words)

    def test_1_every_panel_shows_something(self):
        for panel in self.dashboard["panels"]:
            for target in panel["targets"]:
                expression = target["expr"].replace("$__rate_interval", RATE_INTERVAL).replace("$namespace", NAMESPACE)

                def shown():
                    values = self.prometheus.values(expression).values()
                    return [value for value in values if math.isfinite(value)]

                with self.subTest(panel=panel["title"], target=target["refId"]):
                    wait_for(f"a value of {expression}", shown, self.gateway.metrics)

    def test_2_the_figures_are_those_of_the_load(self):
        def rate(metric):
            return f'sum(rate({metric}[{RATE_INTERVAL}]))'

        # 50 records a second of the long stream, and the short ones.
        wait_for("the rate of records", lambda: self.prometheus.values(
            f"{rate('penstock_records_sent_total')} > 40 and {rate('grpc_server_msg_sent_total')} > 40"))
        wait_for("the refused", lambda: self.prometheus.values(
            rate('http_server_request_duration_seconds_count{status="404",route=""}') + " > 0 and " +
            rate('grpc_server_handled_total{grpc_code="InvalidArgument"}') + " > 0"))

    def test_3_all_is_well(self):
        groups = self.prometheus.ask("rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        self.assertGreater(len(rules), 5)
        wait_for("evaluated", lambda: all(rule["health"] == "ok" for group in self.prometheus.ask("rules")["groups"]
                                          for rule in group["rules"]), lambda: rules)
        # What is absent before the first scrape is pending for a moment.
        wait_for("quiet", lambda: not self.prometheus.alerts(), self.prometheus.alerts)

    def test_4_the_service_goes_and_two_alerts_are_pending(self):
        self.ticks.process.kill()
        wait_for("pending", lambda: {"PenstockDown", "PenstockNotReady"} <= self.prometheus.alerts(),
                 self.prometheus.alerts)


if __name__ == "__main__":
    unittest.main(verbosity=2)
