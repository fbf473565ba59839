#!/usr/bin/env python3
"""The command as its users see it: verdicts, hashes, exit codes, error texts, interrupts.

ctest calls it with the folder of the programs as its first argument.
"""
import base64
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = pathlib.Path(sys.argv.pop(1)).resolve()
WORLDS = ["memory", "ns3"] if (PROGRAMS / "mqttlab-sim").exists() else ["memory"]

SMALL = """\
version: 1
name: a sensor and a dashboard
duration: 10min
calm: 2min
seed: 3
links:
  slow: { rate: 40 kbit/s, delay: 300ms, jitter: 100ms, loss: 1%, source: assumption }
fleet:
  sensor:
    link: slow
    clean_start: false
    session_expiry: 1h
    keep_alive: 60s
    will: { topic: "shop/{id}/state", payload: gone, qos: 1 }
    publish:
      - { topic: "shop/{id}/temp", qos: 1, every: 10s, payload: 64B, retain: true }
      - { topic: "shop/{id}/count", qos: 2, every: 15s, payload: 32B }
  dashboard:
    link: wired
    clean_start: false
    session_expiry: 1h
    subscribe:
      - { filter: "shop/#", qos: 2 }
faults:
  - { at: 2min, cut: slow, for: 100s, every: 4min }
expect:
  - qos1: at-least-once
  - qos2: exactly-once
"""


def mqttlab(*arguments, **options):
    environment = dict(os.environ, NO_COLOR="1", MQTTLAB_LAUNCHER="./mqttlab")
    return subprocess.run([PROGRAMS / "mqttlab", *map(str, arguments)], capture_output=True,
                          text=True, timeout=300, env=environment, **options)


class CommandTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mqttlab-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.results = self.folder / "results"

    def scenario(self, text, name="scenario.yaml"):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def run_scenario(self, text, *flags, code=0, **options):
        run = mqttlab("run", self.scenario(text), "-o", self.results, *flags, **options)
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        return run

    def read_results(self, folder=None):
        return json.loads(((folder or self.results) / "results.json").read_text())


def fields(capture, which, field):
    """The field of the packets that the filter finds, as tshark prints it."""
    command = ["tshark", "-n", "-r", capture, "-T", "fields", "-e", field, "-Y", which]
    return subprocess.run(command, capture_output=True, text=True, timeout=120).stdout.split()


class Secrets(CommandTest):
    """The example of the refrigerated counter: TLS keeps a password from being read on the way."""

    READABLE = {"cold-but-not-frozen": False, "only-looking": True, "next-door": True, "123456": True}

    @classmethod
    def setUpClass(cls):
        cls.folder_of_runs = pathlib.Path(tempfile.mkdtemp(prefix="mqttlab-test-"))
        cls.runs = {}
        for world in WORLDS:
            cls.runs[world] = mqttlab("run", ROOT / "scenarios/cold-counter-permissions.yaml",
                                      "-o", cls.folder_of_runs / world, "--world", world)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder_of_runs)

    def each_run(self):
        for world, run in self.runs.items():
            self.assertEqual(run.returncode, 0, world + run.stdout + run.stderr)
            yield run, self.folder_of_runs / world

    def test_a_password_is_in_the_capture_of_a_plain_connection_and_in_nothing_else(self):
        for run, folder in self.each_run():
            for secret, is_readable in self.READABLE.items():
                self.assertNotIn(secret, run.stdout + run.stderr)
                for path in folder.iterdir():
                    found = secret.encode() in path.read_bytes()
                    expected = is_readable and path.name == "capture.pcap"
                    self.assertEqual(found, expected, f"{secret} in {path.name}")

    def test_the_packets_in_the_events_have_no_passwords(self):
        for _, folder in self.each_run():
            connects = 0
            for line in (folder / "events.ndjson").read_text().splitlines():
                event = json.loads(line)
                if event.get("kind") != "CONNECT":
                    continue
                connects += 1
                wire = base64.b64decode(event["wire"])
                for secret in self.READABLE:
                    self.assertNotIn(secret.encode(), wire)
            self.assertGreater(connects, 6)

    def test_the_capture_has_tls_as_it_travels_and_plain_mqtt_as_mqtt(self):
        for _, folder in self.each_run():
            capture = folder / "capture.pcap"
            self.assertEqual(set(fields(capture, "mqtt.passwd", "mqtt.passwd")),
                             {secret for secret, is_readable in self.READABLE.items() if is_readable})
            types = fields(capture, "tls", "tls.handshake.type")
            self.assertEqual(types[:2], ["1", "2"], "ClientHello and ServerHello")
            self.assertGreater(len(fields(capture, "tls.app_data", "frame.number")), 120)
            self.assertEqual(fields(capture, "_ws.malformed || tls.alert_message.level == 2", "frame.number"), [])
            self.assertEqual({name[:3] for name in fields(capture, "", "_ws.col.Protocol")}, {"MQT", "TLS"})

    def test_what_lay_within_tls_is_a_file_of_its_own_with_the_password_starred_out(self):
        for _, folder in self.each_run():
            decrypted = folder / "decrypted.pcap"
            self.assertEqual(set(fields(decrypted, "mqtt.passwd", "mqtt.passwd")),
                             {"*" * len("cold-but-not-frozen")})
            self.assertEqual(set(fields(decrypted, "mqtt.clientid", "mqtt.clientid")),
                             {"sensor"})
            self.assertEqual(set(fields(decrypted, "", "exported_pdu.src_port")) & {"1883", "8883"},
                             {"8883"})

    def test_without_tls_there_is_no_such_file(self):
        self.run_scenario(SMALL, "--world", "memory")
        self.assertFalse((self.results / "decrypted.pcap").exists())


