#!/usr/bin/env python3
"""Runs every command of the tutorials, in their order, and compares what they print with what is shown.

    docs/tutorials_test.py PROGRAMS [NAME...] [--update]

In a block ```console a line `$ command` is run (a backslash at its end goes on in the next line); the
lines below it are its output and its errors, as they come. `...` in a line stands for anything, a line
`...` for any lines. A block behind `<!-- file: NAME -->` is written to that file. The commands of one
tutorial share one shell and one empty folder. --update puts what is printed in the place of what is
shown, where they differ.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs/tutorials"
MARK = "\x1e-- the next command --"


class Step:
    def __init__(self, line):
        self.line = line  # of the first line of the command
        self.command = ""
        self.shown = []
        self.shown_from = line


def read(path):
    """What is to be done: ("file", name, text) and ("run", Step), in order."""
    todo, name, block, step = [], None, None, None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if block is None:
            marked = re.fullmatch(r"<!-- file: (\S+) -->", line)
            if marked:
                name = marked.group(1)
            elif line.startswith("```") and name:
                block, text = "file", []
            elif line == "```console":
                block, step = "console", None
            elif line.startswith("```"):
                block = "other"
        elif line == "```":
            if block == "file":
                todo.append(("file", name, "\n".join(text) + "\n"))
                name = None
            block = None
        elif block == "file":
            text.append(line)
        elif block == "console":
            if step and step.command.endswith("\\") and not step.shown:
                step.command = step.command[:-1] + line.strip()
                step.shown_from = number + 1
            elif line.startswith("$ "):
                step = Step(number)
                step.command = line[2:]
                step.shown_from = number + 1
                todo.append(("run", step))
            else:
                step.shown.append(line)
    return todo


def matches(shown, printed):
    """Line by line, with `...` for whatever is there."""
    if not shown:
        return not printed
    if shown[0].strip() == "...":
        return any(matches(shown[1:], printed[i:]) for i in range(len(printed) + 1))
    if not printed:
        return False
    pattern = ".*".join(re.escape(part) for part in shown[0].rstrip().split("..."))
    return bool(re.fullmatch(pattern, printed[0].rstrip())) and matches(shown[1:], printed[1:])


def play(todo, programs, folder):
    """The printed lines of every step."""
    script = "exec 2>&1\nunset MQTTLAB_LAUNCHER\n"
    for index, what in enumerate(todo):
        if what[0] == "file":
            (folder / "files").mkdir(exist_ok=True)
            (folder / "files" / str(index)).write_text(what[2])
            script += f"mkdir -p \"$(dirname '{what[1]}')\"; cp '{folder}/files/{index}' '{what[1]}'\n"
        else:
            script += f"echo '{MARK}'\n{what[1].command}\n"
    script += f"echo '{MARK}'\nkill $(jobs -p) 2>/dev/null; wait\n"
    work = folder / "work"
    work.mkdir()
    environment = dict(os.environ, PATH=f"{programs}:{os.environ['PATH']}:/usr/sbin", NO_COLOR="1",
                       HOME=str(folder), LC_ALL="C.UTF-8")
    ran = subprocess.run(["bash", "-c", script], cwd=work, env=environment, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1500)
    return [part.strip("\n").splitlines() for part in ran.stdout.split(MARK + "\n")[1:]]


def main():
    arguments = [word for word in sys.argv[1:] if word != "--update"]
    programs = pathlib.Path(arguments[0]).resolve()
    names = arguments[1:] or sorted(path.stem for path in FOLDER.glob("*.md"))
    faults = commands = 0
    for name in names:
        path = FOLDER / f"{name}.md"
        todo = read(path)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="mqttlab-tutorial-"))
        try:
            printed = play(todo, programs, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        steps = [what[1] for what in todo if what[0] == "run"]
        lines = path.read_text().splitlines()
        for step, output in reversed(list(zip(steps, printed))):
            commands += 1
            if matches(step.shown, output):
                continue
            faults += 1
            print(f"{path.relative_to(ROOT)}:{step.line}: $ {step.command}\n  shown:")
            print("\n".join("    " + line for line in step.shown))
            print("  printed:\n" + "\n".join("    " + line for line in output))
            if "--update" in sys.argv:
                lines[step.shown_from - 1:step.shown_from - 1 + len(step.shown)] = output
        if "--update" in sys.argv:
            path.write_text("\n".join(lines) + "\n")
    print(f"{commands} commands, {faults} of them print something else than is shown")
    return 1 if faults or not commands else 0


if __name__ == "__main__":
    sys.exit(main())
