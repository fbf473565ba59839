#!/usr/bin/env python3
"""The programs that are released hold no fault: release_test.py FOLDER_OF_PROGRAMS.

Looks for the names of all faults, which stand in the catalogue as text, and for the class that puts
one before a broker. What the faulty core would add is left out by the compiler, as it knows that
`faulty()` is false.
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent


def names():
    found = [b"MutatedBackend"]
    for source in HERE.glob("*_faults.cc"):
        for name in re.findall(r'^ {6}\{"([^"]{12,})"', source.read_text(), re.M):
            found.append(name.encode())
    return found


def main():
    folder = pathlib.Path(sys.argv[1])
    wanted = names()
    if len(wanted) < 200:
        sys.exit(f"only {len(wanted)} names of faults were found in {HERE}")
    if not (folder / "mqttlab").is_file():
        sys.exit(f"{folder}/mqttlab is not there")
    programs = [path for path in folder.glob("mqttlab*") if path.is_file()]
    faults = [
        f"{path.name} holds `{name.decode()}`"
        for path in programs
        for text in [path.read_bytes()]
        for name in wanted
        if name in text
    ]
    print(f"{len(programs)} programs, {len(wanted)} words of faults")
    sys.exit("\n".join(faults) if faults else 0)


if __name__ == "__main__":
    main()