class Runs(CommandTest):
    def test_a_run_writes_its_whole_folder_and_says_where_the_report_lies(self):
        for world in WORLDS:
            with self.subTest(world=world):
                run = self.run_scenario(SMALL, "--world", world)
                self.assertIn("Held:", run.stdout)
                self.assertIn(self.read_results()["hash"], run.stdout)
                self.assertIn("./mqttlab run", run.stdout)
                self.assertIn(str(self.results / "report.html"), run.stdout)
                for name in ("report.html", "results.json", "junit.xml", "summary.md",
                             "events.ndjson", "capture.pcap"):
                    self.assertGreater((self.results / name).stat().st_size, 0, name)
                versions = self.read_results()["configuration"]["versions"]
                self.assertTrue(all(row["value"] for row in versions), versions)

    def test_the_printed_command_repeats_the_run(self):
        run = self.run_scenario(SMALL, "--world", "memory")
        command = next(line for line in run.stdout.splitlines() if line.startswith("repeat"))
        words = command.split()[2:]
        again = mqttlab(*words, "-o", self.folder / "again")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(self.read_results(self.folder / "again")["hash"],
                         self.read_results()["hash"])

    def test_a_seed_has_one_hash_and_another_seed_another(self):
        for world in WORLDS:
            with self.subTest(world=world):
                hashes = []
                for seed in (1, 1, 2):
                    self.run_scenario(SMALL, "--world", world, "--seed", seed)
                    hashes.append(self.read_results()["hash"])
                self.assertEqual(hashes[0], hashes[1])
                self.assertNotEqual(hashes[0], hashes[2])

    def test_repeat_compares_hashes(self):
        run = self.run_scenario(SMALL, "--world", WORLDS[-1], "--repeat", 3)
        self.assertIn("the same hash in 3 runs", run.stdout)

    def test_a_broker_that_cannot_be_had_says_why(self):
        for broker, code, text in (("mosquito", 2, "did you mean mosquitto?"),
                                   ("mqtt://127.0.0.1:1", 3, "127.0.0.1:1: Connection refused")):
            with self.subTest(broker=broker):
                run = self.run_scenario(SMALL, "--world", "memory", "--broker", broker, code=code)
                self.assertIn(text, run.stderr)
        adapter = self.scenario("version: 1\nname: none\ntitle: Nobody\nprogram: no-such-broker\n"
                                "install: wait for it\ncommand: [a]\nlisteners: [mqtt]\n", "none.yaml")
        run = self.run_scenario(SMALL, "--world", "memory", "--broker", adapter, code=3)
        self.assertIn("Nobody is not installed (no program `no-such-broker`); to install it: wait for it",
                      run.stderr)
        older = self.scenario("version: 1\nname: older\ntitle: Older\nprogram: sh\ninstall: have it\n"
                              "command: [sh]\nlisteners: [mqtt]\ncapabilities: {versions: [3.1.1]}\n",
                              "older.yaml")
        run = self.run_scenario(SMALL, "--world", "memory", "--broker", older, code=2)
        self.assertIn("speaks MQTT 5.0, and Older does not; with --protocol 3.1.1 nobody does", run.stderr)

    @unittest.skipUnless(shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin"),
                         "apt-get install mosquitto")
    def test_an_unmodified_broker_of_others_is_judged_like_ours(self):
        # With a keep alive that the cuts outlast, mosquitto 2.0 is judged broken: it closes late.
        text = SMALL.replace("keep_alive: 60s", "keep_alive: 5min")
        for world in WORLDS:
            with self.subTest(world=world):
                run = self.run_scenario(text, "--world", world, "--broker", "mosquitto",
                                        "--repeat", 2)
                self.assertIn("the same hash in 2 runs", run.stdout)
                results = self.read_results()
                self.assertEqual(results["run"]["broker"], "mosquitto")
                versions = {row["name"]: row["value"] for row in results["configuration"]["versions"]}
                self.assertIn("mosquitto version 2.", versions["broker"])
                self.assertEqual(versions["back end"], "vtime-token")
                log = (self.results / "broker.log").read_text()
                self.assertIn("mosquitto version 2.", log)
                self.assertRegex(log, r"mqttlab: it took \d+ ms of processor time\n$")
                self.assertIn("--broker mosquitto", run.stdout)

    @unittest.skipUnless(shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin"),
                         "apt-get install mosquitto")
    def test_hours_of_keep_alive_of_another_broker_are_tested_in_seconds(self):
        run = mqttlab("conform", "mosquitto", "--virtual", "--only", "v5/keep-alive/hour")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn("1 case", run.stdout)

    def test_a_report_may_have_a_name_of_its_own(self):
        page, junit = self.folder / "new" / "page.html", self.folder / "j.xml"
        junit.write_text("of an earlier run")
        run = self.run_scenario(SMALL, "--report", f"html={page}", "--report", f"junit={junit}")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(page.read_text(), (self.results / "report.html").read_text())
        self.assertEqual(junit.read_text(), (self.results / "junit.xml").read_text())

    def test_seeds_get_folders_of_their_own(self):
        self.run_scenario(SMALL, "--world", "memory", "--seeds", 3, "--seed", 10)
        hashes = {self.read_results(self.results / f"seed-{n}")["hash"] for n in (10, 11, 12)}
        self.assertEqual(len(hashes), 3)

    def test_many_runs_are_told_together_and_what_lay_there_before_is_named(self):
        first = self.run_scenario(SMALL, "--world", "memory", "--seeds", 3)
        self.assertTrue(first.stdout.endswith("3 runs: 3 held, 0 broken\n"), first.stdout)
        self.assertEqual(first.stderr, "")
        again = self.run_scenario(SMALL, "--world", "memory", "--seeds", 2)
        self.assertIn("has results of other runs too", again.stderr)
        self.assertIn("seed-5", again.stderr)
        hard = SMALL + "  - latency: { percentile: 50, below: 1ms }\n"
        broken = self.run_scenario(hard, "--world", "memory", "--seeds", 2, code=1)
        self.assertRegex(broken.stdout, r"\n2 runs: 0 held, 2 broken: \S+seed-3, \S+seed-4\n$")

    def test_json_is_one_document_on_stdout(self):
        run = self.run_scenario(SMALL, "--world", "memory", "--json")
        self.assertEqual(json.loads(run.stdout)["hash"], self.read_results()["hash"])
        run = self.run_scenario(SMALL, "--world", "memory", "--json", "--seeds", 2)
        self.assertEqual(len(json.loads(run.stdout)["runs"]), 2)

    def test_trace_policies(self):
        self.run_scenario(SMALL, "--world", "memory", "--trace", "none")
        self.assertFalse((self.results / "events.ndjson").exists())
        self.run_scenario(SMALL, "--world", "memory", "--trace", "failures")
        self.assertFalse((self.results / "capture.pcap").exists(), "every promise held")

    def test_report_renders_again_without_running(self):
        self.run_scenario(SMALL, "--world", "memory")
        report = self.results / "report.html"
        first = report.read_bytes()
        report.unlink()
        again = mqttlab("report", self.results)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(report.read_bytes(), first)
        report.unlink()
        elsewhere = mqttlab("report", self.results, "-o", self.folder / "elsewhere")
        self.assertEqual(elsewhere.stdout, f"{self.folder}/elsewhere/report.html\n")
        self.assertEqual((self.folder / "elsewhere/report.html").read_bytes(), first)
        self.assertFalse(report.exists())

    def test_reports_of_one_scenario_stand_side_by_side(self):
        folders = [self.folder / name for name in ("before", "after")]
        slower = SMALL.replace("delay: 300ms", "delay: 900ms")
        for folder, text in zip(folders, (SMALL, slower)):
            self.assertEqual(mqttlab("run", self.scenario(text), "--world", "memory", "-o",
                                     folder).returncode, 0)
        both = mqttlab("report", *folders, "-o", self.folder / "both")
        self.assertEqual(both.returncode, 0, both.stderr)
        self.assertIn("in too few runs to be sure", both.stdout)
        self.assertRegex(both.stdout, r"after delivers later of QoS 1: .* after 1\.\d+ s, before \d+ ms")
        page = (self.folder / "both/report.html").read_text()
        self.assertIn('<a href="../after/report.html">', page)
        other = self.folder / "other"
        mqttlab("run", self.scenario(SMALL.replace("name: a sensor", "name: another")), "--world",
                "memory", "-o", other)
        refused = mqttlab("report", folders[0], other, "-o", self.folder / "both")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("only runs of the same scenario", refused.stderr)

    def test_reports_of_many_seeds_stand_side_by_side(self):
        folders = [self.folder / name for name in ("before", "after")]
        slower = SMALL.replace("delay: 300ms", "delay: 900ms")
        for folder, text in zip(folders, (SMALL, slower)):
            self.assertEqual(mqttlab("run", self.scenario(text), "--world", "memory", "-o", folder,
                                     "--seeds", 5, "--trace", "none").returncode, 0)
        both = mqttlab("report", *folders, "-o", self.folder / "both")
        self.assertEqual(both.returncode, 0, both.stderr)
        self.assertIn("The differences that matter", both.stdout)
        self.assertRegex(both.stdout, r"p 0\.00\d+, effect \+1\.00 \(5 and 5 seeds\)")

    def test_the_library_of_scenarios_holds_and_each_report_is_under_a_megabyte(self):
        listed = json.loads(mqttlab("list", "scenarios", "--json").stdout)
        self.assertGreaterEqual(len(listed), 3)
        for scenario in listed:
            with self.subTest(scenario=scenario["name"]):
                run = mqttlab("run", scenario["file"], "--world", WORLDS[-1], "-o", self.results)
                if WORLDS[-1] == "memory" and "it needs the world `ns3`" in run.stderr:
                    self.assertEqual(run.returncode, 2)
                    continue
                self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
                self.assertLess((self.results / "report.html").stat().st_size, 1_000_000)


