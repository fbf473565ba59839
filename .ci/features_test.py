#!/usr/bin/env python3
"""Sees that every test that docs/protocol.md names exists."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEST = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)", re.MULTILINE)
NAMED = re.compile(r"`([A-Z]\w+\.[A-Z]\w+)`")
FOLDERS = ["base", "broker", "client", "protocol", "transport"]

there = set()
for folder in FOLDERS:
    for file in (ROOT / folder).rglob("*_test.cc"):
        there |= {".".join(name) for name in TEST.findall(file.read_text())}
faults = []
rows = 0
for number, line in enumerate((ROOT / "docs/protocol.md").read_text().splitlines(), 1):
    if not line.startswith("| ") or line.startswith(("| feature", "| ---")):
        continue
    rows += 1
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    if not NAMED.search(cells[1]) or not NAMED.search(cells[2]):
        faults.append(f"docs/protocol.md:{number}: expected a test of the broker and one of the client")
    for name in NAMED.findall(line):
        if name not in there:
            faults.append(f"docs/protocol.md:{number}: there is no test {name}")
for fault in faults:
    print(fault)
print(f"{rows} features")
sys.exit(1 if faults or rows < 30 else 0)
