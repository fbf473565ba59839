#!/usr/bin/env python3
"""Is the Containerfile up to date? container_test.py SOURCE_DIR FOLDER_OF_PROGRAMS

Its packages to build with are the launcher's, its packages to run with have every library of the
programs that it takes, and what it copies is built.
"""
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(sys.argv[1])
PROGRAMS = pathlib.Path(sys.argv[2])


def instructions(text):
    """Lines that end in a backslash go on; comments and empty lines do not count."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return [line for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines() if line.strip()]


def installed(line):
    words = re.search(r"apt-get install ([^&]*)", line)
    return [word for word in words.group(1).split() if not word.startswith("-")] if words else []


def packages_of(program):
    """The Debian packages of the shared libraries of a program."""
    found = set()
    for line in subprocess.run(["ldd", program], capture_output=True, text=True,
                               check=True).stdout.splitlines():
        match = re.search(r"=> (/\S+)", line)
        if not match:
            continue
        path = pathlib.Path(match.group(1)).resolve()
        for name in (str(path), str(path).removeprefix("/usr")):
            owner = subprocess.run(["dpkg", "-S", name], capture_output=True, text=True)
            if owner.returncode == 0:
                found.add(owner.stdout.split(":")[0])
                break
    return found


def main():
    lines = instructions((SOURCE / "campaign/Containerfile").read_text())
    launcher = (SOURCE / "mqttlab").read_text()
    wanted = re.search(r"build_packages=\(([^)]*)\)", launcher).group(1).split()
    lists = [names for names in map(installed, lines) if names]
    faults = []
    if sorted(lists[0]) != sorted(wanted):
        faults.append(f"to build: {sorted(set(lists[0]) ^ set(wanted))} is not as in ./mqttlab")
    programs = dict.fromkeys(re.findall(r"/opt/mqttlab/build/release/bin/([\w.-]+) ", "\n".join(lines)))
    for name in programs:
        if name not in "\n".join(line for line in lines if "cmake --build" in line) \
                and name != "libmqttlab-vtime.so":
            faults.append(f"{name} is copied and not built")
        if not (PROGRAMS / name).exists():
            print(f"{name} is not built here: its libraries were not looked at")
            continue
        missing = packages_of(PROGRAMS / name) - set(lists[1]) - {"libc6", "libgcc-s1"}
        # What a package that is listed needs comes with it.
        for package in sorted(missing):
            needed = subprocess.run(["apt-cache", "depends", "--recurse", "--installed", "--important",
                                     *lists[1]], capture_output=True, text=True).stdout
            if not re.search(rf"^{re.escape(package)}$", needed, re.M):
                faults.append(f"{name} needs {package}, which is not installed to run with")
    if not lines[0].startswith("FROM") or not any(line.startswith("USER ") for line in lines):
        faults.append("it begins with FROM, and does not run as root")
    print("\n".join(faults) or f"{len(lines)} instructions, {len(programs)} files: as they should be")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
