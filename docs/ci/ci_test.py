#!/usr/bin/env python3
"""The files for continuous integration: that they are what GitHub, GitLab and Jenkins read, and that
the script they run does in a scratch repository what the pages say.

ctest calls it with the folder of the programs and a tier, commit or long.
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
import xml.etree.ElementTree

import jsonschema
import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TIER = sys.argv.pop(2)
PROGRAMS = pathlib.Path(sys.argv.pop(1)).resolve()
SCRIPT = HERE / "mqttlab-ci.sh"
HAS_MOSQUITTO = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")

# What is needed of GitHub's metadata syntax for composite actions, and of its workflow syntax.
STEP = {"type": "object", "additionalProperties": False,
        "anyOf": [{"required": ["run"]}, {"required": ["uses"]}],
        "properties": {"name": {"type": "string"}, "id": {"type": "string"}, "if": {"type": "string"},
                       "shell": {"type": "string"}, "run": {"type": "string"},
                       "uses": {"type": "string", "pattern": r"^(\./.*|[\w.-]+/[\w./-]+@[\w.-]+)$"},
                       "env": {"type": "object"}, "with": {"type": "object"}}}
PUT = {"type": "object", "required": ["description"]}
ACTION = {
    "type": "object", "additionalProperties": False,
    "required": ["name", "description", "runs"],
    "properties": {
        "name": {"type": "string"}, "description": {"type": "string", "maxLength": 125},
        "author": {"type": "string"},
        "inputs": {"type": "object", "additionalProperties": {
            **PUT, "additionalProperties": False,
            "properties": {"description": {"type": "string"}, "required": {"type": "boolean"},
                           "default": {"type": "string"}}}},
        "outputs": {"type": "object", "additionalProperties": {
            **PUT, "required": ["description", "value"]}},
        "runs": {"type": "object", "required": ["using", "steps"], "additionalProperties": False,
                 "properties": {"using": {"const": "composite"}, "steps": {"type": "array", "items": {
                     **STEP, "if": {"required": ["run"]}, "then": {"required": ["shell"]}}}}}}}
WORKFLOW = {
    "type": "object", "required": ["on", "jobs"], "additionalProperties": False,
    "properties": {"name": {"type": "string"}, "on": {"type": ["object", "array", "string"]},
                   "permissions": {"type": "object"},
                   "jobs": {"type": "object", "additionalProperties": {
                       "type": "object", "required": ["runs-on", "steps"], "additionalProperties": False,
                       "properties": {"runs-on": {"type": "string"}, "container": {"type": "string"},
                                      "steps": {"type": "array", "items": STEP}}}}}}
GITLAB_JOB = {
    "type": "object", "required": ["script"], "additionalProperties": False,
    "properties": {
        "image": {"type": "string"},
        "variables": {"type": "object", "additionalProperties": {"type": "string"}},
        "before_script": {"type": "array", "items": {"type": "string"}},
        "script": {"type": "array", "items": {"type": "string"}},
        "artifacts": {"type": "object", "required": ["paths", "reports"], "additionalProperties": False,
                      "properties": {"when": {"enum": ["always", "on_failure", "on_success"]},
                                     "expire_in": {"type": "string"}, "paths": {"type": "array"},
                                     "reports": {"type": "object", "required": ["junit"]}}},
        "rules": {"type": "array", "items": {"type": "object", "required": ["if"]}}}}


def load(path):
    """`on` is a key here, not a truth value."""
    loaded = yaml.safe_load(path.read_text())
    if True in loaded:
        loaded["on"] = loaded.pop(True)
    return loaded


class Files(unittest.TestCase):
    def test_the_action_is_a_composite_one_and_its_script_gets_every_input(self):
        action = load(HERE / "action/action.yml")
        jsonschema.validate(action, ACTION)
        text = (HERE / "action/action.yml").read_text()
        for name in action["inputs"]:
            self.assertIn(f"inputs.{name} ", text, name)
        step = next(step for step in action["runs"]["steps"] if step.get("id") == "mqttlab")
        told = set(re.findall(r"(?m)^#   (MQTTLAB_\w+)", SCRIPT.read_text()))
        self.assertEqual(set(step["env"]), told)
        self.assertTrue((HERE / "action" / "../mqttlab-ci.sh").exists())

    def test_the_workflow_of_the_example_gives_the_action_what_it_takes(self):
        workflow = load(HERE / "example/.github/workflows/gate.yml")
        jsonschema.validate(workflow, WORKFLOW)
        inputs = load(HERE / "action/action.yml")["inputs"]
        uses = [step for step in workflow["jobs"]["mqttlab"]["steps"]
                if step.get("uses", "").startswith("mqttlab/")]
        self.assertEqual(len(uses), 1)
        self.assertLessEqual(set(uses[0]["with"]), set(inputs))

    def test_the_template_of_gitlab_is_a_job(self):
        template = load(HERE / "gitlab-ci.yml")
        self.assertEqual(list(template), [".mqttlab"])
        jsonschema.validate(template[".mqttlab"], GITLAB_JOB)
        self.shell_is_sound("\n".join(template[".mqttlab"]["before_script"]))

    def test_the_jenkinsfile_is_balanced_and_its_shell_is_sound(self):
        text = (HERE / "Jenkinsfile").read_text()
        for pair in ("{}", "()"):
            self.assertEqual(text.count(pair[0]), text.count(pair[1]))
        for section in ("agent", "environment", "stages", "post"):
            self.assertRegex(text, rf"(?m)^  {section} ")
        self.shell_is_sound(re.search(r"sh '''(.*?)'''", text, re.DOTALL).group(1))

    def shell_is_sound(self, text):
        run = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, timeout=60)
        self.assertEqual(run.stderr, "")

    @unittest.skipUnless(shutil.which("shellcheck"), "apt-get install shellcheck")
    def test_shellcheck_has_nothing_to_say(self):
        run = subprocess.run(["shellcheck", SCRIPT, ROOT / "mqttlab"], capture_output=True, text=True,
                             timeout=60)
        self.assertEqual(run.stdout, "")


class Repository(unittest.TestCase):
    """The example as a repository of its own, and a pipeline in it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mqttlab-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.repository = self.folder / "repository"
        shutil.copytree(HERE / "example", self.repository)
        shutil.copy(SCRIPT, self.repository / "mqttlab")
        self.git("init", "-q", "-b", "main")
        self.commit("what is released")

    def git(self, *words):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *identity, *words], cwd=self.repository, check=True,
                       capture_output=True, timeout=60)

    def commit(self, text):
        self.git("add", "--all")
        self.git("commit", "-q", "-m", text)

    def pipeline(self, code, **variables):
        environment = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}:/usr/sbin", "HOME": str(self.folder),
                       "NO_COLOR": "1", "GITHUB_ACTIONS": "true",
                       "GITHUB_OUTPUT": str(self.folder / "output"),
                       "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
                       "GITHUB_WORKSPACE": str(self.repository), **variables}
        # As a step of an Action is run.
        run = subprocess.run(["bash", "--noprofile", "--norc", "-e", "-o", "pipefail",
                              "mqttlab/mqttlab-ci.sh"], cwd=self.repository, env=environment,
                             capture_output=True, text=True, timeout=1200)
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        return run.stdout

    def outputs(self):
        return dict(line.split("=", 1) for line in (self.folder / "output").read_text().splitlines())


