#!/usr/bin/env python3
"""Watching a run: `watch` runs again on save, a terminal shows what goes on.

ctest calls it with the folder of the programs as its first argument.
"""
import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

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
    publish: [ { topic: "s/{id}/<b>temp</b>", qos: 1, every: 1s, payload: 64B } ]
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


if __name__ == "__main__":
    unittest.main()
