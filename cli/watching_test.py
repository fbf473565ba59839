#!/usr/bin/env python3
"""Watching a run: `watch` runs again on save, a terminal shows what goes on, and `serve` shows it in a
browser, to nobody else.

ctest calls it with the folder of the programs as its first argument.
"""
import http.client
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "reports" / "testing"))
from browser import Browser  # noqa: E402

PROGRAMS = pathlib.Path(sys.argv.pop(1)).resolve()
MQTTLAB = PROGRAMS / "mqttlab"

SCENARIO = """\
version: 1
name: two sensors and a screen
duration: DURATION
calm: 1min
seed: 1
links:
  slow: { rate: 40 kbit/s, delay: 300ms, source: assumption }
fleet:
  sensor:
    count: 2
    link: slow
    publish: [ { topic: "s/{id}/<img src=x onerror=alert(1)>", qos: 1, every: 1s, payload: 64B } ]
  screen:
    subscribe: [ { filter: "s/#", qos: 1 } ]
"""


class WatchingTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mqttlab-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.file = self.folder / "s.yaml"
        self.write("10min")

    def write(self, duration):
        self.file.write_text(SCENARIO.replace("DURATION", duration))

    def start(self, *words, **options):
        process = subprocess.Popen([MQTTLAB, *words], cwd=self.folder, text=True,
                                   env=dict(os.environ, NO_COLOR="1"), **options)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def until(self, condition, patience=60):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            found = condition()
            if found:
                return found
            time.sleep(0.05)
        self.fail("it did not come")


class Watch(WatchingTest):
    def test_a_save_runs_it_again_and_an_interrupt_ends_it(self):
        out = self.folder / "out"
        with open(out, "w") as file:
            watch = self.start("watch", "s.yaml", "--world", "memory", stdout=file, stderr=file)
        told = lambda text, times: self.until(lambda: out.read_text().count(text) >= times)
        told("Ctrl-C ends it", 1)
        self.assertEqual(out.read_text().count("Held:"), 1)
        self.write("ten minutes")
        told("s.yaml:3:11: ", 1)
        told("Ctrl-C ends it", 2)
        # As an editor saves: another file takes its place.
        self.write("20min")
        text = self.file.read_text()
        (self.folder / "s.yaml.new").write_text(text)
        (self.folder / "s.yaml.new").rename(self.file)
        told("Held:", 2)
        watch.send_signal(signal.SIGINT)
        self.assertEqual(watch.wait(timeout=30), 130)

    def test_a_save_ends_a_run_that_is_under_way(self):
        self.write("3000h")
        out = self.folder / "out"
        with open(out, "w") as file:
            watch = self.start("watch", "s.yaml", "--world", "memory", stdout=file, stderr=file)
        self.until(lambda: (self.folder / "results/s").exists())
        self.write("10min")
        self.until(lambda: "Held:" in out.read_text())
        watch.send_signal(signal.SIGTERM)
        self.assertEqual(watch.wait(timeout=30), 143)


