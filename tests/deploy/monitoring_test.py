"""The monitoring component: rules that promtool accepts and that fire when they should, and no name of a metric, label
or job, in rules, dashboard or autoscaler, that the binaries do not expose or the scrapes do not set."""

import json
import os
import re
import shutil
import subprocess
import threading
import unittest
import urllib.error
import urllib.request

import yaml

import manifests

SECONDS = 60  # for one step: generous, a loaded machine is no fault
# What the Prometheus operator's scrapes add to a pod's own labels.
TARGET_LABELS = {"instance", "job", "namespace", "pod"}
# Prometheus' own: whether a scrape succeeded.
SYNTHETIC = {"up": set()}
SCRATCH = os.environ["TEST_TMPDIR"]
PROMTOOL = manifests.tool_folder("promtool") + "/usr/bin/promtool"


def prod():
    return manifests.objects(manifests.render(manifests.OVERLAYS["prod"]))


def one(objects, kind, name):
    (found,) = [item for item in objects if item["kind"] == kind and item["metadata"]["name"] == name]
    return found


class Process:
    """A binary that has said that it is ready, until the test ends."""

    def __init__(self, test, *command):
        self.process = subprocess.Popen([*command, "--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        test.addClassCleanup(self.end)
        watchdog = threading.Timer(SECONDS, self.process.kill)
        watchdog.start()
        for line in self.process.stdout:
            found = dict(re.findall(r"\b(http|grpc|admin)=(\S+)", line)) if " ready " in line else {}
            if found:
                self.addresses = found
                break
        watchdog.cancel()
        # Nobody asks for the rest, which must not fill the pipe.
        self.reader = threading.Thread(target=self.process.stdout.read)
        self.reader.start()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()

    def metrics(self):
        with urllib.request.urlopen(f"http://{self.addresses['admin']}/metrics", timeout=SECONDS) as reply:
            return reply.read().decode()


def exposed(text):
    """Metric → the labels of its samples."""
    found = {name: set() for name in re.findall(r"^# TYPE (\S+)", text, re.M)}
    for name, labels in re.findall(r"^([a-z_]+)(?:\{(.*)\})? \S+$", text, re.M):
        found.setdefault(name, set()).update(re.findall(r"(\w+)=", labels))
    return found


class MonitoringTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.objects = prod()
        cls.rules = one(cls.objects, "PrometheusRule", "penstock")["spec"]
        cls.dashboard = json.loads(one(cls.objects, "ConfigMap", "penstock-dashboard")["data"]["penstock.json"])
        ticks = Process(cls, "service/penstock-ticks", "--drain-delay=0s")
        gateway = Process(cls, "gateway/penstock-gateway", "--upstream=" + ticks.addresses["grpc"])
        cls.gateway, cls.ticks = gateway, ticks
        request = urllib.request.Request(
            f"http://{gateway.addresses['http']}/v1/ticks:subscribe", b'{"message":"hello","count":1}',
            {"Content-Type": "application/json"})
        # Retried by the gateway's own word: its schema may be on its way.
        deadline = threading.Event()
        threading.Timer(SECONDS, deadline.set).start()
        while not deadline.is_set():
            try:
                urllib.request.urlopen(request, timeout=SECONDS).read()
                break
            except urllib.error.HTTPError as error:
                if error.code != 503:
                    raise
        # A request is counted when its exchange is gone, which may be a moment after its last byte.
        while not deadline.is_set() and 'status="200"' not in gateway.metrics():
            pass
        cls.reasons = set(re.findall(r'\breason="(\w+)"', gateway.metrics()))
        cls.exposed = {**SYNTHETIC, **exposed(gateway.metrics()), **exposed(ticks.metrics())}

    def expressions(self):
        found = [rule["expr"] for group in self.rules["groups"] for rule in group["rules"]]
        for panel in self.dashboard["panels"]:
            found += [target["expr"] for target in panel["targets"]]
        return found

    def write_rules(self, groups):
        path = os.path.join(SCRATCH, "rules.yaml")
        with open(path, "w", encoding="utf-8") as file:
            yaml.safe_dump({"groups": groups}, file)
        return path

    def test_scrapes_are_clean(self):
        for process in (self.gateway, self.ticks):
            status, words = manifests.run(PROMTOOL, "check", "metrics", input=process.metrics())
            self.assertEqual((status, words), (0, ""))

    def test_rules_are_good(self):
        status, words = manifests.run(PROMTOOL, "check", "rules", self.write_rules(self.rules["groups"]))
        self.assertEqual(status, 0, words)

    def test_rules_fire_when_they_should(self):
        self.write_rules(self.rules["groups"])
        shutil.copy("tests/deploy/alerts_test.yaml", SCRATCH)
        status, words = manifests.run(PROMTOOL, "test", "rules", os.path.join(SCRATCH, "alerts_test.yaml"))
        self.assertEqual(status, 0, words)

    def test_every_alert_is_tested(self):
        with open("tests/deploy/alerts_test.yaml", encoding="utf-8") as file:
            tests = yaml.safe_load(file)["tests"]
        fired = {check["alertname"] for test in tests for check in test["alert_rule_test"] if check["exp_alerts"]}
        self.assertEqual(fired, {rule["alert"] for group in self.rules["groups"] for rule in group["rules"]})

    def test_every_alert_is_explained(self):
        with open("docs/operating.md", encoding="utf-8") as file:
            text = file.read()
        for group in self.rules["groups"]:
            for rule in group["rules"]:
                self.assertIn(f"| `{rule['alert']}` |", text)

    def test_panels_are_promql(self):
        for expression in self.expressions():
            expression = expression.replace("$__rate_interval", "1m").replace("$namespace", "n")
            path = self.write_rules([{"name": "g", "rules": [{"record": "panel", "expr": expression}]}])
            status, words = manifests.run(PROMTOOL, "check", "rules", path)
            self.assertEqual(status, 0, f"{expression}\n{words}")

    def test_metrics_and_their_labels_exist(self):
        names = set()
        for expression in self.expressions():
            for name, selector in re.findall(r"\b(up|(?:penstock|process)_\w+)\b(?:\{([^}]*)\})?", expression):
                names.add(name)
                self.assertIn(name, self.exposed, expression)
                for label in re.findall(r"(\w+) *[=!]", re.sub(r'"[^"]*"', "", selector)):
                    self.assertIn(label, TARGET_LABELS | self.exposed[name], expression)
            for labels in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression):
                known = TARGET_LABELS.union(*(self.exposed[name] for name in names))
                self.assertLessEqual({label.strip() for label in labels.split(",")}, known, expression)
        self.assertGreater(len(names), 10)

    def test_reasons_exist(self):
        for expression in self.expressions():
            for reason in re.findall(r'\breason="([^"]*)"', expression):
                self.assertIn(reason, self.reasons)

    def test_jobs_are_those_of_the_scrapes(self):
        services = {service["metadata"]["labels"]["app.kubernetes.io/name"] for service in self.objects
                    if service["kind"] == "Service"}
        for monitor in self.objects:
            if monitor["kind"] == "ServiceMonitor":
                self.assertEqual(monitor["spec"]["jobLabel"], "app.kubernetes.io/name")
        for expression in self.expressions():
            for job in re.findall(r'\bjob="([^"]*)"', expression):
                self.assertIn(job, services)

    def test_autoscaling_counts_what_is_exposed(self):
        for autoscaler in self.objects:
            if autoscaler["kind"] == "HorizontalPodAutoscaler":
                for metric in autoscaler["spec"]["metrics"]:
                    if metric["type"] == "Pods":
                        self.assertIn(metric["pods"]["metric"]["name"], self.exposed)

    def test_dashboard_panels_do_not_overlap(self):
        taken = set()
        for panel in self.dashboard["panels"]:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(taken & cells, panel["title"])
            self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
            taken |= cells


if __name__ == "__main__":
    unittest.main(verbosity=2)
