#!/usr/bin/env python3
"""Holds the tree to its own rules: layers, forbidden words in the cores, sizes, files without a reader.

Run by ctest. Prints every fault as FILE:LINE: what is wrong, and fails if there is one.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINE_MAX = 100
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 600
TEST_LINES_MAX = 900

# What may be included from where: the first matching folder counts. Files of tests, fuzzers and
# benchmarks may look anywhere.
LAYERS = [
    ("base/", ["base/"]),
    ("installation/", ["base/", "installation/"]),
    ("protocol/", ["base/", "protocol/"]),
    ("broker/core/", ["base/", "protocol/", "broker/core/"]),
    ("broker/store/", ["base/", "protocol/", "broker/core/", "broker/store/"]),
    ("broker/", ["base/", "installation/", "protocol/", "broker/", "transport/"]),
    ("client/core/", ["base/", "protocol/", "client/core/"]),
    ("client/", ["base/", "installation/", "protocol/", "client/", "transport/"]),
    ("transport/", ["base/", "transport/"]),
    ("sim/trace/", ["base/", "protocol/", "sim/trace/"]),
    ("shim/", ["shim/"]),
    ("sim/external/", ["base/", "installation/", "shim/", "sim/"]),
    ("sim/linked/", ["base/", "protocol/", "broker/", "transport/", "sim/"]),
    ("sim/", ["base/", "protocol/", "sim/"]),
    ("scenarios/engine/", ["base/", "protocol/", "client/core/", "transport/", "sim/", "scenarios/"]),
    ("scenarios/", ["base/", "protocol/", "sim/", "scenarios/"]),
    ("peers/", ["base/", "installation/", "protocol/", "scenarios/language/", "peers/"]),
    ("bench/", ["base/", "protocol/", "transport/", "peers/", "bench/"]),
    ("conformance/checks/", ["base/", "protocol/", "sim/trace/", "conformance/checks/"]),
    ("conformance/monitors/", ["base/", "protocol/", "sim/trace/", "conformance/checks/",
                               "conformance/monitors/"]),
    ("conformance/runner/", ["base/", "protocol/", "broker/", "client/", "transport/", "sim/", "scenarios/",
                             "peers/", "conformance/"]),
    ("conformance/mutants/", ["base/", "protocol/", "transport/", "sim/", "conformance/"]),
    ("reports/", ["base/", "protocol/", "sim/trace/", "conformance/checks/", "conformance/monitors/",
                  "reports/"]),
    ("explore/", ["base/", "protocol/", "sim/", "scenarios/", "explore/"]),
    ("gate/", ["base/", "conformance/checks/", "reports/", "gate/"]),
    ("campaign/store/", ["base/", "protocol/", "sim/trace/", "scenarios/", "gate/", "campaign/"]),
    ("campaign/", ["base/", "protocol/", "sim/trace/", "scenarios/", "explore/", "reports/", "gate/", "campaign/"]),
    ("compare/", ["base/", "protocol/", "conformance/checks/", "reports/", "gate/", "compare/"]),
    ("cli/", [""]),
]
PURE = ("base/", "protocol/", "broker/core/", "client/core/", "conformance/checks/", "conformance/monitors/",
        "sim/trace/")
FORBIDDEN_IN_PURE = re.compile(
    r"\b(asio|ns3|random_device|sleep|sleep_for|system_clock|steady_clock|std::thread|std::mutex|"
    r"fopen|ifstream|ofstream|socket\()"
)
THROWS = re.compile(r"\bthrow\b")


def tracked():
    out = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [pathlib.PurePosixPath(line) for line in out.stdout.splitlines()]


def is_test(path):
    return bool(re.search(r"(_test|_fuzz|_bench|_suite|_fixture)\.(cc|h)$", path.name)) or "testing" in path.parts


def without_comments_and_strings(text):
    keep_lines = lambda match: re.sub(r"[^\n]", " ", match.group(0))
    pattern = (
        r'R"(\w*)\((?:.|\n)*?\)\1"|//[^\n]*|/\*(?:.|\n)*?\*/|"(?:\\.|[^"\\\n])*"'
        r"|'(?:\\.|[^'\\\n])'"
    )
    return re.sub(pattern, keep_lines, text)


def long_functions(code):
    """Yields (line, length) of bodies at namespace or class level that are too long."""
    depth_stack = []
    line = 1
    statement = ""
    for char in code:
        if char == "\n":
            line += 1
        if char == "{":
            head = statement.strip()
            scope = re.search(r"\b(namespace|class|struct|enum|union)\b", head) or head.endswith("=")
            function = bool(re.search(r"\)[\s\w&:<>,\->]*$", head)) and not scope
            inside = any(kind for kind, _ in depth_stack)
            depth_stack.append((function and not inside, line))
            statement = ""
        elif char == "}":
            if depth_stack:
                function, began = depth_stack.pop()
                if function and line - began + 1 > FUNCTION_LINES_MAX:
                    yield began, line - began + 1
            statement = ""
        elif char == ";":
            statement = ""
        else:
            statement += char


def main():
    faults = []
    files = tracked()
    sources = [f for f in files if f.suffix in (".cc", ".h", ".c")]
    if not sources:
        print("no source file was found: nothing was checked")
        return 1
    includes = set()
    for path in sources:
        text = (ROOT / path).read_text(encoding="utf-8")
        lines = text.splitlines()
        layer = next((allowed for folder, allowed in LAYERS if str(path).startswith(folder)), None)
        if layer is None:
            faults.append(f"{path}:1: lies in no folder of the architecture")
            continue
        if len(lines) > (TEST_LINES_MAX if is_test(path) else FILE_LINES_MAX):
            faults.append(f"{path}:{len(lines)}: a file of {len(lines)} lines is too long")
        for number, line in enumerate(lines, 1):
            if len(line) > LINE_MAX:
                faults.append(f"{path}:{number}: {len(line)} columns; at most {LINE_MAX}")
            match = re.match(r'#include "([^"]+)"', line)
            if not match:
                continue
            includes.add(match.group(1))
            if not is_test(path) and not match.group(1).startswith(tuple(layer)):
                faults.append(f"{path}:{number}: a wrong-way include: {match.group(1)}")
        code = without_comments_and_strings(text)
        if not is_test(path):
            for began, length in long_functions(code):
                faults.append(f"{path}:{began}: a function of {length} lines; at most {FUNCTION_LINES_MAX}")
        if str(path).startswith(PURE) and not is_test(path):
            for number, line in enumerate(code.splitlines(), 1):
                if FORBIDDEN_IN_PURE.search(line):
                    faults.append(f"{path}:{number}: not for a core: {line.strip()}")
                if THROWS.search(line):
                    faults.append(f"{path}:{number}: nothing throws here: {line.strip()}")
        if "ns3::" in code and not str(path).startswith("sim/ns3/"):
            faults.append(f"{path}:1: an ns3:: name outside sim/ns3")
    built = "\n".join((ROOT / f).read_text() for f in files if f.name == "CMakeLists.txt")
    for path in sources:
        if path.suffix in (".cc", ".c") and not re.search(rf"\b{re.escape(path.name)}", built):
            faults.append(f"{path}:1: is built by no CMakeLists.txt")
        if path.suffix == ".h" and str(path) not in includes:
            faults.append(f"{path}:1: is included by nobody")
    print("\n".join(faults) or f"{len(sources)} files keep the rules")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
