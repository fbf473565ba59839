#!/usr/bin/env python3
"""Every test that attacks.md names is there, and so is every file."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = (pathlib.Path(__file__).parent / "attacks.md").read_text()
TEST = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)", re.MULTILINE)


class Attacks(unittest.TestCase):
    def test_every_test_that_is_named_is_there(self):
        there = {found for folder in ("broker", "client", "transport", "protocol")
                 for file in (ROOT / folder).rglob("*_test.cc")
                 for found in TEST.findall(file.read_text())}
        suites = {suite for suite, _ in there}
        named = set(re.findall(r"`([A-Z]\w+)\.([A-Z]\w+|\*)`", PAGE)) - {("Suite", "Test")}
        self.assertGreater(len(named), 70)
        missing = sorted(f"{suite}.{test}" for suite, test in named
                         if suite not in suites or (test != "*" and (suite, test) not in there))
        self.assertEqual(missing, [])

    def test_every_file_that_is_named_is_there(self):
        for path in re.findall(r"`([\w/]+/[\w/]+\.(?:cc|py|txt|md))`", PAGE):
            self.assertTrue((ROOT / path).exists(), path)

    def test_every_limit_has_its_test(self):
        broker = (ROOT / "docs/broker.md").read_text()
        table = broker.split("<!-- limits -->")[1].split("<!-- /limits -->")[0]
        limits = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
        self.assertGreater(len(limits), 25)
        with_test = set(re.findall(r"`([a-z]\w+)`", PAGE.split("## Limits")[1]))
        self.assertEqual([limit for limit in limits if limit not in with_test], [])


if __name__ == "__main__":
    unittest.main()
