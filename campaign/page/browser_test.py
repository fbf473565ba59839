"""Opens made-up reports of campaigns in headless Chromium: browser_test.py CAMPAIGN_DEMO FOLDER.

No error and no request; nothing sticks out sideways; another measure, the numbers behind a map, the
theme and paper work. Screenshots are left in the folder.
"""

import os
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "reports", "testing"))
from browser import Browser  # noqa: E402

STRUCTURE = """[...document.querySelectorAll("body *")].map(element => element.localName)"""
WORDS = {"broken": "Broken", "held": "Held", "hostile": "Broken", "latin": "Broken", "large": "Broken",
         "partial": "Broken", "nothing": "Nothing proven"}


class Campaigns(unittest.TestCase):
    folder = ""

    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()

    def open(self, name, **how):
        self.browser.open(os.path.join(self.folder, name + ".html"), **how)

    def ask(self, expression):
        return self.browser.evaluate(expression)

    def test_every_report_opens_without_an_error_or_a_request(self):
        for name, word in WORDS.items():
            for width, dark in ((1280, False), (1280, True), (390, False)):
                with self.subTest(name=name, width=width, dark=dark):
                    self.open(name, width=width, dark=dark)
                    self.assertEqual(self.ask("document.querySelector('h1').innerText"), word)
                    self.assertEqual(self.ask("document.documentElement.dataset.ready"), "yes")
                    self.assertLessEqual(self.ask("document.documentElement.scrollWidth - "
                                                  "document.documentElement.clientWidth"), 0)
                    self.assertEqual(self.browser.complaints(), [])
                    self.assertEqual(self.browser.requests(), [])
                    if name in ("broken", "latin"):
                        look = f"{name}-{width}-{'dark' if dark else 'light'}.png"
                        self.browser.screenshot(os.path.join(self.folder, look))

    def test_on_a_phone_tables_are_read_from_left_to_right(self):
        self.open("broken", width=390, dark=False)
        heights = "[...document.querySelectorAll('.effects td')].map(cell => cell.offsetHeight)"
        self.assertLess(self.ask(f"Math.min(...{heights})"), 50)
        first = "document.querySelector('.heat td').getBoundingClientRect().left"
        self.assertLess(self.ask(first), 300, "the map begins to the right of the page")

    def test_a_hostile_campaign_has_the_same_elements(self):
        self.open("broken")
        tame = self.ask(STRUCTURE)
        self.open("hostile")
        self.assertEqual(self.ask(STRUCTURE), tame)

    def test_another_measure_changes_every_map(self):
        self.open("broken")
        cell = "document.querySelector('#map-1 .heat td:last-child').textContent"
        before = self.ask(cell)
        self.assertRegex(before, r"^\d+/\d+$")
        script = """(() => { const select = document.getElementById("measure");
          const wanted = [...select.options].find(option => option.text.startsWith("p99 latency"));
          select.value = wanted.value; select.dispatchEvent(new Event("input")); })()"""
        self.ask(script)
        self.assertRegex(self.ask(cell), r" (s|ms|min)$")
        shades = self.ask("[...new Set([...document.querySelectorAll('.heat td')]"
                          ".map(cell => cell.className.split(' ')[0]))].length")
        self.assertGreater(shades, 5)
        self.assertGreater(self.ask("document.querySelectorAll('.heat td.fr, .heat td.fb').length"), 0)

    def test_the_numbers_behind_a_map_unfold(self):
        self.open("broken")
        self.ask("document.querySelector('#map-1 .behind').open = true")
        rows = self.ask("new Promise(done => setTimeout(() => done("
                        "document.querySelectorAll('#map-1 .behind tbody tr').length), 100))")
        self.assertEqual(rows, 36)

    def test_it_is_saved_as_csv(self):
        self.open("broken")
        text = self.ask("""new Promise(done => {
          const make = URL.createObjectURL;
          URL.createObjectURL = (blob) => { blob.text().then(done); return make(new Blob([])); };
          document.getElementById("save-csv").click(); })""")
        self.assertEqual(text.count("\n"), 1 + 6 * 36)
        self.assertTrue(text.startswith("map,links.modem.loss,links.modem.delay,runs judged,"))

    def test_on_paper_the_colours_stay_and_the_controls_go(self):
        self.open("broken")
        self.browser.media(kind="print")
        self.assertEqual(self.ask("getComputedStyle(document.querySelector('.choose')).display"), "none")
        self.browser.pdf(os.path.join(self.folder, "broken.pdf"))


if __name__ == "__main__":
    demo, Campaigns.folder = sys.argv[1], os.path.abspath(sys.argv[2])
    os.makedirs(Campaigns.folder, exist_ok=True)
    subprocess.run([demo, Campaigns.folder], check=True)
    unittest.main(argv=sys.argv[:1])
