#!/usr/bin/env python3
"""What somebody meets who tries the tool: the list of commands, slips of the finger, files that are
not there, completion in a shell, the first scenario, the manual page.

ctest calls it with the folder of the programs as its first argument.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = pathlib.Path(sys.argv.pop(1)).resolve()
MQTTLAB = PROGRAMS / "mqttlab"
WORLDS = ["memory", "ns3"] if (PROGRAMS / "mqttlab-sim").exists() else ["memory"]


class TouchTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mqttlab-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def mqttlab(self, *words, code=0):
        environment = dict(os.environ, NO_COLOR="1", MQTTLAB_LAUNCHER="mqttlab")
        run = subprocess.run([MQTTLAB, *map(str, words)], capture_output=True, text=True,
                             timeout=300, env=environment, cwd=self.folder)
        self.assertEqual(run.returncode, code, f"{words}: {run.stdout}{run.stderr}")
        return run

    def refused(self, words, *expected, code=2):
        run = self.mqttlab(*words, code=code)
        self.assertEqual(run.stdout, "")
        for text in expected:
            self.assertIn(text, run.stderr, words)
        return run.stderr


class FirstTouch(TouchTest):
    def test_without_arguments_there_is_a_short_grouped_list_with_an_example(self):
        text = self.refused([], "Start here", "Judge", "For example", "  run FILE...",
                            "mqttlab run cold-counter")
        self.assertLess(len(text.splitlines()), 60)
        self.assertLessEqual(max(len(line) for line in text.splitlines()), 90)
        self.assertEqual(self.mqttlab("help").stdout, text)
        self.assertEqual(self.mqttlab("--help").stdout, text)

    def test_help_of_a_command_is_its_help(self):
        for verb in ("run", "pub", "gate"):
            with self.subTest(verb=verb):
                self.assertEqual(self.mqttlab("help", verb).stdout,
                                 self.mqttlab(verb, "--help").stdout)
        self.refused(["help", "gaet"], "there is no command `gaet`, did you mean gate?")

    def test_the_version_comes_from_git(self):
        text = self.mqttlab("--version").stdout
        self.assertRegex(text, r"^mqttlab \d+\.\d+\.\d+(-\d+-g[0-9a-f]{7,})?(-dirty)?\n$")

    def test_no_line_of_a_help_is_wider_than_a_terminal(self):
        for verb in re.findall(r"(?m)^  ([a-z-]+) ", self.mqttlab("help").stdout.split("For example")[0]):
            if verb in ("broker", "passwd", "pub", "sub", "rr", "client"):
                continue  # mosquitto's command lines keep their own lines
            with self.subTest(verb=verb):
                for line in self.mqttlab(verb, "--help").stdout.splitlines():
                    if not line.startswith("Usage"):
                        self.assertLessEqual(len(line), 100, line)

    def test_slips_are_answered_with_what_was_meant(self):
        self.refused(["runn"], "there is no command `runn`, did you mean run?")
        self.refused(["frobnicate"], "there is no command `frobnicate`\n", "mqttlab help")
        self.refused(["run", "--sed", "1", "x.yaml"],
                     "mqttlab run: `--sed` is not known, did you mean --seed?",
                     "Try: mqttlab run --help")
        self.refused(["run", "--world", "ns4", "x.yaml"],
                     "--world: expected ns3 or memory, got `ns4`, did you mean ns3?")
        self.refused(["list", "scenario"], "got `scenario`, did you mean scenarios?")
        self.refused(["conform", "ours", "--level", "mst"],
                     "--level: expected must, should, may or all, got `mst`, did you mean must?")
        self.refused(["bench", "brokr"], "mqttlab bench: expected one of: broker")

    def test_wrong_values_say_what_was_expected(self):
        self.refused(["run", "--seed", "abc", "x.yaml"], "--seed: expected a number, got `abc`")
        self.refused(["run", "--repeat", "0", "x.yaml"], "--repeat: expected 1 to 1000, got `0`")
        self.refused(["run", "x.yaml", "--seed"], "--seed needs a value: the seed")
        self.refused(["run"], "mqttlab run: expected FILE: scenario files")
        self.refused(["gate", "a"], "mqttlab gate: expected NEW: ")
        self.refused(["schema", "scenario", "more"], "`more` is one argument too many")
        self.refused(["bench"], "mqttlab bench: expected one of: broker")

    def test_a_file_that_is_not_there_is_looked_for_nearby_and_in_the_library(self):
        (self.folder / "train.yaml").write_text("version: 1\n")
        self.refused(["run", "trian.yaml"], "trian.yaml: there is no such file",
                     "did you mean train.yaml?")
        self.refused(["run", "cold-conter"], "did you mean cold-counter?")
        self.refused(["check", "cold-counter.yaml"], "did you mean cold-counter?")
        self.refused(["run", "nosuch.yaml"], "mqttlab list scenarios")
        self.refused(["explore", "nowhere/x.yaml"], "there is no folder nowhere")
        self.refused(["run", "."], "a folder; expected a scenario file, such as ./train.yaml")

    def test_every_command_refuses_a_missing_file_and_a_folder_in_a_sentence(self):
        (self.folder / "folder").mkdir()
        for words in (["run"], ["check"], ["report"], ["fit"], ["explore"], ["gate", "folder"],
                      ["conform", "ours", "--cases"], ["conform", "ours", "--target"],
                      ["conform", "ours", "--expectations"], ["broker", "-c"],
                      ["pub", "-t", "t", "-f"], ["passwd", "-b", "--", "missing", "u"]):
            for path in ("missing", "folder"):
                with self.subTest(words=words, path=path):
                    given = [word.replace("missing", path) for word in words]
                    given += ["p"] if words[0] == "passwd" else [path]
                    run = subprocess.run([MQTTLAB, *given], capture_output=True, text=True,
                                         timeout=60, cwd=self.folder)
                    self.assertIn(run.returncode, (2, 3, 4), run.stdout + run.stderr)
                    self.assertIn(path, run.stderr, words)
                    for bad in ("fault of mqttlab", "terminate called", "filesystem error", "what()"):
                        self.assertNotIn(bad, run.stderr)

    def test_the_library_is_run_by_name_from_anywhere(self):
        run = self.mqttlab("run", "cold-counter", "--world", "memory")
        self.assertIn("mqttlab run cold-counter --seed 1 --world memory", run.stdout)
        self.assertTrue((self.folder / "results/cold-counter/report.html").exists())

    def test_several_files_are_checked_and_each_is_answered(self):
        self.mqttlab("init", "a.yaml")
        (self.folder / "bad.yaml").write_text("version: 1\nnam: x\n")
        run = self.mqttlab("check", "a.yaml", "bad.yaml", "cold-counter", code=2)
        self.assertEqual(len(run.stdout.splitlines()), 2)
        self.assertIn("bad.yaml:2:1:", run.stderr)

    def test_what_there_is_is_listed(self):
        names = lambda what: [one["name"] for one in json.loads(
            self.mqttlab("list", what, "--json").stdout)]
        self.assertIn("cold-counter", names("scenarios"))
        self.assertIn("gprs", names("profiles"))
        self.assertIn("mosquitto", names("brokers"))
        self.assertIn("MQTT-", self.mqttlab("list", "--json", "statements").stdout)


class Init(TouchTest):
    def test_each_beginning_runs_and_passes_in_every_world(self):
        for like in ("sensor", "fleet", "commands"):
            file = f"{like}/mine.yaml"
            self.assertIn(f"run {file}", self.mqttlab("init", file, "--like", like).stdout)
            self.assertIn(f"mqttlab run {file}", (self.folder / file).read_text())
            self.mqttlab("check", file)
            for world in WORLDS:
                with self.subTest(like=like, world=world):
                    self.assertIn("Held:", self.mqttlab("run", file, "--world", world).stdout)

    def test_nothing_is_overwritten(self):
        self.mqttlab("init")
        before = (self.folder / "scenario.yaml").read_text()
        self.refused(["init"], "scenario.yaml is there already, and is not overwritten")
        self.refused(["init", "."], "scenario.yaml is there already")
        self.assertEqual((self.folder / "scenario.yaml").read_text(), before)
        schema = json.loads((self.folder / "scenario.schema.json").read_text())
        self.assertIn("properties", schema)

    def test_a_folder_is_made_and_a_scenario_of_the_library_is_a_beginning(self):
        self.mqttlab("init", "new/tests", "--like", "cold-counter")
        self.assertEqual((self.folder / "new/tests/scenario.yaml").read_text(),
                         (ROOT / "scenarios/cold-counter.yaml").read_text())

    def test_what_cannot_be_written_is_said(self):
        (self.folder / "file").write_text("")
        self.refused(["init", "file/x.yaml"], "mqttlab init: the folder file cannot be made")
        self.refused(["init", "--like", "flet"], "there is no `flet`, did you mean fleet?")


@unittest.skipUnless(shutil.which("bash"), "no bash")
class Completion(TouchTest):
    def offered(self, *words):
        script = (f"source <('{MQTTLAB}' completion bash)\n"
                  f"COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _mqttlab\n"
                  "printf '%s\\n' \"${COMPREPLY[@]}\"\n")
        run = subprocess.run(["bash", "-c", script, "bash", MQTTLAB, *words], capture_output=True,
                             text=True, timeout=60, cwd=self.folder)
        self.assertEqual(run.stderr, "")
        return set(run.stdout.split("\n")) - {""}

    def test_commands_and_flags_are_those_of_the_help(self):
        self.assertIn("conform", self.offered(""))
        self.assertEqual(self.offered("expl"), {"explain", "explore"})
        for verb in ("run", "conform", "gate", "broker", "pub", "sub", "explore", "doctor"):
            with self.subTest(verb=verb):
                help_text = self.mqttlab(verb, "--help").stdout
                flags = set(re.findall(r"(?m)^  (?:-\w,)?(--[\w-]+)", help_text))
                self.assertGreater(len(flags), 2)
                self.assertLessEqual(flags, self.offered(verb, "-"))
        self.assertLess({"--rounds", "--brokers"}, self.offered("bench", "broker", "--"))

    def test_values_and_names_are_offered(self):
        self.assertEqual(self.offered("run", "--world", ""), {"ns3", "memory"})
        self.assertEqual(self.offered("run", "--world", "=", "m"), {"memory"})
        self.assertIn("mosquitto", self.offered("run", "x.yaml", "--broker", "m"))
        self.assertEqual(self.offered("export-netem", "gp"), {"gprs"})
        self.assertEqual(self.offered("completion", ""), {"bash", "zsh", "fish"})
        self.assertLess({"scenarios", "statements"}, self.offered("list", ""))
        self.assertIn("fleet", self.offered("init", "--like", ""))
        (self.folder / "cold-mine.yaml").write_text("")
        (self.folder / "cold-folder").mkdir()
        self.assertLess({"cold-counter", "cold-mine.yaml"}, self.offered("run", "cold"))
        self.assertEqual(self.offered("gate", "cold"), {"cold-folder"})
        self.assertEqual(self.offered("run", "--seed", ""), set())

    @unittest.skipUnless(shutil.which("zsh"), "apt-get install zsh")
    def test_zsh_takes_the_script_and_offers_the_same(self):
        script = ("autoload -Uz compinit; compinit -u -D\n"
                  f"source <('{MQTTLAB}' completion zsh)\n"
                  "_describe() { print -rl -- \"${(@P)3}\"; }\n_files() { print FILES; }\n"
                  f"words=('{MQTTLAB}' run --world m); CURRENT=4; _mqttlab\n"
                  f"words=('{MQTTLAB}' run cold); CURRENT=3; _mqttlab\n")
        run = subprocess.run(["zsh", "-f", "-c", script], capture_output=True, text=True, timeout=60,
                             cwd=self.folder)
        self.assertEqual(run.stderr, "")
        self.assertIn("memory:", run.stdout)
        self.assertIn("cold-counter:", run.stdout)
        self.assertIn("FILES", run.stdout)

    @unittest.skipUnless(shutil.which("fish"), "apt-get install fish")
    def test_fish_offers_the_same_with_what_it_means(self):
        def offered(line):
            script = f"'{MQTTLAB}' completion fish | source; complete -C '{line}'"
            environment = dict(os.environ, PATH=f"{PROGRAMS}:{os.environ['PATH']}",
                               HOME=str(self.folder))
            run = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True,
                                 text=True, timeout=60, cwd=self.folder, env=environment)
            self.assertEqual(run.stderr, "")
            return run.stdout
        self.assertIn("explore\tfind the seed", offered("mqttlab exp"))
        self.assertIn("memory", offered("mqttlab run --world "))
        self.assertIn("cold-counter", offered("mqttlab run cold"))


class Manual(TouchTest):
    def test_the_manual_page_has_every_command_and_is_well_formed(self):
        text = self.mqttlab("man").stdout
        for verb in re.findall(r"(?m)^  ([a-z-]+) ", self.mqttlab("help").stdout.split("For example")[0]):
            self.assertIn(f".SS {verb}\n".replace("-", "\\-"), text)
        self.assertIn("\\-\\-broker", text)
        page = self.folder / "mqttlab.1"
        page.write_text(text)
        if shutil.which("man"):
            run = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
                                 capture_output=True, text=True, timeout=60,
                                 env=dict(os.environ, LC_ALL="C.UTF-8", MANWIDTH="80"))
            self.assertEqual((run.returncode, run.stderr), (0, ""))
        if shutil.which("mandoc"):
            run = subprocess.run(["mandoc", "-Tlint", "-Werror", page], capture_output=True,
                                 text=True, timeout=60)
            self.assertEqual(run.stdout + run.stderr, "")


if __name__ == "__main__":
    unittest.main()
