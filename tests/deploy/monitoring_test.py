"""Checks the monitoring component: promtool accepts the rules, they fire when they should, and the rules, the dashboard
and the autoscaler use only metrics, labels and jobs that the binaries expose or the scrapes set."""

import os
import re
import shutil
import unittest
import urllib.request

import yaml

import manifests
from processes import SECONDS, start_pair, wait_for

# Labels that the Prometheus operator's scrapes add.
TARGET_LABELS = {"instance", "job", "namespace", "pod"}
# Metrics of Prometheus itself: whether a scrape succeeded.
SYNTHETIC = {"up": set()}
SCRATCH = os.environ["TEST_TMPDIR"]
PROMTOOL = manifests.tool_folder("prometheus") + "/usr/bin/promtool"


def exposed(text):
    """Maps each metric to the labels of its samples."""
    found = {name: set() for name in re.findall(r"^# TYPE (\S+)", text, re.M)}
    for name, labels in re.findall(r"^([a-z_]+)(?:\{(.*)\})? \S+$", text, re.M):
        found.setdefault(name, set()).update(re.findall(r"(\w+)=", labels))
    return found


class MonitoringTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.objects = manifests.objects(manifests.render(manifests.OVERLAYS["prod"]))
        cls.groups = manifests.alert_groups(cls.objects)
        cls.dashboard = manifests.dashboard(cls.objects)
        cls.gateway, cls.ticks = gateway, ticks = start_pair(cls)
        request = urllib.request.Request(
            f"http://{gateway.ready('http')}/v1/ticks:subscribe", b'{"message":"hello","count":1}',
            {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=SECONDS).read()
        # A request is counted when its exchange is destroyed, which may be shortly after its last byte.
        wait_for("counted", lambda: 'status="200"' in gateway.metrics())
        cls.reasons = set(re.findall(r'\breason="(\w+)"', gateway.metrics()))
        cls.exposed = {**SYNTHETIC, **exposed(gateway.metrics()), **exposed(ticks.metrics())}

    def expressions(self):
        found = [rule["expr"] for group in self.groups for rule in group["rules"]]
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
            status, output = manifests.run(PROMTOOL, "check", "metrics", input=process.metrics())
            self.assertEqual((status, output), (0, ""))

    def test_rules_are_good(self):
        status, output = manifests.run(PROMTOOL, "check", "rules", self.write_rules(self.groups))
        self.assertEqual(status, 0, output)

    def test_rules_fire_when_they_should(self):
        self.write_rules(self.groups)
        shutil.copy("tests/deploy/alerts_test.yaml", SCRATCH)
        status, output = manifests.run(PROMTOOL, "test", "rules", os.path.join(SCRATCH, "alerts_test.yaml"))
        self.assertEqual(status, 0, output)

    def test_every_alert_is_tested(self):
        with open("tests/deploy/alerts_test.yaml", encoding="utf-8") as file:
            tests = yaml.safe_load(file)["tests"]
        fired = {check["alertname"] for test in tests for check in test["alert_rule_test"] if check["exp_alerts"]}
        self.assertEqual(fired, {rule["alert"] for group in self.groups for rule in group["rules"]})

    def test_every_alert_is_explained(self):
        with open("docs/operating.md", encoding="utf-8") as file:
            text = file.read()
        for group in self.groups:
            for rule in group["rules"]:
                self.assertIn(f"| `{rule['alert']}` |", text)

    def test_panels_are_promql(self):
        for expression in self.expressions():
            expression = expression.replace("$__rate_interval", "1m").replace("$namespace", "n")
            path = self.write_rules([{"name": "g", "rules": [{"record": "panel", "expr": expression}]}])
            status, output = manifests.run(PROMTOOL, "check", "rules", path)
            self.assertEqual(status, 0, f"{expression}\n{output}")

    def test_metrics_and_their_labels_exist(self):
        names = set()
        for expression in self.expressions():
            bare = re.sub(r"\b(by|on) \([^)]*\)", "", expression)
            for name, selector in re.findall(r"\b(up|(?:penstock|process|http|grpc)_\w+)\b(?:\{([^}]*)\})?", bare):
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
