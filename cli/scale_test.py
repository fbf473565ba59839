#!/usr/bin/env python3
"""How large one run may be: scenarios/scale, with their limits of time and memory.

ctest calls it in the long tier with the folder of the programs as its first argument. All together
take about twenty minutes on a core of their own.
"""
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = pathlib.Path(sys.argv.pop(1)).resolve()
GB = 1024 * 1024  # of the kilobytes that the kernel counts in
REPORT_BYTES_MAX = 5_000_000


class Scale(unittest.TestCase):
    """Sorted by size: memory is only known as the largest of all runs so far."""

    def run_one(self, name: str, clients: int, cpu_seconds_max: float, memory_max: float) -> None:
        with tempfile.TemporaryDirectory() as folder:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            run = subprocess.run(
                [PROGRAMS / "mqttlab", "run", ROOT / "scenarios" / "scale" / f"{name}.yaml",
                 "--trace", "none", "-o", folder],
                capture_output=True, text=True, check=False)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
            results = json.loads((pathlib.Path(folder) / "results.json").read_text())
            report = pathlib.Path(folder) / "report.html"
            cpu = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
            print(f"{name}: {cpu:.0f} s of CPU, {after.ru_maxrss / GB:.2f} GB, "
                  f"report of {report.stat().st_size / 1e6:.2f} MB", file=sys.stderr)
            self.assertTrue(results["complete"])
            self.assertEqual(len(results["run"]["clients"]), clients)
            self.assertLess(cpu, cpu_seconds_max)
            self.assertLess(after.ru_maxrss, memory_max)
            self.assertLess(report.stat().st_size, REPORT_BYTES_MAX)

    def test_1_ten_thousand_clients_for_a_day_in_two_hours(self) -> None:
        self.run_one("ten-thousand-for-a-day", 10_001, 2 * 3600, 1 * GB)

    def test_2_a_hundred_thousand_clients_that_sleep_in_twelve_gigabytes(self) -> None:
        self.run_one("hundred-thousand-asleep", 100_000, 3600, 12 * GB)


if __name__ == "__main__":
    unittest.main()