class Live(WatchingTest):
    def screen_of(self, *words):
        master, slave = pty.openpty()
        process = self.start("run", "s.yaml", "--world", "memory", "--trace", "none", *words,
                             stdout=subprocess.PIPE, stderr=slave)
        os.close(slave)
        seen = b""
        while select.select([master], [], [], 60)[0]:
            try:
                read = os.read(master, 65536)
            except OSError:
                break
            if not read:
                break
            seen += read
        os.close(master)
        self.assertEqual(process.wait(timeout=60), 0)
        return seen.decode(errors="replace")

    def test_a_terminal_shows_fleet_faults_and_latency(self):
        self.write("10h")
        os.environ["TERM"] = "xterm"
        screen = self.screen_of()
        for pattern in (r"\d+ % ", r"times real time", r"fleet    3 of 3 clients connected",
                        r"latency  half below \d", r"messages [\d,]+ delivered"):
            self.assertRegex(screen, pattern)

    def test_what_is_no_terminal_gets_no_live_lines(self):
        run = self.start("run", "s.yaml", "--world", "memory", stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
        output, errors = run.communicate(timeout=60)
        self.assertIn("Held:", output)
        self.assertEqual(errors, "")


class Serving(WatchingTest):
    def serve(self, duration, *flags):
        self.write(duration)
        self.process = self.start("serve", "s.yaml", "--world", "memory", *flags,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.url = self.process.stdout.readline().strip()
        parts = urllib.parse.urlsplit(self.url)
        self.host, self.path = parts.netloc, parts.path
        self.assertRegex(self.url, r"^http://127\.0\.0\.1:\d+/[0-9a-f]{32}/$")

    def ask(self, path, method="GET", **headers):
        connection = http.client.HTTPConnection(self.host, timeout=20)
        connection.request(method, path, headers={"Host": self.host, **headers})
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body, answer.headers

    def state(self):
        return json.loads(self.ask(self.path + "state")[1])

    def end(self):
        self.process.send_signal(signal.SIGINT)
        output, errors = self.process.communicate(timeout=60)
        return output + errors


class Serve(Serving):
    def test_a_run_is_shown_stands_still_and_goes_on(self):
        self.serve("3000h")
        run = self.until(lambda: self.state().get("run"))
        self.assertEqual([group["name"] for group in run["groups"]], ["sensor", "screen"])
        self.until(lambda: self.state()["run"]["delivered"] > 100)
        self.assertEqual(self.ask(self.path + "pause", "POST")[0], 200)
        self.assertTrue(self.state()["paused"])
        self.until(lambda: self.state()["still"])
        still = self.state()["run"]
        time.sleep(0.3)
        self.assertEqual(self.state()["run"], still)
        self.ask(self.path + "go-on", "POST")
        self.until(lambda: self.state()["run"]["at"] > still["at"])
        self.assertFalse(self.state()["still"])
        output = self.end()
        self.assertEqual(self.process.returncode, 130, output)
        self.assertIn("Interrupted:", output)

    def test_a_run_that_stands_still_can_be_ended(self):
        self.serve("3000h")
        self.ask(self.path + "pause", "POST")
        self.until(lambda: self.state()["still"])
        self.assertIn("Interrupted:", self.end())

    def test_it_is_no_faster_than_asked_and_has_the_hash_of_any_run(self):
        run = subprocess.run([MQTTLAB, "run", "s.yaml", "--world", "memory", "-o", "run"],
                             cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 0, run.stderr)
        began = time.monotonic()
        self.serve("10min", "--speed", "600")  # with the calm, eleven minutes: 1.1 s
        self.ask(self.path + "pause", "POST")
        self.until(lambda: self.state()["still"])
        self.ask(self.path + "go-on", "POST")
        self.until(lambda: self.state()["ended"])
        self.assertGreater(time.monotonic() - began, 1.0)
        hashes = [json.loads((self.folder / folder / "results.json").read_text())["hash"]
                  for folder in ("run", "results/s")]
        self.assertEqual(*hashes)

    def test_the_end_is_shown_with_the_verdict(self):
        self.serve("10min")
        state = self.until(lambda: self.state() if self.state()["ended"] else None)
        self.assertEqual((state["exit_code"], state["verdict"]), (0, "every promise held"))
        output = self.end()
        self.assertEqual(self.process.returncode, 0)
        self.assertIn("Held:", output)
        self.assertTrue((self.folder / "results/s/report.html").exists())

    def test_nobody_else_is_answered(self):
        self.serve("3000h")
        self.assertEqual(self.ask(self.path)[0], 200)
        token = self.path.strip("/")
        other = token[:-1] + ("0" if token[-1] != "0" else "1")
        for path in ("/", "/state", f"/{other}/state", f"/{token[:8]}/state",
                     self.path + "../../etc/passwd", self.path + "nothing"):
            self.assertEqual(self.ask(path)[0], 404, path)
        self.assertEqual(self.ask(self.path + "state", Host="evil.example")[0], 404)
        self.assertEqual(self.ask(self.path + "pause", "POST", Origin="http://evil.example")[0], 404)
        self.assertFalse(self.state()["paused"])
        listening = subprocess.run(["ss", "-tlnH"], capture_output=True, text=True).stdout
        port = self.host.split(":")[1]
        if listening:
            self.assertRegex(listening, rf"127\.0\.0\.1:{port}\s")
            self.assertNotRegex(listening, rf"(0\.0\.0\.0|\*|\[::\]):{port}\s")

    def test_the_page_loads_nothing_from_elsewhere(self):
        self.serve("3000h")
        status, page, headers = self.ask(self.path)
        self.assertEqual(status, 200)
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(re.findall(r'(?:src|href)="([^"]*)"', page), ["page.css", "page.js"])
        for name in ("page.css", "page.js"):
            self.assertEqual(self.ask(self.path + name)[0], 200)
        self.assertNotIn("innerHTML", self.ask(self.path + "page.js")[1])


class ServeInTheBrowser(Serving):
    TEXTS = "[...document.querySelectorAll('SELECTOR')].map(e => e.textContent)"

    def setUp(self):
        super().setUp()
        self.browser = Browser()
        self.addCleanup(self.browser.close)

    def texts(self, selector):
        return self.browser.evaluate(self.TEXTS.replace("SELECTOR", selector))

    def test_it_shows_the_run_and_its_button_makes_it_stand_still(self):
        self.serve("3000h")
        self.browser.visit(self.url)
        self.until(lambda: self.texts("#messages td"))
        self.browser.evaluate("document.getElementById('pause').focus()")
        self.browser.press("Enter")
        self.until(lambda: self.texts("#verdict") == ["stands still"])
        at = self.until(lambda: self.texts("#time"))
        self.assertRegex(at[0], r"^\d+ .* of 3000 h 1 min virtual$")
        self.assertEqual(self.texts("#groups td"),
                         ["sensor", "slow", "2 of 2", "screen", "wired", "1 of 1"])
        for word in ("broker", "2/2", "sensor", "slow", "1/1", "screen", "wired"):
            self.assertIn(word, self.texts("#map text"))
        self.assertEqual(self.browser.axe(), [])
        self.assertEqual(self.texts("#time"), at)
        self.browser.press("Enter")
        self.until(lambda: self.texts("#verdict") == ["running; judged at the end"])
        self.until(lambda: self.texts("#time") != at)
        self.assertEqual(self.browser.complaints(), [])
        host = self.url.split("/")[2]
        for url in self.browser.requests():
            self.assertEqual(url.split("/")[2], host)

    def test_no_text_of_the_run_becomes_an_element(self):
        self.serve("3000h")
        self.browser.visit(self.url, width=390, dark=True)
        self.until(lambda: self.texts("#messages td"))
        self.assertIn("<img src=x onerror=alert(1)>", self.texts("#messages td")[1])
        self.assertEqual(self.texts("img"), [])
        self.assertEqual(self.browser.complaints(), [])
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        self.assertLessEqual(self.browser.evaluate(overflow), 0, "nothing sticks out sideways")
        self.assertEqual(self.browser.axe(), [])
        self.browser.evaluate("""(() => { const script = document.createElement("script");
            script.textContent = "window.intruder = 1"; document.body.append(script); })()""")
        self.assertIsNone(self.browser.evaluate("window.intruder ?? null"))

    def test_the_verdict_comes_to_the_page(self):
        self.serve("10min")
        self.browser.visit(self.url)
        self.until(lambda: self.texts("#verdict") == ["every promise held"])
        self.assertTrue(self.browser.evaluate("document.getElementById('pause').disabled"))
        self.end()
        self.assertEqual(self.browser.complaints(), [])


if __name__ == "__main__":
    unittest.main()
