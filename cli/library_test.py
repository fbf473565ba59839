#!/usr/bin/env python3
"""The library of scenarios: each is described and tagged, reaches what it is about, and holds.

ctest calls it with the folder of the programs and a tier; the long one plays all of them, twice.
"""
import fcntl
import json
import os
import pathlib
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = pathlib.Path(sys.argv.pop(1)).resolve()
TIER = sys.argv.pop(1)
FILES = sorted((ROOT / "scenarios").glob("*.yaml"))
# Played in the commit tier, too: they take a second.
QUICK = ["lora-gateway", "edrx-alarm"]
SECONDS_MAX = 60  # of each, both runs, on a machine that does other things besides


def mqttlab(*arguments):
    return subprocess.run([PROGRAMS / "mqttlab", *map(str, arguments)], capture_output=True,
                          text=True, timeout=600, env=dict(os.environ, NO_COLOR="1"))


class Library(unittest.TestCase):
    def test_every_scenario_is_listed_with_a_description_and_tags(self):
        listed = {one["name"]: one for one in json.loads(mqttlab("list", "scenarios", "--json").stdout)}
        self.assertEqual(set(listed), {file.stem for file in FILES})
        self.assertGreaterEqual(len(listed), 20)
        for name, one in listed.items():
            with self.subTest(name):
                self.assertGreater(len(one["description"]), 100)
                self.assertTrue(one["tags"])
        shown = mqttlab("list", "scenarios").stdout
        self.assertIn("tags: ", shown)

    def test_descriptions_fit_the_terminal(self):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        with subprocess.Popen([PROGRAMS / "mqttlab", "list", "scenarios"], stdout=theirs) as listing:
            os.close(theirs)
            shown = b""
            while True:
                try:
                    part = os.read(ours, 65536)
                except OSError:  # Linux's way to say that nobody writes any longer
                    break
                if not part:
                    break
                shown += part
            self.assertEqual(listing.wait(), 0)
        os.close(ours)
        lines = shown.decode().splitlines()
        self.assertLessEqual(max(len(line) for line in lines if "tags: " not in line), 60)
        described = " ".join(" ".join(lines).split())
        for one in json.loads(mqttlab("list", "scenarios", "--json").stdout):
            self.assertIn(" ".join(one["description"].split()), described)

    @unittest.skipUnless((PROGRAMS / "mqttlab-sim").exists(), "built without ns-3")
    def test_every_scenario_reaches_what_it_is_about_and_holds_twice_the_same(self):
        files = FILES if TIER == "long" else [file for file in FILES if file.stem in QUICK]
        self.assertTrue(files)
        for file in files:
            with self.subTest(file.stem), tempfile.TemporaryDirectory() as folder:
                began = time.monotonic()
                run = mqttlab("run", file, "--repeat", 2, "--jobs", 1, "-o", folder)
                self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
                self.assertNotIn("not tried", run.stdout)
                self.assertLess(time.monotonic() - began, SECONDS_MAX)


if __name__ == "__main__":
    unittest.main()
