"""The report of ten thousand clients over a week: week_long_test.py REPORT_DEMO OUTPUT_FOLDER.

Made by everything that listens to a real run. It is small, opens, and is whole; how long opening
takes is printed.
"""

import json
import os
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "testing"))
from browser import Browser  # noqa: E402

SIZE_MAX = 5_000_000


class Week(unittest.TestCase):
    folder = ""

    def test_the_report_of_a_week_is_small_and_opens(self):
        path = os.path.join(self.folder, "week.html")
        print(f"week.html: {os.path.getsize(path):,} bytes")
        self.assertLess(os.path.getsize(path), SIZE_MAX)
        with Browser() as browser:
            browser.open(path)  # starts what a first page starts
            began = time.monotonic()
            browser.open(path)
            print(f"opened within {time.monotonic() - began:.2f} s")
            self.assertEqual(browser.evaluate("document.documentElement.dataset.ready"), "yes")
            self.assertEqual(browser.complaints(), [])
            facts = browser.evaluate("document.querySelector('.facts').innerText")
            self.assertIn("10,000", facts)
            self.assertGreater(browser.evaluate("document.querySelectorAll('.messages tbody > tr').length"), 0)
            # Decimated, but nothing is flat: the least and the most are still there.
            fleet = browser.evaluate("window.mqttlab.data.fleet.length")
            self.assertTrue(100 < fleet <= 1000, fleet)
            self.assertLess(json.loads(browser.evaluate(
                "JSON.stringify(Math.min(...window.mqttlab.data.fleet.map(bin => bin[3])))")), 10_000)
            browser.screenshot(os.path.join(self.folder, "week.png"))


def main():
    demo, Week.folder = sys.argv[1:3]
    os.makedirs(Week.folder, exist_ok=True)
    subprocess.run([demo, Week.folder, "--week"], check=True)
    unittest.main(argv=sys.argv[:1], verbosity=2)


if __name__ == "__main__":
    main()
