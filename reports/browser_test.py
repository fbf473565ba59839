"""Opens made-up reports in headless Chromium: browser_test.py REPORT_DEMO OUTPUT_FOLDER [TEST...].

No JavaScript error, no refused or other request, the verdict visible with and without JavaScript,
the same elements whatever the texts of a run say, charts drawn, zoom and theme usable by keyboard.
Screenshots, light and dark, wide and narrow, are left in the output folder.
"""

import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "testing"))
from browser import Browser  # noqa: E402

# Names of elements and attributes outside the charts, as the browser parsed them.
STRUCTURE = """(() => [...document.querySelectorAll("*")]
  .filter(element => !element.closest("[data-chart] > *"))
  .map(element => element.localName + " " + element.getAttributeNames().join(" ")))()"""


class Reports(unittest.TestCase):
    folder = ""

    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()

    def path(self, name):
        return os.path.join(self.folder, name)

    def open(self, name, **how):
        self.browser.open(self.path(name + ".html"), **how)

    def text(self, selector):
        return self.browser.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")

    def assert_clean(self):
        self.assertEqual(self.browser.complaints(), [])
        self.assertEqual(self.browser.requests(), [])

    def test_every_report_opens_without_an_error_or_a_request(self):
        words = {"broken": "Broken", "held": "Held", "hostile": "Broken", "large": "Held", "empty": "Nothing proven"}
        looks = [(width, dark) for width in (1280, 390) for dark in (False, True)]
        for name, word in words.items():
            shown = name in ("broken", "held")
            for width, dark in looks if shown else looks[:1] + looks[-1:]:
                with self.subTest(name=name, width=width, dark=dark):
                    self.open(name, width=width, dark=dark)
                    self.assertEqual(self.text("h1"), word)
                    self.assertEqual(self.browser.evaluate("document.documentElement.dataset.ready"), "yes")
                    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                    self.assertLessEqual(self.browser.evaluate(overflow), 0, "nothing sticks out sideways")
                    if shown:
                        self.browser.screenshot(
                            self.path(f"{name}-{width}-{'dark' if dark else 'light'}.png"))
                    self.assert_clean()

    def test_axe_finds_nothing_to_complain_of(self):
        for name in ("broken", "matrix"):
            for width, dark in ((1280, False), (1280, True), (390, False)):
                with self.subTest(name=name, width=width, dark=dark):
                    self.open(name, width=width, dark=dark)
                    # What is folded is looked at as well.
                    self.browser.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
                    self.browser.evaluate("document.querySelector('.messages tr.trouble button')?.click()")
                    self.assertEqual(self.browser.axe(), [])

    def test_pages_are_small(self):
        for name, most in (("broken", 1_000_000), ("held", 1_000_000), ("matrix", 1_000_000), ("large", 5_000_000)):
            with self.subTest(name=name):
                size = os.path.getsize(self.path(name + ".html"))
                print(f"{name}.html: {size:,} bytes")
                self.assertLess(size, most)

    def test_no_text_of_a_run_becomes_an_element_or_an_attribute(self):
        self.open("tame")
        tame = self.browser.evaluate(STRUCTURE)
        self.open("hostile")
        self.assertEqual(self.browser.evaluate(STRUCTURE), tame)
        self.assertGreater(len(tame), 500)
        self.assert_clean()

    def test_the_policy_refuses_what_is_not_of_the_page(self):
        self.open("held")
        self.browser.evaluate("""(() => {
          const image = new Image(); image.src = "https://example.invalid/x.png"; document.body.append(image);
          const script = document.createElement("script"); script.textContent = "window.intruder = 1"; document.body.append(script);
        })()""")
        self.assertIsNone(self.browser.evaluate("window.intruder ?? null"))
        self.browser.evaluate("new Promise(done => setTimeout(done, 50))")
        self.assertTrue(any("Content Security Policy" in complaint for complaint in self.browser.complaints()))

    def test_charts_are_drawn_and_follow_the_theme(self):
        self.open("broken", dark=False)
        drawn = """[...document.querySelectorAll("[data-chart]")].map(chart =>
                   [chart.dataset.chart, chart.querySelectorAll("path, canvas").length > 0])"""
        self.assertEqual(dict(self.browser.evaluate(drawn)),
                         {"fleet": True, "latency": True, "clients": True, "percentiles": True})
        page = "getComputedStyle(document.body).backgroundColor"
        light = self.browser.evaluate(page)
        for expected in ("Theme: light", "Theme: dark"):
            self.browser.evaluate("document.getElementById('theme').click()")
            self.assertEqual(self.text("#theme"), expected)
        self.assertNotEqual(self.browser.evaluate(page), light)
        self.assert_clean()

    def test_zoom_is_shared_and_works_by_keyboard(self):
        self.open("broken")
        labels = """[...document.querySelectorAll('[data-chart="NAME"] text')].map(t => t.textContent)
                    .filter(t => /^\\d+:\\d\\d/.test(t))"""
        before = self.browser.evaluate(labels.replace("NAME", "latency"))
        self.assertIn("01:00", before)
        self.browser.evaluate("document.querySelector('[data-chart=\"fleet\"]').focus()")
        for _ in range(3):
            self.browser.press("+")
        self.browser.evaluate("new Promise(done => setTimeout(done, 200))")
        after = self.browser.evaluate(labels.replace("NAME", "latency"))
        self.assertNotEqual(after, before)
        self.assertTrue(after and all(label.count(":") == 1 or label.endswith(":00") for label in after), after)
        self.assertEqual(self.browser.evaluate(labels.replace("NAME", "fleet"))[:len(after)], after)
        self.browser.press("0")
        self.browser.evaluate("new Promise(done => setTimeout(done, 200))")
        self.assertEqual(self.browser.evaluate(labels.replace("NAME", "latency")), before)
        self.assert_clean()

    def test_links_within_the_page_lead_somewhere_and_ids_are_unique(self):
        self.open("broken")
        self.assertEqual(self.browser.evaluate("""[...document.querySelectorAll("a[href^='#']")]
            .map(a => a.getAttribute("href"))
            .filter(href => !document.getElementById(href.slice(1)) && !href.startsWith("#client-"))"""), [])
        self.assertEqual(self.browser.evaluate("""(() => { const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
            return ids.filter((id, i) => ids.indexOf(id) !== i); })()"""), [])

    def test_names_for_screen_readers(self):
        self.open("broken")
        self.assertEqual(self.browser.evaluate("""[...document.querySelectorAll("[role=img], [role=region], svg.sequence")]
            .filter(e => !e.getAttribute("aria-label")).length"""), 0)
        self.assertEqual(self.browser.evaluate("""[...document.querySelectorAll("th:not([scope])")].length"""), 0)

    def test_without_javascript_verdict_promises_and_ledger_are_there(self):
        self.browser.call("Emulation.setScriptExecutionDisabled", value=True)
        try:
            self.browser.open(self.path("broken.html"), settle=False)
            root = self.browser.call("DOM.getDocument", depth=1)["root"]["nodeId"]
            for selector, wanted in (("h1", "Broken"), ("#promises", "3 of 4,080 lost"), ("#ledger", "dashboard")):
                node = self.browser.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
                self.assertIn(wanted, self.browser.call("DOM.getOuterHTML", nodeId=node)["outerHTML"])
            self.browser.screenshot(self.path("broken-without-javascript.png"))
        finally:
            self.browser.call("Emulation.setScriptExecutionDisabled", value=False)

    # ---- Client by client

    def shown_messages(self):
        return self.browser.evaluate("""[...document.querySelectorAll(".messages tbody > tr[id]:not(.packets)")]
            .filter(row => !row.hidden).map(row => row.id)""")

    def settle(self):
        self.browser.evaluate("new Promise(done => setTimeout(done, 60))")

    def test_evidence_leads_to_a_client_its_messages_and_their_packets(self):
        self.open("broken")
        self.assertEqual(self.browser.evaluate("""[...document.querySelectorAll("a[href^='#client-']")].map(a => a.getAttribute("href"))
            .filter(href => ![...document.forms.journey.elements.client.options].some(o => "#client-" + o.value === href.replace(/-message-.*/, "")))"""), [])
        self.browser.evaluate("document.querySelector('.evidence li a').click()")
        self.settle()
        self.assertEqual(self.text("#journey-shown h3"), self.text(".evidence li a"))
        every = self.shown_messages()
        self.assertGreater(len(every), 5)
        self.assertIn("DUP", self.text(".messages tr.packets:not([hidden])"), "the message that evidence is about")
        self.browser.evaluate("document.querySelector('.messages tbody tr button').focus()")
        self.browser.press("Enter")
        packets = self.text(".messages tr.packets:not([hidden])")
        self.assertRegex(packets, "PUBLISH QoS [012]")
        self.assertRegex(packets, "arrived after|never arrived")
        self.assertRegex(self.browser.evaluate("location.hash"), r"^#client-\d+-message-1$")
        self.assert_clean()

    def test_a_message_has_an_address_of_its_own(self):
        self.open("broken", fragment="#client-1-message-3")
        self.assertEqual(self.browser.evaluate("document.querySelector('.messages tr.asked').id"), "client-1-message-3")
        self.assertIn("PUBLISH", self.text(".messages tr.packets:not([hidden])"))
        self.browser.evaluate("location.hash = '#client-99999-message-1'")
        self.settle()
        self.assertEqual(self.browser.evaluate("document.querySelector('.messages tr.asked').id"), "client-1-message-3")
        self.assert_clean()

    def test_filters_of_messages_work_by_keyboard(self):
        self.open("broken")
        self.browser.evaluate("document.querySelector('.evidence li a').click()")  # a message of its was sent again
        self.settle()
        every = self.shown_messages()
        self.browser.evaluate("document.querySelector('#journey [name=show][value=all]').focus()")
        self.browser.press("ArrowRight")
        troubled = self.shown_messages()
        self.browser.press("ArrowRight")
        published = self.shown_messages()
        self.browser.press("ArrowRight")
        received = self.shown_messages()
        self.assertLess(len(troubled), len(every))
        self.assertEqual(len(published) + len(received), len(every))
        self.assertIn("0 of ", self.text("#journey-shown [role=status]"))
        self.browser.evaluate("""(() => { const form = document.getElementById("journey"); form.reset();
            form.elements.find.value = "dup"; form.dispatchEvent(new Event("input")); })()""")
        self.assertTrue(0 < len(self.shown_messages()) < len(every))
        self.browser.evaluate("""(() => { const form = document.getElementById("journey"); form.reset();
            form.elements.order.value = "slow"; form.dispatchEvent(new Event("input")); })()""")
        self.assertEqual(sorted(self.shown_messages()), sorted(every))
        self.assertNotEqual(self.shown_messages(), every)
        self.assert_clean()

    # ---- The matrix of `conform`

    def visible_rows(self):
        return self.browser.evaluate("""[...document.querySelectorAll("tr.statement")]
            .filter(row => row.offsetParent !== null || getComputedStyle(row).display !== "none").map(row => row.id)""")

    def shown_details(self):
        return self.browser.evaluate("""[...document.querySelectorAll("tr.detail")]
            .filter(row => getComputedStyle(row).display !== "none").map(row => row.previousElementSibling.id)""")

    def test_the_matrix_opens_without_an_error_or_a_request(self):
        for name in ("matrix", "matrix-one"):
            for width in (1280, 390):
                for dark in (False, True):
                    with self.subTest(name=name, width=width, dark=dark):
                        self.open(name, width=width, dark=dark)
                        self.assertEqual(self.text("h1"), "Deviates" if name == "matrix-one" else "2 targets side by side")
                        self.assertEqual(self.browser.evaluate("document.documentElement.dataset.ready"), "yes")
                        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                        self.assertLessEqual(self.browser.evaluate(overflow), 0, "nothing sticks out sideways")
                        self.browser.evaluate("document.querySelector('.cell a[href$=\"@1\"]').click()")
                        self.browser.screenshot(self.path(f"{name}-{width}-{'dark' if dark else 'light'}.png"))
                        self.assertLessEqual(self.browser.evaluate(overflow), 0, "nor does evidence")
                        self.assert_clean()

    def test_no_text_of_a_peer_becomes_an_element_of_the_matrix(self):
        self.open("matrix-tame")
        tame = self.browser.evaluate(STRUCTURE)
        self.open("matrix-hostile")
        hostile = self.browser.evaluate(STRUCTURE)
        self.assertEqual([one for one in hostile if one.split()[0] in ("script", "img", "iframe", "svg")],
                         [one for one in tame if one.split()[0] in ("script", "img", "iframe", "svg")])
        self.assertIsNone(self.browser.evaluate("window.intruder ?? null"))
        self.assertEqual(self.browser.evaluate("document.querySelectorAll('[onclick], [onerror]').length"), 0)
        self.assert_clean()

    def test_cells_open_their_evidence_by_keyboard_and_by_link(self):
        self.open("matrix")
        self.assertEqual(self.shown_details(), [])
        self.browser.evaluate("document.querySelector('tr.statement a').focus()")
        self.browser.press("ArrowDown")
        self.browser.press("ArrowRight")
        self.assertEqual(self.browser.evaluate("document.activeElement.getAttribute('href')"), "#v5/MQTT-4.1.0-2@1")
        self.browser.evaluate("document.activeElement.click()")
        self.browser.evaluate("new Promise(done => setTimeout(done, 50))")
        self.assertEqual(self.shown_details(), ["v5/MQTT-4.1.0-2"])
        self.assertEqual(self.browser.evaluate("document.activeElement.id"), "v5/MQTT-4.1.0-2@1")
        self.browser.press("Escape")
        self.assertEqual(self.shown_details(), [])
        self.browser.evaluate("location.hash = '#v3.1.1/MQTT-4.2.0-3'")
        self.browser.evaluate("new Promise(done => setTimeout(done, 50))")
        self.assertEqual(self.shown_details(), ["v3.1.1/MQTT-4.2.0-3"])
        self.assert_clean()

    def test_filters_of_the_matrix_work_by_keyboard(self):
        self.open("matrix")
        every = self.visible_rows()
        self.assertEqual(len(every), 48)
        self.browser.evaluate("document.querySelector('[name=show][value=all]').focus()")
        self.browser.press("ArrowRight")
        differs = self.visible_rows()
        self.browser.press("ArrowRight")
        fails = self.visible_rows()
        self.assertTrue(0 < len(differs) < len(every))
        self.assertTrue(0 < len(fails) < len(every))
        self.assertNotEqual(differs, fails)
        self.browser.evaluate("document.querySelector('[name=must]').click()")
        self.assertTrue(len(self.visible_rows()) <= len(fails))
        self.browser.evaluate("document.querySelector('[name=version][value=v5]').click()")
        self.assertTrue(all(row.startswith("v5/") for row in self.visible_rows()))
        self.assertIn("of 48 statements", self.text("#shown"))
        self.browser.evaluate("""(() => { const form = document.getElementById("filters"); form.reset();
            form.elements.find.value = "4.4.0-2 v5"; form.dispatchEvent(new Event("input")); })()""")
        self.assertEqual(self.visible_rows(), ["v5/MQTT-4.4.0-2"])
        self.assert_clean()

    def test_the_matrix_links_lead_somewhere_and_ids_are_unique(self):
        self.open("matrix")
        self.assertEqual(self.browser.evaluate("""[...document.querySelectorAll("a[href^='#']")]
            .map(a => a.getAttribute("href")).filter(href => !document.getElementById(href.slice(1)))"""), [])
        self.assertEqual(self.browser.evaluate("""(() => { const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
            return ids.filter((id, i) => ids.indexOf(id) !== i); })()"""), [])
        self.assertEqual(self.browser.evaluate("""[...document.querySelectorAll("th:not([scope])")].length"""), 0)

    def test_without_javascript_the_matrix_opens_by_its_links(self):
        self.browser.call("Emulation.setScriptExecutionDisabled", value=True)
        try:
            self.browser.open(self.path("matrix.html"), settle=False)
            root = self.browser.call("DOM.getDocument", depth=1)["root"]["nodeId"]
            node = self.browser.call("DOM.querySelector", nodeId=root, selector="#matrix")["nodeId"]
            html = self.browser.call("DOM.getOuterHTML", nodeId=node)["outerHTML"]
            self.assertIn('id="v5/MQTT-4.1.0-1@2"', html)
            self.assertIn("PUBLISH dup=1", html)
        finally:
            self.browser.call("Emulation.setScriptExecutionDisabled", value=False)

    def test_the_matrix_prints_with_what_failed(self):
        self.open("matrix", dark=True)
        self.browser.pdf(self.path("matrix.pdf"))
        self.assertGreater(os.path.getsize(self.path("matrix.pdf")), 20_000)
        self.assert_clean()

    def test_prints(self):
        self.open("broken", dark=True)
        self.browser.pdf(self.path("broken.pdf"))
        self.assertGreater(os.path.getsize(self.path("broken.pdf")), 20_000)
        self.assert_clean()

    def test_paper_is_filled_within_its_margins(self):
        for name in ("broken", "held"):
            with self.subTest(name=name):
                self.open(name)
                self.browser.media(kind="print")
                # A table that may not break leaves the rest of its page, and often a whole one, empty.
                self.assertEqual(self.browser.evaluate(
                    """[...document.querySelectorAll("section")].filter(one => one.querySelector("table") &&
                       getComputedStyle(one).breakInside !== "auto").map(one => one.id)"""), [])
                # What only unfolds on a screen is no heading with nothing below it.
                self.assertEqual(self.browser.evaluate(
                    """[...document.querySelectorAll("section")].filter(one => one.offsetHeight &&
                       [...one.children].every(part => part.matches("h2, details"))).map(one => one.id)"""), [])
                self.assertTrue(self.browser.evaluate(
                    """[...document.styleSheets[0].cssRules].some(rule => rule instanceof CSSPageRule)"""))

    def test_names_above_a_chart_do_not_lie_on_it(self):
        # Names lie beside a sign of theirs, at the left; below them an axis begins with its greatest value.
        overlap = """(() => {
          const texts = [...document.querySelectorAll('[data-chart="latency"] text')];
          const names = texts.filter(one => one.textContent.startsWith("QoS")).map(one => one.getBoundingClientRect().bottom);
          const values = texts.filter(one => /^[\\d.]+ (s|ms|\u00b5s)$/.test(one.textContent)).map(one => one.getBoundingClientRect().top);
          return [names.length, Math.max(...names) - Math.min(...values)]; })()"""
        for width in (320, 390, 700, 740, 1280):
            with self.subTest(width=width):
                self.open("broken", width=width)
                names, over = self.browser.evaluate(overlap)
                self.assertEqual(names, 6)
                self.assertLess(over, 1)
        self.open("broken")
        self.browser.evaluate("dispatchEvent(new Event('beforeprint'))")
        self.assertLess(self.browser.evaluate(overlap)[1], 1)

    def test_captions_are_lines_on_a_phone(self):
        for name in ("broken", "matrix"):
            self.open(name, width=390)
            self.browser.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            self.assertEqual(self.browser.evaluate(
                """[...document.querySelectorAll("caption")].filter(one => one.offsetHeight > 100)
                   .map(one => one.textContent)"""), [])


def main():
    demo, Reports.folder = sys.argv[1:3]
    os.makedirs(Reports.folder, exist_ok=True)
    subprocess.run([demo, Reports.folder], check=True)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)


if __name__ == "__main__":
    main()
