"""Runs a real Prometheus against a gateway and a tick service: every panel of the dashboard has data, no alert is
pending in normal operation, and the expected ones are when the service is killed."""

import math
import unittest

from monitored import NAMESPACE, RATE_INTERVAL, MonitoredTest
from processes import wait_for


class ScrapeTest(MonitoredTest):
    def test_1_every_panel_shows_something(self):
        for panel in self.dashboard["panels"]:
            for target in panel["targets"]:
                expression = target["expr"].replace("$__rate_interval", RATE_INTERVAL).replace("$namespace", NAMESPACE)

                def shown(expression=expression):
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
