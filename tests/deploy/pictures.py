"""What a Prometheus shows of a running gateway and tick service, as a picture: pictures.py FOLDER/prometheus.png

Wants Debian's prometheus installed whole, its pages too. Run by tools/screenshots, in the files of scrape_test.
"""

import os
import subprocess
import sys
import time
import unittest
import urllib.parse

import scrape_test

SECONDS_OF_LOAD = 90
# Panels of the dashboard.
SHOWN = ("Records a second", "Time to the first message")


class Pictures(unittest.TestCase):
    def test_pictures(self):
        scrape_test.ScrapeTest.setUpClass()
        prometheus = scrape_test.ScrapeTest.prometheus
        time.sleep(SECONDS_OF_LOAD)
        panels = {panel["title"]: panel for panel in scrape_test.ScrapeTest.dashboard["panels"]}
        parameters = {}
        for number, title in enumerate(SHOWN):
            expression = panels[title]["targets"][-1]["expr"]
            parameters[f"g{number}.expr"] = expression.replace("$__rate_interval", "10s").replace("$namespace", "n")
            parameters[f"g{number}.tab"] = "0"
            parameters[f"g{number}.range_input"] = "1m"
        page = f"http://127.0.0.1:{prometheus.port}"
        subprocess.run(["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1200,1500",
                        "--virtual-time-budget=20000", f"--screenshot={PICTURE}",
                        f"{page}/graph?{urllib.parse.urlencode(parameters)}"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        scrape_test.ScrapeTest.doClassCleanups()


if __name__ == "__main__":
    PICTURE = os.path.abspath(sys.argv.pop())
    unittest.main(argv=sys.argv[:1])
