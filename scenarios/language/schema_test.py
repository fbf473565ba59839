"""The schema and the parser agree: on the shipped scenarios, and on thousands of small damages."""

import copy
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import jsonschema
import yaml

check_files, root = sys.argv[1], pathlib.Path(sys.argv[2])
folder = root / "scenarios"
schema = json.loads(subprocess.check_output([check_files, "--schema"]))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
failures = []


def fail(text):
    failures.append(text)
    print("FAILED:", text)


# The file that editors find beside the scenarios is what the program prints.
shipped = (folder / "scenario.schema.json").read_bytes()
if shipped != subprocess.check_output([check_files, "--schema"]):
    fail("scenarios/scenario.schema.json is old: write it anew with `mqttlab schema scenario`")

# So does the reference in the README.
reference = subprocess.check_output([check_files, "--reference"], text=True)
if reference.strip() not in (folder / "README.md").read_text():
    fail("the tables of scenarios/README.md are old: put what `scenarios_check_files --reference` prints there")

scenarios = {path.name: yaml.safe_load(path.read_text()) for path in folder.glob("*.yaml")}
if len(scenarios) < 3:
    fail("the shipped scenarios were not found")
for name, scenario in scenarios.items():
    for error in validator.iter_errors(scenario):
        fail(f"{name}: {error.message}")


def maps_in(value):
    """Every mapping of a document, however deep."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from maps_in(part)


def keys_in(part, into):
    """Every key that the schema knows, anywhere."""
    if isinstance(part, dict):
        into.update(part.get("properties", {}))
    for item in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        keys_in(item, into)


known_keys = set()
keys_in(schema, known_keys)
known_keys = sorted(known_keys)
chance = random.Random(1)
# Values of the wrong kind, size or unit, and some right ones.
values = [None, True, 0, 1, -1, 3, 1.5, 99, 10**6, "", "x", "a b", "#", "5s", "0", "0s", "-5s", "5", "1.5min",
          "1h 30min", "1h30min", "5 m", "2%", "2", "101%", "64B", "4kB", "1.5kB", "0.5B", "20 kbit/s",
          "20kb/s", "20 kB/s", "unlimited", "never", "linux", "ns3", "power", "wired", "3.1.1", 5, 5.0,
          "true", [], {}, ["x"], [1], [[]], {"x": 1}, {"value": "5s", "source": "s"}, {"value": 1}, "edge",
          "gprs", "up", "broker", {"uniform": ["1s", "2s"], "source": "s"}, ["1s", "2s"], "none",
          {"quantiles": {"p5": "1s", "p95": "9s"}, "source": "s"}, {"value": "1s", "uniform": ["1s", "2s"], "source": "s"}, "at-least-once", "1e3s", "٣s", "5S", "1µs", ".5s", "5.s", "007", "0x10"]


def damaged(scenario):
    """A scenario with one thing changed, and what kind of change it was."""
    scenario = copy.deepcopy(scenario)
    where = chance.choice(list(maps_in(scenario)))
    kind = chance.choice(["rename", "add", "remove", "replace", "replace", "replace"])
    key = chance.choice(sorted(where)) if where else None
    if kind == "add" or key is None:
        where[chance.choice(known_keys + ["surprise"])] = chance.choice(values)
        return scenario, "add"
    if kind == "rename":
        where[key[:-1] + chance.choice("aeiou_")] = where.pop(key)
    elif kind == "remove":
        del where[key]
    else:
        where[key] = chance.choice(values)
    return scenario, kind


# JSON is YAML: every damage goes to both judges as the same text.
cases = [damaged(scenario) for scenario in scenarios.values() for _ in range(300)]
with tempfile.TemporaryDirectory() as temporary:
    paths = []
    for number, (scenario, _) in enumerate(cases):
        path = pathlib.Path(temporary) / f"{number}.yaml"
        path.write_text(json.dumps(scenario, ensure_ascii=False))
        paths.append(str(path))
    answers = subprocess.run([check_files], input="\n".join(paths), text=True, check=True,
                             capture_output=True).stdout.splitlines()

# What only the parser can know: names, sums and versions that belong together.
beyond_the_schema = (
    "there is no", "no link of theirs", "the fault would end", "must lie before", "exists in 5.0 only", "in 3.1.1", "3.1.1 cannot",
    "a fault needs", "expected a packet", "is a profile, not an element", "found `5.0`", "` needs `", "does not go with", "needs `every` or `at`", "a client of 3.1.1 that",
    "`times` goes with", "a password needs", "a link needs", "the link has no", "`every` must be longer", "expected already",
    "is a link and a group", "that of a member", "not a topic", "must be whole seconds",
    "topics that begin", "unknown placeholder", "would stop before", "would start after", "a shared sub",
    "a name cannot be", "longer than", "outages need", "of outages goes with", "goes with", "needs two or more",
    "is less than the quantile", "goes from the smaller", "the trace ", "the rate is always zero",
    "must be longer than `awake`", "must be at least 1ms", "the timetable is longer", "an outage begins before",
    "a path is", "HTTP goes over", "a group with `rest`", "nobody speaks with it", "nobody of them reads", "befalls our clients",
)
# The range of a quantity with a unit is only described in the schema.
range_of_a_quantity = re.compile(r"must be at (least|most) [^,]*[a-z%s], is|found `(1.5kB|0.5B)`", re.I)
refused_by_both = 0
for (scenario, kind), answer in zip(cases, answers):
    by_schema = [error.message for error in validator.iter_errors(scenario)]
    problems, _, first = answer.partition(" ")
    by_parser = problems != "0"
    refused_by_both += bool(by_schema) and by_parser
    if by_schema and not by_parser:
        fail(f"only the schema refuses: {by_schema[0][:200]}")
    if by_parser and not by_schema and not (
            any(text in first for text in beyond_the_schema) or range_of_a_quantity.search(first)):
        fail(f"only the parser refuses ({kind}): {first[:200]}")
    if len(failures) > 20:
        break
print(f"{len(cases)} damaged scenarios, {refused_by_both} refused by both")
if refused_by_both < len(cases) // 4:
    fail("too few damages were seen: the test is blind")
sys.exit(1 if failures else 0)
