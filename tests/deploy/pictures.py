"""Takes a picture of Prometheus with metrics of a running gateway and tick service: pictures.py FOLDER/prometheus.png

Needs Debian's prometheus package installed, with its web pages. Run by tools/screenshots in scrape_test's runfiles.
"""

import os
import subprocess
import sys
import unittest
import urllib.parse

from monitored import NAMESPACE, MonitoredTest
from processes import wait_for

MINUTES_SHOWN, RATE_INTERVAL = 1, "10s"
# Panels of the dashboard.
SHOWN = ("Records per second", "Time to the first message")


class Pictures(MonitoredTest):
    def test_pictures(self):
        # Wait until there is a rate before the graph's left edge, so that the lines fill the graph.
        early = f"rate(penstock_records_sent_total[{RATE_INTERVAL}] offset {60 * MINUTES_SHOWN + 10}s) > 0"
        wait_for("watched for long enough", lambda: self.prometheus.values(early), seconds=60 * MINUTES_SHOWN + 90)
        panels = {panel["title"]: panel for panel in self.dashboard["panels"]}
        parameters = {}
        for number, title in enumerate(SHOWN):
            expression = panels[title]["targets"][-1]["expr"]
            parameters[f"g{number}.expr"] = (
                expression.replace("$__rate_interval", RATE_INTERVAL).replace("$namespace", NAMESPACE))
            parameters[f"g{number}.tab"] = "0"
            parameters[f"g{number}.range_input"] = f"{MINUTES_SHOWN}m"
        page = f"http://127.0.0.1:{self.prometheus.port}"
        subprocess.run(["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1200,1500",
                        "--virtual-time-budget=20000", f"--screenshot={PICTURE}",
                        f"{page}/graph?{urllib.parse.urlencode(parameters)}"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    PICTURE = os.path.abspath(sys.argv.pop())
    unittest.main(argv=sys.argv[:1])
