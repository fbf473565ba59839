#!/usr/bin/env python3
"""Plays the findings of findings.yaml again: findings.py PROGRAMS [--write] [--only ID] [--virtual].

PROGRAMS is the folder of the built programs. Each finding is played against the broker or client that
it is about, and against mqttlab's own, which must not show it. Without --write it fails if one does
not come out as it is written down; with --write docs/findings.md is made of what came out. What is not
installed is skipped, with the command that installs it.
"""
import argparse
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
UNREACHABLE = 3  # exit code: not installed


class Absent(Exception):
    pass


class Wrong(Exception):
    pass


def play(programs, words):
    """The results of one command, written to a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="mqttlab-finding-") as folder:
        run = subprocess.run([programs / "mqttlab", *words, "-o", folder], cwd=ROOT, text=True,
                             capture_output=True, timeout=300)
        if run.returncode == UNREACHABLE:
            raise Absent(run.stderr.strip())
        results = pathlib.Path(folder) / "results.json"
        if not results.exists():
            raise Wrong(f"{shlex.join(words)} ended with {run.returncode}: {run.stderr.strip()}")
        return json.loads(results.read_text())


def words_for(finding, subject):
    if "case" in finding:
        if finding.get("client"):
            return ["conform", "--client", subject, "--only", finding["case"]]
        words = ["conform", subject, "--only", finding["case"]]
        return words if subject == "ours" else words + ["--virtual"]
    words = ["run", "findings/" + finding["scenario"], "--broker", subject]
    return words + finding.get("flags", [])


def of_case(results, finding):
    judged = [one for one in results["judged"] if one["verdict"] not in ("n/a", "skipped", "not_applicable")]
    if not judged:
        raise Wrong("no case was played")
    failed = [one for one in judged if one["verdict"] in ("fail", "known")]
    seen = []
    for one in failed[:1]:
        if one.get("miss"):
            seen.append(f"expected {one['miss']['expected']}, got {one['miss']['got']}")
    return bool(failed), seen, sorted({name for one in failed for name in one["statements"]})


def of_promise(results, finding):
    for one in results["findings"] + results.get("standard", []):
        if one["id"] == finding["promise"]:
            seen = [one["measured"]] + [evidence["text"] for evidence in one["evidence"][:1]]
            return one["verdict"] == "broken", [text for text in seen if text], one["clauses"]
    return False, [], []


def of_silence(results, finding):
    drops = results["series"]["silent_drops"]
    late = drops["p50_ns"] / 1e9
    return drops["count"] > 0 and late >= finding["late_by"], \
        [f"dropped {late:.3f} s after one and a half keep alives" if drops["count"] else "never dropped"], []


def look(results, finding):
    if "case" in finding:
        return of_case(results, finding)
    return of_promise(results, finding) if "promise" in finding else of_silence(results, finding)


def release_of(results, finding):
    if "case" in finding:
        return results.get("release") or results["target"]
    for name, value in ((row["name"], row["value"]) for row in results["configuration"]["versions"]):
        if name == "broker":
            return value
    return results["run"]["broker"]


def try_again(programs, finding):
    theirs = play(programs, words_for(finding, finding["subject"]))
    is_there, seen, clauses = look(theirs, finding)
    release = release_of(theirs, finding)
    if not re.search(finding["release"], release):
        raise Absent(f"it is about another release ({finding['release']}) than {release}")
    if not is_there:
        raise Wrong("it does not show itself any more: " + "; ".join(seen))
    ours = None
    if not finding.get("ours_too"):
        ours, ours_seen, _ = look(play(programs, words_for(finding, "ours")), finding)
        if ours:
            raise Wrong("mqttlab's own shows it too: " + "; ".join(ours_seen))
    return {"release": release, "seen": seen, "clauses": finding.get("clauses", clauses)}


def command_text(finding, subject):
    return "./mqttlab " + shlex.join(words_for(finding, subject))


def section(number, finding, found):
    lines = [f"## {number}. {finding['title']}", "",
             f"**{found['release']}** · {', '.join(found['clauses'])}", "",
             finding["argument"].strip(), ""]
    if finding.get("fair"):
        lines += ["*In fairness:* " + finding["fair"].strip(), ""]
    lines += ["    " + command_text(finding, finding["subject"]), ""]
    if found["seen"]:
        lines += ["What comes out: " + "; ".join(text.rstrip(".") for text in found["seen"]) + ".", ""]
    return "\n".join(lines)


def page(findings, found):
    head = (HERE / "head.md").read_text()
    parts = [section(number, finding, found[finding["id"]])
             for number, finding in enumerate(findings, 1)]
    contents = "\n".join(f"{number}. {finding['title']}" for number, finding in enumerate(findings, 1))
    return head.rstrip() + "\n\n" + contents + "\n\n" + "\n".join(parts).rstrip() + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--virtual", action="store_true", help="leave out those on real sockets")
    arguments = parser.parse_args()
    findings = yaml.safe_load((HERE / "findings.yaml").read_text())["findings"]
    found, skipped, failed = {}, 0, 0
    for finding in findings:
        if arguments.only and finding["id"] != arguments.only:
            continue
        if arguments.virtual and finding.get("client"):
            continue
        try:
            found[finding["id"]] = try_again(arguments.programs.resolve(), finding)
            print(f"ok      {finding['id']}: {'; '.join(found[finding['id']]['seen'])}")
        except Absent as why:
            skipped += 1
            print(f"skipped {finding['id']}: {why}")
        except Wrong as why:
            failed += 1
            print(f"FAILED  {finding['id']}: {why}")
        sys.stdout.flush()
    print(f"{len(found)} passed, {failed} failed, {skipped} skipped")
    whole = not arguments.only and not arguments.virtual
    if arguments.write and not failed and not skipped and whole:
        (ROOT / "docs" / "findings.md").write_text(page(findings, found))
    return 1 if failed or (arguments.write and skipped) else 0


if __name__ == "__main__":
    sys.exit(main())
