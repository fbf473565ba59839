"""Opens made-up comparisons in headless Chromium: browser_test.py COMPARE_DEMO OUTPUT_FOLDER.

No JavaScript error, no refused or other request, nothing sticks out sideways, the differences are
readable with and without JavaScript. Screenshots, light and dark, wide and narrow, stay there.
"""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "reports", "testing"))
from browser import Browser  # noqa: E402


class Comparisons(unittest.TestCase):
    folder = ""

    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()

    def open(self, name, **how):
        self.browser.open(os.path.join(self.folder, name + ".html"), **how)

    def test_every_page_opens_without_an_error_or_a_request(self):
        for name in ("plain", "matrix", "few", "hostile"):
            for width in (1280, 390):
                for dark in (False, True):
                    with self.subTest(name=name, width=width, dark=dark):
                        self.open(name, width=width, dark=dark)
                        self.assertEqual(self.browser.evaluate("document.documentElement.dataset.ready"), "yes")
                        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                        self.assertLessEqual(self.browser.evaluate(overflow), 0)
                        self.browser.screenshot(os.path.join(
                            self.folder, f"{name}-{width}-{'dark' if dark else 'light'}.png"))
                        self.assertEqual(self.browser.complaints(), [])
                        self.assertEqual(self.browser.requests(), [])

    def test_axe_finds_nothing_to_complain_of(self):
        for name in ("matrix", "few"):
            for width, dark in ((1280, False), (1280, True), (390, False)):
                with self.subTest(name=name, width=width, dark=dark):
                    self.open(name, width=width, dark=dark)
                    self.browser.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
                    self.assertEqual(self.browser.axe(), [])

    def test_differences_are_there_without_a_script(self):
        self.browser.call("Emulation.setScriptExecutionDisabled", value=True)
        try:
            self.open("plain", settle=False)
            text = self.browser.evaluate("document.querySelector('#differences').innerText")
            self.assertIn("late drops a silent client 6.00 s", text)
        finally:
            self.browser.call("Emulation.setScriptExecutionDisabled", value=False)

    def test_lines_have_bands_and_names(self):
        self.open("plain")
        count = "document.querySelectorAll('svg.percentiles .line').length"
        self.assertEqual(self.browser.evaluate(count), 6)
        shown = "getComputedStyle(document.querySelector('svg.percentiles .s1 .line')).stroke"
        light = self.browser.evaluate(shown)
        self.browser.media(dark=True)
        self.assertNotEqual(self.browser.evaluate(shown), light)


if __name__ == "__main__":
    demo, Comparisons.folder = sys.argv[1], sys.argv[2]
    os.makedirs(Comparisons.folder, exist_ok=True)
    subprocess.run([demo, Comparisons.folder], check=True)
    unittest.main(argv=sys.argv[:1], verbosity=2)