class Refusals(CommandTest):
    def refused(self, text, *expected, name="scenario.yaml"):
        began = time.monotonic()
        run = mqttlab("run", self.scenario(text, name), "-o", self.results)
        self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
        self.assertLess(time.monotonic() - began, 10)
        for words in expected:
            self.assertIn(words, run.stderr)
        return run

    def test_bad_files_are_refused_with_their_places(self):
        self.refused("", "scenario.yaml:1:1:")
        self.refused(bytes(range(256)), "scenario.yaml:")
        self.refused("a: &a\n b: *a\n", "scenario.yaml:")
        self.refused("[" * 20000, "scenario.yaml:")
        self.refused("x" * 100_000_000, "scenario.yaml:")
        self.refused(SMALL.replace("keep_alive", "keep_alife"), "keep_alife", "keep_alive")
        self.refused(SMALL.replace("every: 10s", "every: -10s"), "scenario.yaml:16:")
        self.refused(SMALL.replace("  dashboard:", "  dashboard:\n    count: 0"), "count")

    def test_all_errors_of_a_file_are_listed(self):
        text = SMALL.replace("keep_alive", "keep_alife").replace("duration: 10min", "duration: -1s")
        run = self.refused(text)
        self.assertGreaterEqual(len(run.stderr.strip().splitlines()), 2, run.stderr)

    def test_a_file_that_is_not_there(self):
        run = mqttlab("run", self.folder / "none.yaml")
        self.assertEqual(run.returncode, 2)
        self.assertIn("none.yaml", run.stderr)

    def test_usage(self):
        for words in (["run"], ["runn", "x"], ["run", "--sed", "1", "x.yaml"],
                      ["run", "--repeat", "0", "x.yaml"], []):
            with self.subTest(words=words):
                self.assertEqual(mqttlab(*words).returncode, 2)
        self.assertEqual(mqttlab("--help").returncode, 0)
        self.assertEqual(mqttlab("--version").returncode, 0)

    def test_a_number_that_does_not_fit_is_told_why(self):
        for flags, text in [(["--seed", "-1"], "`-1` is less than 0"),
                            (["--seed", "99999999999999999999"], "is too large"),
                            (["--seeds", "1.5"], "expected a whole number, got `1.5`"),
                            (["--seeds", "x"], "expected a number, got `x`")]:
            run = mqttlab("run", "cold-counter", *flags)
            self.assertEqual((run.returncode, text in run.stderr), (2, True), run.stderr)

    def test_every_verb_of_the_help_is_a_verb(self):
        overview = mqttlab("--help").stdout.split("For example")[0]
        verbs = re.findall(r"(?m)^  ([a-z-]+) ", overview)
        self.assertIn("conform", verbs)
        for verb in verbs:
            with self.subTest(verb=verb):
                told = mqttlab(verb, "--help")
                self.assertEqual(told.returncode, 0, told.stderr)
                self.assertIn(verb, told.stdout)

    def test_the_launcher_builds_the_program_of_every_verb(self):
        table = (ROOT / "cli/programs.cc").read_text()
        launcher = (ROOT / "mqttlab").read_text()
        programs = [pair for pair in re.findall(r'Verb\{"([\w-]+)", "([\w-]+)"', table)
                    if pair[1] != "mqttlab"]
        self.assertGreater(len(programs), 5)
        every = re.search(r"every_program=\((.*?)\)", launcher, re.DOTALL).group(1).split()
        self.assertLessEqual({program for _, program in programs}, set(every), "the manual asks all")
        for verb, program in programs:
            with self.subTest(verb=verb):
                self.assertRegex(launcher, rf"(?m)^ .*\b{verb}\b.*\) echo mqttlab .*{program}\b")

    def test_the_launcher_tests_builds_that_there_are(self):
        run = subprocess.run([ROOT / "mqttlab", "test", "--preset", "nonsense"],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 2)
        self.assertIn("tsan", run.stderr)
        self.assertIn("nonsense", run.stderr)

    @unittest.skipUnless((PROGRAMS / "mqttlab-radio-sim").exists(), "built without ns-3")
    def test_a_network_of_ns3s_own_is_played_by_every_command_and_loaded_for_nobody_else(self):
        loads = {name: subprocess.run(["ldd", PROGRAMS / name], capture_output=True, text=True,
                                      check=True).stdout for name in ("mqttlab-sim", "mqttlab-radio-sim")}
        self.assertNotRegex(loads["mqttlab-sim"], "ns3.*(lte|wifi)")
        self.assertRegex(loads["mqttlab-radio-sim"], "ns3.*lte")
        hall = re.sub(r"slow: \{.*\}", "slow: { wifi: { speed: 5 km/h } }", SMALL)
        hall = re.sub(r"faults:\n.*\n", "", hall)
        hall = hall.replace("10min", "10s").replace("2min", "5s").replace("every: 1", "every: 1.")
        file = self.scenario(hall)
        shown = self.run_scenario(hall, "--repeat", 2).stdout
        self.assertIn("the same hash in 2 runs", shown)
        self.assertIn("needs the world `ns3`",
                      mqttlab("run", file, "--world", "memory", "-o", self.folder / "m").stderr)
        self.assertEqual(mqttlab("check", file).returncode, 0)
        both = ["--broker", "ours", "--broker", "mosquitto"]
        for words in (["compare", file, *both, "-o", self.folder / "c"],
                      ["explore", file, "--world", "ns3", "--runs", 2, "-o", self.folder / "e"],
                      ["gate", self.results, self.results]):
            with self.subTest(words[0]):
                run = mqttlab(*words)
                # Whether mosquitto keeps its promises is not asked here.
                self.assertLessEqual(run.returncode, words[0] == "compare", run.stdout + run.stderr)
        shutil.copy(PROGRAMS / "mqttlab", self.folder)
        run = subprocess.run([self.folder / "mqttlab", "run", file, "-o", self.results],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 5)
        self.assertIn("mqttlab-radio-sim cannot be started", run.stderr)
        self.assertIn("links with `lte` or `wifi` need it", run.stderr)

    def test_a_program_that_is_not_there_is_named(self):
        shutil.copy(PROGRAMS / "mqttlab", self.folder)
        run = subprocess.run([self.folder / "mqttlab", "conform", "ours"], capture_output=True,
                             text=True, timeout=60)
        self.assertEqual(run.returncode, 5)
        self.assertIn("mqttlab-conform", run.stderr)
        self.assertIn("built", run.stderr)

    def test_a_results_folder_that_cannot_be_made(self):
        blocker = self.folder / "file"
        blocker.write_text("")
        run = mqttlab("run", self.scenario(SMALL), "-o", blocker / "results")
        self.assertEqual(run.returncode, 2)
        self.assertIn("file/results cannot be made", run.stderr)

    def test_a_report_that_cannot_be_had(self):
        blocker = self.folder / "file"
        blocker.write_text("")
        for given, why in [("htm=x.html", "did you mean html?"), ("html", "expected KIND=PATH"),
                           ("html=", "expected KIND=PATH"),
                           (f"html={self.folder}", "is a folder"),
                           (f"html={blocker}/r.html", "cannot be made")]:
            run = mqttlab("run", self.scenario(SMALL), "-o", self.results, "--report", given)
            self.assertEqual(run.returncode, 2, given)
            self.assertIn(f"--report {given}: ", run.stderr)
            self.assertIn(why, run.stderr)
        self.assertFalse(self.results.exists(), "it is refused before anything runs")
        run = mqttlab("run", self.scenario(SMALL), "-o", self.results, "--seeds", "2",
                      "--report", f"html={self.folder}/r.html")
        self.assertEqual(run.returncode, 2)
        self.assertIn("these are 2 runs", run.stderr)

    def test_a_scenario_that_measures_nothing(self):
        idle = SMALL[:SMALL.index("faults:")].replace("    publish:", "    x-publish:")
        lines = [line for line in idle.splitlines()
                 if "x-publish" not in line and "- { topic" not in line]
        run = mqttlab("run", self.scenario("\n".join(lines) + "\n"), "-o", self.results,
                      "--world", "memory")
        self.assertEqual(run.returncode, 4, run.stdout + run.stderr)
        self.assertIn("Nothing proven:", run.stdout)

    def test_an_expectation_that_was_not_tried_is_named_beside_what_held(self):
        untried = SMALL + "  - retained: last-value\n"
        run = mqttlab("run", self.scenario(untried), "-o", self.results, "--world", "memory")
        self.assertEqual(run.returncode, 4, run.stdout + run.stderr)
        self.assertIn("Not proven: What is expected had no chance to break: A new subscription",
                      run.stdout)


