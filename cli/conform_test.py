#!/usr/bin/env python3
"""`mqttlab conform` as its users see it: results folder, selection, lists, matrix, other brokers.

ctest calls it with the folder of the programs as its first argument, and for the long tier with
`long` as its second.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

PROGRAMS = pathlib.Path(sys.argv.pop(1)).resolve()
LONG = len(sys.argv) > 1 and sys.argv[1] in ("commit", "long") and sys.argv.pop(1) == "long"

# The first passes, the second cannot: our broker answers.
CASES = """\
case is-answered: PINGREQ is answered
asserts: v5/MQTT-3.12.4-1
A connect user_name=lab password=secret-word
A ping

case is-silent: PINGREQ is not answered
asserts: v5/MQTT-3.12.4-1
A connect user_name=lab password=secret-word
A send PINGREQ
A expect nothing
"""


def mqttlab(*arguments, **options):
    return subprocess.run([PROGRAMS / "mqttlab", *map(str, arguments)], capture_output=True, text=True,
                          timeout=300, env=dict(os.environ, NO_COLOR="1"), **options)


class Conform(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mqttlab-conform-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.results = self.folder / "results"
        self.cases = self.folder / "my.cases"
        self.cases.write_text(CASES)

    def conform(self, *flags, code=0, output=None):
        done = mqttlab("conform", *flags, "-o", output or self.results)
        self.assertEqual(done.returncode, code, done.stdout[-3000:] + done.stderr)
        return done

    def stored(self, folder=None):
        return json.loads(((folder or self.results) / "results.json").read_text())


@unittest.skipIf(LONG, "of the commit tier")
class Outputs(Conform):
    def test_a_failure_shows_statement_exchange_command_and_packets_everywhere(self):
        done = self.conform("ours", "--cases", self.cases, code=1)
        failed = next(one for one in self.stored()["judged"] if one["verdict"] == "fail")
        self.assertEqual(failed["statements"], ["v5/MQTT-3.12.4-1"])
        self.assertEqual(failed["miss"]["expected"], "nothing")
        self.assertIn("--only v5/is-silent --seed 1", failed["again"])
        texts = {name: (self.results / name).read_text() for name in
                 ("report.html", "junit.xml", "summary.md", "results.json")}
        texts["stdout"] = done.stdout
        for name, text in texts.items():
            for part in ("v5/MQTT-3.12.4-1", "PINGRESP", "v5/is-silent"):
                self.assertIn(part, text, name)
            self.assertNotIn("secret-word", text)
        for name in ("report.html", "junit.xml", "stdout"):
            self.assertIn("--only v5/is-silent --seed 1", texts[name], name)
        self.assertNotIn(b"secret-word", (self.results / "capture.pcap").read_bytes())
        suite = xml.fromstring(texts["junit.xml"]).find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures"), suite.get("errors")), ("3", "1", "0"))

    @unittest.skipUnless(shutil.which("tshark"), "tshark is not installed")
    def test_tshark_reads_the_packets_of_the_case_that_failed(self):
        self.conform("ours", "--cases", self.cases, code=1)
        failed = next(one for one in self.stored()["judged"] if one["verdict"] == "fail")
        read = subprocess.run(["tshark", "-r", self.results / "capture.pcap", "-Y", failed["packets"], "-T", "fields",
                               "-e", "mqtt.msgtype"], capture_output=True, text=True, timeout=120, check=True)
        self.assertEqual(read.stdout.split(), ["1", "2", "12", "13"])

    def test_what_failed_is_selected_again(self):
        self.conform("ours", "--cases", self.cases, code=1)
        self.conform("ours", "--cases", self.cases, "--last-failed", code=1)
        self.assertEqual([one["id"] for one in self.stored()["judged"]], ["v5/is-silent"])
        self.conform("ours", "--only", "v5/pingreq*", "--only", "v5/ping*")
        self.assertIn("nothing failed", self.conform("ours", "--last-failed", code=4).stderr)
        self.assertIn("there was no run before",
                      self.conform("ours", "--last-failed", code=2, output=self.folder / "none").stderr)

    def test_json_is_the_only_thing_on_stdout_and_the_seed_gives_the_hash(self):
        first = json.loads(self.conform("ours", "--only", "v5/qos1*", "--json").stdout)
        again = json.loads(self.conform("ours", "--only", "v5/qos1*", "--json", "--repeat", "2").stdout)
        self.assertEqual(first["hash"], again["hash"])
        self.assertEqual(first["schema_version"], 1)
        self.assertEqual({one["verdict"] for one in first["judged"]}, {"pass"})
        self.assertEqual(len(first["statements"]), 251 + 141)
        self.assertTrue(all(not one["rounds"] for one in again["judged"]))

    def test_shards_are_the_whole_without_overlap(self):
        def ids(*flags):
            return [case["id"] for case in
                    json.loads(mqttlab("conform", "ours", "--list", "--json", *flags).stdout)]
        whole = ids("--only", "file:will.cases")
        parts = [ids("--only", "file:will.cases", "--shard", f"{i}/3") for i in (1, 2, 3)]
        self.assertEqual(sorted(sum(parts, [])), sorted(whole))
        self.assertEqual(len(sum(parts, [])), len(set(whole)))
        for wrong in ("0/3", "4/3", "1", "a/b", "1/3x"):
            self.assertEqual(mqttlab("conform", "ours", "--shard", wrong).returncode, 2, wrong)

    def test_nothing_selected_is_no_pass(self):
        self.conform("ours", "--only", "no-such-case", code=4)
        self.assertFalse((self.results / "results.json").exists())

    def test_several_results_make_one_matrix(self):
        self.conform("ours", "--only", "v5/qos1*", output=self.folder / "a")
        self.conform("ours", "--cases", self.cases, code=1, output=self.folder / "b")
        done = mqttlab("report", self.folder / "a", self.folder / "b/results.json", "-o", self.folder / "matrix")
        self.assertEqual(done.returncode, 1, done.stderr)
        page = (self.folder / "matrix/report.html").read_text()
        self.assertIn("2 targets side by side", page)
        self.assertIn('id="v5/MQTT-3.12.4-1@2"', page)


@unittest.skipIf(LONG, "of the commit tier")
class Lists(Conform):
    def test_statements_are_listed_and_explained(self):
        def statements(*flags):
            return json.loads(mqttlab("list", "statements", "--json", *flags).stdout)
        self.assertEqual(len(statements()), 251 + 141)
        self.assertEqual(len(statements("--version", "5")), 251)
        self.assertEqual(len(statements("--version", "5", "--role", "broker")), 235)
        self.assertTrue(all(one["section"].startswith("4.7") for one in statements("--section", "4.7")))
        one = json.loads(mqttlab("explain", "v5/MQTT-4.4.0-1", "--json").stdout)
        self.assertEqual(one["id"], "v5/MQTT-4.4.0-1")
        self.assertTrue(one["cases"] and one["says"])
        self.assertEqual(mqttlab("list", "statements", "--section", "99").returncode, 4)
        self.assertEqual(mqttlab("explain", "v5/MQTT-9.9.9-9").returncode, 2)

    def test_cases_are_listed(self):
        cases = json.loads(mqttlab("list", "cases", "--json", "--only", "file:will.cases", "--version", "3.1.1").stdout)
        self.assertTrue(cases and all(case["id"].startswith("v3.1.1/") for case in cases))


@unittest.skipUnless(shutil.which("mosquitto") or pathlib.Path("/usr/sbin/mosquitto").exists(),
                     "mosquitto is not installed: apt-get install mosquitto")
class Mosquitto(Conform):
    @unittest.skipIf(LONG, "of the commit tier")
    def test_some_cases_against_mosquitto(self):
        done = self.conform("mosquitto", "--only", "v5/qos0-with-dup/*", "--only", "v5/qos1*")
        results = self.stored()
        self.assertRegex(results["release"], r"mosquitto version \d")
        self.assertGreater(sum(one["verdict"] == "known" for one in results["judged"]), 0, done.stdout)
        self.assertGreater(sum(one["verdict"] == "pass" for one in results["judged"]), 10)

    @unittest.skipUnless(LONG, "of the long tier")
    def test_mosquitto_deviates_as_its_file_says_and_nowhere_else(self):
        self.conform("mosquitto")
        results = self.stored()
        decided = {one["version"]: one["checked"] for one in results["coverage"]}
        self.assertGreaterEqual(decided["5.0"], 180)
        self.assertGreaterEqual(decided["3.1.1"], 100)


class Coverage(Conform):
    @unittest.skipUnless(LONG, "of the long tier")
    def test_our_broker_is_checked_for_nearly_every_statement(self):
        self.conform("ours")
        decided = {one["version"]: one["checked"] for one in self.stored()["coverage"]}
        self.assertGreaterEqual(decided["5.0"], 225)
        self.assertGreaterEqual(decided["3.1.1"], 121)


if __name__ == "__main__":
    unittest.main()