class QuickPipelines(Repository):
    def test_what_cannot_be_run_fails_with_its_own_code(self):
        bad = self.repository / "mqttlab/scenarios/overnight.yaml"
        bad.write_text(bad.read_text().replace("keep_alive", "keep_alife"))
        self.pipeline(2, MQTTLAB_SCENARIOS="mqttlab/scenarios/*.yaml")
        self.assertEqual(self.outputs()["exit-code"], "2")
        self.pipeline(4)
        self.assertEqual(self.outputs()["exit-code"], "4")

    def test_scenarios_alone_and_conformance_alone_are_enough(self):
        for variables in ({"MQTTLAB_SCENARIOS": "cold-counter", "MQTTLAB_SEEDS": "1"},
                          {"MQTTLAB_CONFORM": "ours --only v5/ping*"}):
            self.pipeline(0, **variables)
            self.assertEqual(self.outputs()["exit-code"], "0")
            self.assertTrue((self.folder / "summary").read_text())
            (self.folder / "summary").unlink()

    def test_a_run_is_in_the_summary_once_and_that_of_the_base_is_not(self):
        self.pipeline(0, MQTTLAB_SCENARIOS="cold-counter", MQTTLAB_SEEDS="1", MQTTLAB_BASE="ours")
        summary = (self.folder / "summary").read_text()
        self.assertEqual(len(re.findall("(?m)^## .*Held", summary)), 1, summary)
        self.assertIn("NEW is not worse", summary)

    def test_a_scenario_of_the_library_with_our_own_broker(self):
        out = self.pipeline(0, MQTTLAB_SCENARIOS="cold-counter", MQTTLAB_SEEDS="1",
                            MQTTLAB_CONFORM="ours --only v5/ping*")
        self.assertIn("::group::Scenarios", out)
        self.assertEqual(self.outputs(), {"results": "mqttlab-results", "exit-code": "0"})
        self.assertIn("Held", (self.folder / "summary").read_text())
        self.assertTrue((self.repository / "mqttlab-results/conform/junit.xml").exists())


@unittest.skipUnless(HAS_MOSQUITTO, "apt-get install mosquitto")
class Gated(Repository):
    VARIABLES = {"MQTTLAB_SCENARIOS": "mqttlab/scenarios/*.yaml", "MQTTLAB_BROKER": "mqttlab/broker.yaml",
                 "MQTTLAB_BASE": ".base/mqttlab/broker.yaml", "MQTTLAB_SEEDS": "5",
                 "MQTTLAB_CONFORM": "mqttlab/broker.yaml --virtual --level must --only v5/qos1* "
                                    "--only v5/retain* --expectations mqttlab/expectations.yaml"}

    def test_a_harmless_change_passes(self):
        self.git("worktree", "add", "--detach", ".base", "main")
        with open(self.repository / "etc/broker.conf", "a") as file:
            file.write("# no change\n")
        out = self.pipeline(0, **self.VARIABLES)
        self.assertIn("NEW is not worse", out)

    def test_the_seeded_regression_is_caught(self):
        self.git("worktree", "add", "--detach", ".base", "main")
        self.git("apply", "regression.patch")
        self.commit("save memory")
        out = self.pipeline(1, **self.VARIABLES)
        self.assertIn("NEW is worse than BASE", out)
        self.assertRegex(out, r"(?m)^::error ")
        self.assertEqual(self.outputs()["exit-code"], "1")
        gate = json.loads((self.repository / "mqttlab-results/gate/gate.json").read_text())
        self.assertTrue(gate["worse"])
        self.assertIn("qos1", json.dumps(gate))
        self.assertIn("worse", (self.folder / "summary").read_text())
        for file in (self.repository / "mqttlab-results").rglob("junit.xml"):
            xml.etree.ElementTree.parse(file)


if __name__ == "__main__":
    tiers = {"commit": (Files, QuickPipelines), "long": (Gated,)}
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(case)
                               for case in tiers[TIER])
    sys.exit(not unittest.TextTestRunner().run(suite).wasSuccessful())