class Trouble(CommandTest):
    def test_a_disk_that_fills_up_is_said_and_what_was_measured_is_kept(self):
        def small_files_only():
            resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

        long = SMALL.replace("duration: 10min", "duration: 10h")
        run = mqttlab("run", self.scenario(long), "-o", self.results, "--world", "memory",
                      preexec_fn=small_files_only)
        self.assertEqual(run.returncode, 5, run.stdout + run.stderr)
        self.assertIn("could not be written", run.stderr)
        self.assertFalse(self.read_results()["complete"])

    def test_an_interrupt_writes_what_there_is(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(signal=number):
                endless = SMALL.replace("duration: 10min", "duration: 3000h")
                process = subprocess.Popen(
                    [PROGRAMS / "mqttlab", "run", self.scenario(endless), "-o", self.results,
                     "--trace", "none", "--world", "memory"],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                time.sleep(1.0)
                self.assertIsNone(process.poll(), "it ended before it could be interrupted")
                process.send_signal(number)
                output, errors = process.communicate(timeout=60)
                self.assertEqual(process.returncode, code, output + errors)
                self.assertIn("Interrupted:", output)
                self.assertFalse(self.read_results()["complete"])
                self.assertTrue((self.results / "report.html").exists())

    def test_a_verdict_that_cannot_be_printed_is_no_pass(self):
        with open("/dev/full", "w") as full:
            run = subprocess.run([PROGRAMS / "mqttlab", "run", self.scenario(SMALL), "-o", self.results, "--world",
                                  "memory", "--trace", "none"], stdout=full, stderr=subprocess.PIPE, text=True,
                                 timeout=60)
        self.assertEqual(run.returncode, 5, run.stderr)
        self.assertIn("the output could not be written", run.stderr)
        self.assertTrue((self.results / "report.html").exists())

    def test_a_worker_that_hears_of_it_twice_still_writes_what_there_is(self):
        # By a terminal, which tells the whole group, and by the one that started it.
        endless = SMALL.replace("duration: 10min", "duration: 3000h")
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            self.results.mkdir(exist_ok=True)
            worker = subprocess.Popen(
                [PROGRAMS / "mqttlab", "worker", "memory", "1", "none", self.results, "small.yaml", "", "", "", "",
                 "", ""], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            worker.stdin.write(endless.encode())
            worker.stdin.close()
            time.sleep(1.0)
            for _ in range(2):
                worker.send_signal(number)
                time.sleep(0.002)
            self.assertEqual(worker.wait(timeout=60), code)
            worker.stderr.close()
            self.assertFalse(self.read_results()["complete"])


class Gate(CommandTest):
    """Two versions are played by one scenario with two links of the same name."""

    def seeds(self, folder, number, delay="300ms"):
        file = self.scenario(SMALL.replace("300ms", delay), f"{folder}.yaml")
        ran = mqttlab("run", file, "--world", "memory", "--seeds", number, "--trace", "none", "-o",
                      self.folder / folder)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        return self.folder / folder

    def test_more_latency_is_worse_and_less_is_better(self):
        base, slow = self.seeds("base", 5), self.seeds("slow", 5, "900ms")
        worse = mqttlab("gate", base, slow, "-o", self.folder / "out")
        self.assertEqual(worse.returncode, 1, worse.stdout)
        self.assertIn("NEW is worse than BASE", worse.stdout)
        self.assertIn("latency-p50-qos1", worse.stdout)
        self.assertEqual({path.name for path in (self.folder / "out").iterdir()},
                         {"gate.json", "junit.xml", "summary.md"})
        better = mqttlab("gate", slow, base, "--json")
        self.assertEqual(better.returncode, 0)
        self.assertFalse(json.loads(better.stdout)["worse"])
        self.assertEqual(mqttlab("gate", base, slow, "--tolerate", "*=500%").returncode, 0)

    def test_below_five_seeds_only_promises_are_compared_and_it_says_so(self):
        base, slow = self.seeds("base", 2), self.seeds("slow", 2, "900ms")
        gate = mqttlab("gate", base, slow)
        self.assertEqual(gate.returncode, 0)
        self.assertIn("only promises are compared", gate.stdout)

    def test_github_gets_annotations_and_a_summary(self):
        base, slow = self.seeds("base", 5), self.seeds("slow", 5, "900ms")
        summary = self.folder / "summary"
        environment = dict(os.environ, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))
        gate = subprocess.run([PROGRAMS / "mqttlab", "gate", base, slow], capture_output=True,
                              text=True, env=environment, timeout=60)
        self.assertEqual(gate.returncode, 1)
        annotations = [line for line in gate.stdout.splitlines() if line.startswith("::error ")]
        self.assertTrue(1 <= len(annotations) <= 10, gate.stdout)
        self.assertIn("NEW is worse", summary.read_text())

    def test_what_cannot_be_compared_is_refused(self):
        base = self.seeds("base", 1)
        (self.folder / "empty").mkdir()
        (self.folder / "odd").mkdir()
        (self.folder / "odd" / "results.json").write_text("{}")
        for other, code, text in [("empty", 4, "holds no results.json"), ("none", 2, "cannot be read"),
                                  ("odd", 2, "schema_version")]:
            gate = mqttlab("gate", base, self.folder / other)
            self.assertEqual((gate.returncode, text in gate.stderr), (code, True), gate.stderr)
        for flag, value, text in [("--tolerate", "latency", "expected METRIC=SHARE"),
                                  ("--tolerate", "latncy-*=9%", "no figure is called"),
                                  ("--skip", "latency-p99-qs1", "did you mean latency-p99-qos1"),
                                  ("-o", base / "results.json", "cannot be made")]:
            wrong = mqttlab("gate", base, base, flag, value)
            self.assertEqual((wrong.returncode, text in wrong.stderr), (2, True), wrong.stderr)

    def test_a_run_that_left_no_results_is_named_and_lets_nothing_through(self):
        base, slow = self.seeds("base", 3), self.seeds("slow", 3)
        lost = sorted(slow.glob("seed-*"))[1]
        (lost / "results.json").unlink()
        for sides in ([base, slow], [slow, base]):
            gate = mqttlab("gate", *sides)
            self.assertEqual(gate.returncode, 2, gate.stdout)
            self.assertIn(f"{lost}: no results.json", gate.stdout)
        report = mqttlab("report", slow)
        self.assertEqual(report.returncode, 0, report.stderr)
        self.assertIn(f"{lost}: no results.json", report.stderr)

    def test_a_side_may_be_named_by_its_results_json(self):
        base = self.seeds("base", 1)
        gate = mqttlab("gate", base / "results.json", base)
        self.assertEqual(gate.returncode, 0, gate.stderr)
        self.assertIn("1 run against 1", gate.stdout)


class Explore(CommandTest):
    def explore(self, *flags):
        return mqttlab("explore", *flags, "-o", self.folder / "found")

    def test_our_broker_keeps_its_promises_in_drawn_scenarios(self):
        explored = self.explore("--runs", 40, "--jobs", 1)
        self.assertEqual(explored.returncode, 0, explored.stdout + explored.stderr)
        self.assertIn("40 runs with", explored.stdout)
        self.assertIn("Every promise was kept", explored.stdout)

    def test_a_scenario_of_ones_own_that_fails_is_made_small_and_fails_alone(self):
        text = SMALL.replace("expect:", "expect:\n  - latency: { percentile: 50, below: 1ms }")
        explored = self.explore(self.scenario(text), "--runs", 20, "--seed", 7)
        self.assertEqual(explored.returncode, 1, explored.stdout + explored.stderr)
        found = list((self.folder / "found").iterdir())
        self.assertEqual(len(found), 1)
        self.assertLess(len(found[0].read_text()), len(text))
        again = mqttlab("run", found[0], "-o", self.results)
        self.assertEqual(again.returncode, 1, again.stdout + again.stderr)

    def test_wrong_use_is_told(self):
        self.assertEqual(self.explore("--time", "soon").returncode, 2)
        self.assertEqual(self.explore(self.scenario("version: 2\n")).returncode, 2)
        self.assertEqual(self.explore("--runs", 0).returncode, 2)


class OtherVerbs(CommandTest):
    def test_check_says_whether_files_are_valid(self):
        self.assertEqual(mqttlab("check", self.scenario(SMALL)).returncode, 0)
        self.assertEqual(mqttlab("check", self.scenario("nonsense: 1")).returncode, 2)

    def test_doctor_says_what_is_wrong_with_a_machine(self):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / "broker.conf"
            config.write_text("listener 1883\n")
            done = mqttlab("doctor", "--json", "-o", folder, "-c", config)
            checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual(checks["configuration"]["state"], "good")
            self.assertIn("a sync takes", checks["folder"]["found"])
            self.assertEqual(list(pathlib.Path(folder).iterdir()), [config])  # it leaves nothing
            with socket.create_server(("127.0.0.1", 0)) as taken:
                port = taken.getsockname()[1]
                config.write_text(f"listener 0 127.0.0.1\nlistener {port} 127.0.0.1\n"
                                  f"listener 0 {folder}/socket\n")
                done = mqttlab("doctor", "-o", folder, "-c", config)
                self.assertIn(f"127.0.0.1:{port}: Address already in use", done.stdout)
                self.assertNotIn("1883", done.stdout)
            config.write_text(f"listener 1883\nacl_file {folder}/none\n")
            done = mqttlab("doctor", "-o", folder, "-c", config)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{folder}/none: No such file", done.stdout)
            config.write_text("listener x\n")
            (pathlib.Path(folder) / "store").write_text("no store at all, but long enough " * 100)
            done = mqttlab("doctor", "-o", folder, "-c", config, "--store", f"{folder}/store")
            self.assertEqual(done.returncode, 1)
            self.assertIn("broker.conf:1:10: error: listener", done.stdout)
            self.assertRegex(done.stdout, "bad +store")
            self.assertEqual(mqttlab("doctor", "-o", folder + "/none").returncode, 1)
            self.assertEqual(mqttlab("doctor", "--nonsense").returncode, 2)

    def test_list_profiles_shows_a_picture_of_each(self):
        lines = mqttlab("list", "profiles").stdout
        self.assertIn("Mbit/s down", lines)
        self.assertIn("Elements", lines)
        profiles = json.loads(mqttlab("list", "profiles", "--json").stdout)
        by_name = {profile["name"]: profile for profile in profiles}
        self.assertEqual(by_name["nat-3min"]["kind"], "element")
        self.assertEqual(len(by_name["leo"]["bits_per_second"]), 24)
        self.assertAlmostEqual(by_name["wired"]["round_trip_seconds"][3], 0.002, places=4)

    def test_fit_gives_a_link_and_says_how_well_it_fits(self):
        with tempfile.TemporaryDirectory() as folder:
            trace = pathlib.Path(folder) / "drive.down"
            trace.write_text("".join(f"{10 * i}\n" for i in range(30_000) if i % 1000 < 900))
            done = mqttlab("fit", str(trace))
            self.assertEqual(done.returncode, 0)
            self.assertIn("rate: { quantiles: {", done.stdout)
            self.assertIn("outages:", done.stdout)
            figures = json.loads(mqttlab("fit", str(trace), "--json").stdout)
            self.assertEqual(figures["ks_replayed"], {"rates": 0, "outages": 0, "services": 0})
            self.assertAlmostEqual(figures["figures"]["outage p50, s"]["trace"], 1.01, places=2)
            # What it prints is legal where a scenario wants a link.
            keys = "".join(f"    {line}\n" for line in done.stdout.splitlines()
                           if line and line[0] not in "#nd" or line.startswith("delay"))
            scenario = pathlib.Path(folder) / "s.yaml"
            scenario.write_text("version: 1\nname: x\nduration: 1h\nlinks:\n  van:\n" + keys +
                                "fleet: { a: { link: van } }\n")
            checked = mqttlab("check", str(scenario))
            self.assertEqual(checked.returncode, 0, checked.stderr)
            trace.write_text("5\n3\n")
            refused = mqttlab("fit", str(trace))
            self.assertEqual(refused.returncode, 2)
            self.assertIn("drive.down:2:1: comes before the line above it", refused.stderr)
            trace.write_text("5\n")
            self.assertEqual(mqttlab("fit", str(trace)).returncode, 4)

    def test_export_netem_prints_commands_and_what_they_cannot_do(self):
        done = mqttlab("export-netem", "leo", "--device", "wwan0")
        self.assertEqual(done.returncode, 0)
        self.assertIn("tc qdisc add dev wwan0 root netem", done.stdout)
        self.assertIn("# netem cannot: outages by a timetable", done.stdout)
        refused = mqttlab("export-netem", "leos")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("did you mean `leo`", refused.stderr)

    def test_bench_names_its_rows_and_refuses_others(self):
        self.assertIn("fan-in-q0", mqttlab("bench", "broker", "--list").stdout)
        refused = mqttlab("bench", "broker", "--only", "fan-in-q3")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("did you mean fan-in-q0?", refused.stderr)
        self.assertEqual(mqttlab("bench", "broker", "--brokers", "nobody").returncode, 2)

    def test_bench_measures_our_broker(self):
        done = mqttlab("bench", "broker", "--brokers", "ours", "--only", "one-q1", "--rounds", "1",
                       "--size", "0.01", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        measured = json.loads(done.stdout)["rows"][0]["brokers"][0]
        self.assertEqual(measured["rounds"][0]["units"], 100)
        self.assertGreater(measured["medians"]["cpu_us_per_unit"], 0)

    def test_schema_is_json(self):
        self.assertIn("$schema", json.loads(mqttlab("schema", "scenario").stdout))

    def test_profiles_are_listed(self):
        names = [p["name"] for p in json.loads(mqttlab("list", "profiles", "--json").stdout)]
        self.assertIn("gprs", names)


if __name__ == "__main__":
    unittest.main()
