#!/usr/bin/env python3
"""Campaigns as their users see them: campaign_test.py FOLDER_OF_PROGRAMS TIER [SOURCE_DIR]

commit: small campaigns in the memory world. long: kills at random instants; Slurm on this machine
with two virtual nodes is slurm_test.py's.
"""
import json
import os
import pathlib
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAMS = pathlib.Path(sys.argv[1])
TIER = sys.argv[2]
MQTTLAB = PROGRAMS / "mqttlab-campaign"

SCENARIO = """version: 1
name: a sensor
duration: 10min
calm: 5min
world: memory
links:
  modem: { rate: 1 Mbit/s, delay: 50ms, source: assumption }
fleet:
  sensor:
    link: modem
    clean_start: false
    session_expiry: 1h
    keep_alive: 10s
    publish: [ { topic: "plant/{id}", qos: 1, every: 20s } ]
  screen: { subscribe: [ { filter: "plant/#", qos: 1 } ] }
faults:
  - { at: 1min, cut: modem, for: 10s, every: 2min }
expect:
  - latency: { percentile: 100, below: 10s }
"""
# 2 x 2 points x 5 seeds; a cut of 30 s makes messages late, one of 1 s does not.
CAMPAIGN = """version: 1
name: cuts and intervals
scenario: sensor.yaml
seeds: 5
grid:
  faults.0.for: [1s, 30s]
  fleet.sensor.publish.0.every: [20s, 5s]
"""


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.at = pathlib.Path(self.folder.name)
        (self.at / "sensor.yaml").write_text(SCENARIO)
        self.write(CAMPAIGN)

    def tearDown(self):
        self.folder.cleanup()

    def write(self, text):
        (self.at / "sweep.yaml").write_text(text)

    def campaign(self, *words, code=0, env=None):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM_", "JOB_"))}
        environment.update(env or {})
        done = subprocess.run([MQTTLAB, "campaign", *map(str, words)], cwd=self.at, env=environment,
                              capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def rows(self, name="out/campaign.db"):
        with sqlite3.connect(self.at / name) as database:
            return sorted(database.execute("SELECT key, ended, verdict, hash, broken FROM run"))


class Commit(Case):
    def test_a_sweep_is_run_and_told(self):
        done = self.campaign("run", "sweep.yaml", "-o", "out", code=1)
        self.assertIn("cuts and intervals: 20 of 20 runs done (4 points x 5 seeds)", done.stdout)
        self.assertIn("latency-p100", done.stdout)
        self.assertIn("faults.0.for=30s", done.stdout)
        rows = self.rows()
        self.assertEqual(len(rows), 20)
        self.assertEqual({row[1] for row in rows}, {"judged"})
        self.assertEqual({row[2] for row in rows}, {"held", "broken"})
        with sqlite3.connect(self.at / "out/campaign.db") as database:
            said = {row[0] for row in database.execute(
                "SELECT evidence FROM run WHERE verdict = 'broken'")}
        self.assertTrue(all(re.fullmatch(r"longest [\d.]+ s", text) for text in said), said)
        self.assertIn("20 of 20", self.campaign("status", "sweep.yaml", "-o", "out").stdout)
        self.campaign("report", "sweep.yaml", "-o", "out", code=1)
        idle = self.campaign("run", "sweep.yaml", "-o", "shards", "--shard", "40/50")
        self.assertIn("no run falls to it", idle.stdout)
        status = json.loads(self.campaign("status", "out", "--json").stdout)
        self.assertEqual(status["runs_done"], 20)
        for place in status["places"]:
            late = place["settings"]["faults.0.for"] == "30s"
            self.assertEqual(place["broken"], 5 if late else 0, place)
        for name in ("report.html", "campaign.csv", "campaign.json"):
            self.assertTrue((self.at / "out" / name).stat().st_size > 0)
        page = (self.at / "out/report.html").read_text()
        self.assertLess(len(page), 1_000_000)
        self.assertIn("faults.0.for", page)

    def test_the_verb_run_may_be_left_out(self):
        self.write(CAMPAIGN.replace("seeds: 5", "seeds: 1"))
        self.campaign("./sweep.yaml", "-o", "out", code=1)
        self.assertEqual(len(self.rows()), 4)

    def test_a_run_is_the_one_that_mqttlab_run_makes(self):
        self.campaign("run", "sweep.yaml", "-o", "out", code=1)
        text = self.campaign("show", "sweep.yaml", "--run", "7").stdout
        (self.at / "run.yaml").write_text(text)
        subprocess.run([PROGRAMS / "mqttlab", "run", "run.yaml", "-o", "one"], cwd=self.at,
                       capture_output=True, timeout=60)
        results = json.loads((self.at / "one/results.json").read_text())
        with sqlite3.connect(self.at / "out/campaign.db") as database:
            [(verdict,)] = database.execute("SELECT verdict FROM run WHERE hash = ?",
                                            [results["hash"]])
        self.assertEqual(verdict, results["verdict"])

    def test_over_simulated_tcp_it_is_the_same_run_too(self):
        if not (PROGRAMS / "mqttlab-campaign-sim").exists():
            self.skipTest("this build has no ns-3 world")
        self.write("version: 1\nscenario: sensor.yaml\nworld: ns3\n")
        self.campaign("run", "sweep.yaml", "-o", "out")
        subprocess.run([PROGRAMS / "mqttlab", "run", "sensor.yaml", "--world", "ns3", "-o", "one"],
                       cwd=self.at, capture_output=True, timeout=60)
        results = json.loads((self.at / "one/results.json").read_text())
        self.assertEqual([row[3] for row in self.rows()], [results["hash"]])

    def test_what_is_there_is_not_run_again_and_what_is_added_is(self):
        self.campaign("run", "sweep.yaml", "-o", "out", code=1)
        first = self.rows()
        again = self.campaign("run", "sweep.yaml", "-o", "out", code=1)
        self.assertIn("20 of 20", again.stdout)
        self.assertEqual(self.rows(), first)
        self.write(CAMPAIGN.replace("seeds: 5", "seeds: 6"))
        self.campaign("run", "sweep.yaml", "-o", "out", code=1)
        self.assertEqual(len(self.rows()), 24)
        self.assertTrue(set(first) < set(self.rows()))

    def test_shards_together_are_the_whole_in_any_order(self):
        self.campaign("run", "sweep.yaml", "-o", "whole", code=1)
        for shard in (3, 1, 2):
            done = self.campaign("run", "sweep.yaml", "-o", "out", "--shard", f"{shard}/3")
            self.assertRegex(done.stdout, f"{shard} of 3: all [67] runs have ended")
        self.assertIn("20 of 20", self.campaign("status", "out").stdout)
        merged = self.campaign("merge", "out")
        self.assertIn("20 results of 3 files", merged.stdout)
        self.assertIn("0 were there already", merged.stdout)
        self.assertEqual(self.rows(), self.rows("whole/campaign.db"))
        self.assertIn("20 were there already", self.campaign("merge", "out").stdout)
        self.campaign("report", "out/campaign.db", code=1)

    def test_a_shard_that_is_missing_lets_nothing_through(self):
        self.write(CAMPAIGN.replace("[1s, 30s]", "[1s]"))
        self.campaign("run", "sweep.yaml", "-o", "out", "--shard", "1/2")
        self.campaign("merge", "out")
        told = self.campaign("report", "out", code=4)
        self.assertIn("5 of 10 runs not there", told.stderr)
        self.campaign("run", "sweep.yaml", "-o", "out", "--shard", "2/2")
        self.campaign("merge", "out")
        self.campaign("report", "out")

    def test_a_merge_that_came_to_nothing_leaves_nothing(self):
        self.campaign("run", "sweep.yaml", "-o", "out", code=1)
        self.write(CAMPAIGN.replace("seeds: 5", "seeds: 1"))
        self.campaign("run", "sweep.yaml", "-o", "other", code=1)
        (self.at / "empty.db").write_bytes(b"")
        self.campaign("merge", "empty.db", "-o", "all.db", code=4)
        self.assertFalse((self.at / "all.db").exists())
        self.campaign("merge", "out", "other", "-o", "all.db", code=2)
        self.assertFalse((self.at / "all.db").exists())
        self.campaign("merge", "out", "empty.db", "-o", "all.db")
        self.assertEqual(len(self.rows("all.db")), 20)

    def test_a_shard_is_found_in_the_environment(self):
        for index in range(2):
            self.campaign("run", "sweep.yaml", "-o", "out", "--shard", "auto/2",
                          env={"JOB_COMPLETION_INDEX": str(index)})
        self.campaign("run", "sweep.yaml", "-o", "out",
                      env={"SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_COUNT": "2",
                           "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "2"})
        names = sorted(path.name for path in (self.at / "out").glob("*.db"))
        self.assertEqual(names, ["shard-00001-of-00002.db", "shard-00002-of-00002.db"])
        wrong = self.campaign("run", "sweep.yaml", "-o", "out", "--shard", "auto/2", code=2,
                              env={"JOB_COMPLETION_INDEX": "2"})
        self.assertIn("indices go from 0 to 1", wrong.stderr)

    def test_a_run_beyond_its_limits_costs_only_itself(self):
        self.write("version: 1\nscenario: sensor.yaml\nlimits: { time: 1s, memory: 64MiB }\n"
                   "grid:\n  fleet.sensor.count: [1, 30000]\n")
        done = self.campaign("run", "sweep.yaml", "-o", "out", code=5)
        self.assertRegex(done.stdout, "run 1 (timed out|out of memory)")
        ends = sorted(row[1] for row in self.rows())
        self.assertEqual(ends[0], "judged")
        self.assertIn(ends[1], ("timed out", "out of memory"))
        self.assertIn("report.html", done.stdout)

    def test_mistakes_cost_nothing(self):
        self.write(CAMPAIGN.replace("faults.0.for", "faults.0.fro"))
        done = self.campaign("run", "sweep.yaml", "-o", "out", code=2)
        self.assertIn("sweep.yaml:6:3: `faults.0` has no key `fro`; did you mean `for`?",
                      done.stderr)
        self.assertFalse((self.at / "out").exists())
        self.write(CAMPAIGN.replace("[1s, 30s]", "[1s, 30min]"))
        self.assertIn("with faults.0.for=30min", self.campaign("run", "sweep.yaml", code=2).stderr)
        self.assertIn("cannot be read", self.campaign("run", "none.yaml", code=2).stderr)
        self.write("version: 1\nscenario: none.yaml\n")
        self.assertIn("sweep.yaml:2:11: the scenario none.yaml cannot be read",
                      self.campaign("run", "sweep.yaml", code=2).stderr)
        self.write(CAMPAIGN + "brokers: [ours, mosquito]\n")
        self.assertIn("sweep.yaml:8:17: no broker is known as `mosquito`, did you mean mosquitto?",
                      self.campaign("run", "sweep.yaml", "-o", "out", code=2).stderr)
        self.assertFalse((self.at / "out").exists())
        self.write(CAMPAIGN)
        self.assertIn("--tasks needs --engine",
                      self.campaign("plan", "sweep.yaml", "--tasks", "3", code=2).stderr)
        self.assertIn("no results", self.campaign("status", "sweep.yaml", code=4).stderr)
        self.assertIn("nosuch.yaml: no such file",
                      self.campaign("status", "nosuch.yaml", code=2).stderr)
        (self.at / "text.db").write_text("no database, but long enough to be looked at as one\n")
        self.assertIn("not a results file", self.campaign("status", "text.db", code=2).stderr)

    def test_a_newer_schema_is_refused(self):
        self.campaign("run", "sweep.yaml", "-o", "out", code=1)
        with sqlite3.connect(self.at / "out/campaign.db") as database:
            database.execute("PRAGMA user_version = 1000")
        for words in (["status", "out"], ["run", "sweep.yaml", "-o", "out"]):
            self.assertIn("newer mqttlab", self.campaign(*words, code=2).stderr)

    def test_a_scenario_of_the_library_is_known_by_its_name(self):
        self.write("version: 1\nscenario: cold-counter\nworld: memory\n")
        done = self.campaign("run", "sweep.yaml", "-o", "out")
        self.assertIn("a shop's refrigerated counter: 1 of 1 run done", done.stdout)
        self.campaign("report", "out")
        manifest = self.campaign("plan", "sweep.yaml", "--engine", "kubernetes", "--seconds", "60")
        self.assertIn('path: "cold-counter"', manifest.stdout)

    @unittest.skipUnless(os.getuid() == 0, "needs root to be somebody else")
    def test_a_folder_that_takes_no_file_is_refused(self):
        self.campaign("run", "sweep.yaml", "-o", "out", code=1)
        for path in (self.at, self.at / "out"):
            path.chmod(0o755)
        nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", MQTTLAB,
                  "campaign", "report", "out"]
        done = subprocess.run(nobody, cwd=self.at, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("Permission denied; -o names another folder", done.stderr)

    def test_a_plan_says_how_large_it_is(self):
        done = self.campaign("plan", "sweep.yaml")
        self.assertIn("4 points x 5 seeds = 20 runs, in the world memory", done.stdout)
        self.assertRegex(done.stdout, r"probe: 5 runs, .* each on one core")
        self.assertRegex(done.stdout, "all of it: about")
        for engine in ("slurm", "kubernetes", "parallel"):
            done = self.campaign("plan", "sweep.yaml", "--engine", engine, "--seconds", "60",
                                 "--tasks", "4")
            self.assertIn("auto/4" if engine != "parallel" else "{}/4", done.stdout)
        few = self.campaign("plan", "sweep.yaml", "--engine", "slurm", "--seconds", "5",
                            "--tasks", "4")
        self.assertIn("1 task instead of 4", few.stderr)
        self.assertIn("--array=0-0", few.stdout)

    def test_the_scripts_are_what_their_engines_take(self):
        script = self.campaign("plan", "sweep.yaml", "--engine", "slurm", "--seconds", "60").stdout
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        script = self.campaign("plan", "sweep.yaml", "--engine", "parallel", "--seconds", "60").stdout
        subprocess.run(["sh", "-n"], input=script, text=True, check=True)
        import yaml
        text = self.campaign("plan", "sweep.yaml", "--engine", "kubernetes", "--seconds", "60",
                             "--image", "r.example/x:1").stdout
        files, job = yaml.safe_load_all(text)
        self.assertEqual(files["data"], {"campaign": CAMPAIGN, "scenario": SCENARIO})
        self.assertEqual(job["spec"]["completionMode"], "Indexed")
        self.assertEqual(job["spec"]["template"]["spec"]["containers"][0]["image"], "r.example/x:1")

    def test_interrupted_it_keeps_what_was_measured(self):
        self.write(CAMPAIGN.replace("seeds: 5", "seeds: 5000"))
        process = subprocess.Popen([MQTTLAB, "campaign", "run", "sweep.yaml", "-o", "out"],
                                   cwd=self.at, stdout=subprocess.PIPE, text=True)
        while not (self.at / "out/campaign.db").exists():
            time.sleep(0.05)
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertRegex(out, r"(?m)^go on +\S+ campaign run sweep.yaml -o out$")
        self.assertGreater(len(self.rows()), 0)

    def kill_and_resume(self, rounds, seeds):
        self.write(CAMPAIGN.replace("seeds: 5", f"seeds: {seeds}"))
        chance = random.Random(7)
        there = set()
        for _ in range(rounds):
            process = subprocess.Popen([MQTTLAB, "campaign", "run", "sweep.yaml", "-o", "out"],
                                       cwd=self.at, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0.05, 1.5))
            process.kill()
            process.wait()
            if not (self.at / "out/campaign.db").exists():
                continue
            try:
                now = self.rows()
            except sqlite3.OperationalError:  # killed before the tables were there
                continue
            self.assertEqual(len(now), len({row[0] for row in now}))
            self.assertLessEqual(there, set(now), "what was there is gone or differs")
            there = set(now)
        self.campaign("run", "sweep.yaml", "-o", "out", code=1)
        self.campaign("run", "sweep.yaml", "-o", "whole", code=1)
        self.assertEqual(self.rows(), self.rows("whole/campaign.db"))
        self.assertEqual(len(self.rows()), 4 * seeds)

    def test_killed_it_loses_nothing_and_doubles_nothing(self):
        self.kill_and_resume(rounds=3, seeds=100)


class Long(Commit):
    def test_killed_many_times_it_loses_nothing_and_doubles_nothing(self):
        self.kill_and_resume(rounds=40, seeds=2000)


if __name__ == "__main__":
    case = Commit if TIER == "commit" else Long
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(case))
    sys.exit(0 if unittest.TextTestRunner(verbosity=1).run(suite).wasSuccessful() else 1)
