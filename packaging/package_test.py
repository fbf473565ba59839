#!/usr/bin/env python3
"""The Debian package, installed in a Debian that debootstrap has just made, and used by somebody who
is not root, from a folder that is not a checkout, over a share that nobody can write to.

ctest calls it with the build's folder. Exit code 77 (skipped): not root, or no debootstrap.
MQTTLAB_DEBOOTSTRAP may name a folder that debootstrap has made; else one is made below /tmp.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
SUITE = "bookworm"
CHROOT = shutil.which("chroot", path="/usr/sbin:/usr/bin") or "chroot"


def run(*words, **options):
    return subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=1800, **options)


def must(*words, **options):
    ran = run(*words, **options)
    if ran.returncode != 0:
        raise AssertionError(f"{words}: {ran.returncode}\n{ran.stdout[-4000:]}{ran.stderr[-4000:]}")
    return ran


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mqttlab-package-"))
        cls.mounted = []
        cls.addClassCleanup(cls.clean)
        must("cpack", "-G", "DEB", "-B", cls.folder, cwd=BUILD)
        cls.package = next(cls.folder.glob("mqttlab_*.deb"))
        given = os.environ.get("MQTTLAB_DEBOOTSTRAP")
        cls.root = cls.folder / "root"
        if given:
            must("cp", "-a", given, cls.root)
        else:
            must("debootstrap", "--variant=minbase", SUITE, cls.root)
        (cls.root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
        shutil.copy("/etc/resolv.conf", cls.root / "etc/resolv.conf")
        for name in ("proc", "dev"):
            must("mount", "--bind", f"/{name}", cls.root / name)
            cls.mounted.append(cls.root / name)
        shutil.copy(cls.package, cls.root / "tmp")
        cls.chroot("apt-get", "update")
        cls.chroot("apt-get", "install", "--yes", "--no-install-recommends", "man-db")
        # Dependencies are not there yet: dpkg says so, and apt brings them.
        run(CHROOT, cls.root, "dpkg", "-i", f"/tmp/{cls.package.name}")
        cls.chroot("apt-get", "install", "--yes", "--no-install-recommends", "--fix-broken")
        cls.chroot("useradd", "--create-home", "tester")

    @classmethod
    def clean(cls):
        for mount in reversed(cls.mounted):
            must("umount", mount)
        shutil.rmtree(cls.folder)

    @classmethod
    def chroot(cls, *words):
        environment = {"PATH": "/usr/bin:/usr/sbin:/bin:/sbin", "DEBIAN_FRONTEND": "noninteractive",
                       "LC_ALL": "C.UTF-8", "HOME": "/root"}
        return must(CHROOT, cls.root, *words, env=environment)

    def as_user(self, command, code=0):
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/home/tester", "LC_ALL": "C.UTF-8"}
        ran = run(CHROOT, "--userspec=tester:tester", self.root, "sh", "-c",
                  f"cd /home/tester && {command}", env=environment)
        self.assertEqual(ran.returncode, code, f"{command}\n{ran.stdout}{ran.stderr}")
        return ran.stdout

    def test_it_is_installed_whole_with_the_dependencies_that_it_needs(self):
        about = self.chroot("dpkg", "-s", "mqttlab").stdout
        self.assertIn("Status: install ok installed", about)
        for library in ("libns3", "libssl3", "libyaml-cpp0.7", "libfmt9", "libsqlite3-0"):
            self.assertIn(library, about)
        self.assertRegex(self.as_user("mqttlab --version"), r"^mqttlab \d+\.\d+\.\d+")
        self.assertIn("GPL-2.0-only", self.as_user("cat /usr/share/doc/mqttlab/copyright"))

    def test_a_scenario_of_the_library_runs_from_any_folder_and_is_what_it_is_elsewhere(self):
        self.as_user("! touch /usr/share/mqttlab/scenarios/x 2>/dev/null")
        shown = self.as_user("mqttlab run cold-counter")
        self.assertIn("Held:", shown)
        self.assertTrue((self.root / "home/tester/results/cold-counter/report.html").exists())
        here = must(BUILD / "bin/mqttlab", "run", "cold-counter", "-o", self.folder / "here").stdout
        hash_of = lambda text: next(line for line in text.splitlines() if line.startswith("hash"))
        self.assertEqual(hash_of(shown), hash_of(here))

    def test_every_command_is_there(self):
        for command in ("conform ours --only 'v5/ping*' --level must", "explain v5/MQTT-3.1.0-1",
                        "list statements", "list brokers", "export-netem gprs", "doctor --json",
                        "explore --runs 5", "init mine.yaml", "completion bash", "bench broker --list",
                        "schema scenario"):
            with self.subTest(command=command):
                self.as_user(f"mqttlab {command} >/dev/null")
        self.as_user("mqttlab init fleet --like fleet && mqttlab run fleet/scenario.yaml")

    def test_an_unmodified_broker_runs_in_virtual_time(self):
        self.chroot("apt-get", "install", "--yes", "--no-install-recommends", "mosquitto")
        # It closes silent connections late, so a promise may be broken; it is the same twice.
        shown = self.as_user("mqttlab run cold-counter --broker mosquitto --world memory --repeat 2 "
                             "-o elsewhere; test $? -le 1")
        self.assertIn("the same hash in 2 runs", shown)

    def test_a_run_is_shown_in_the_browser(self):
        serve = subprocess.Popen([CHROOT, "--userspec=tester:tester", self.root, "sh", "-c",
                                  "cd /home/tester && exec mqttlab serve cold-counter -o served"],
                                 stdout=subprocess.PIPE, text=True,
                                 env={"PATH": "/usr/bin:/bin", "HOME": "/home/tester"})
        self.addCleanup(serve.communicate)
        self.addCleanup(serve.terminate)
        url = serve.stdout.readline().strip()
        for name in ("", "page.css", "page.js", "state"):
            with urllib.request.urlopen(url + name, timeout=60) as answer:
                self.assertEqual(answer.status, 200)

    def test_there_is_a_manual_page(self):
        self.assertIn("mqttlab run", self.as_user("mandb -q >/dev/null 2>&1; man -P cat mqttlab || "
                                                 "zcat -f /usr/share/man/man1/mqttlab.1*"))

    # unittest sorts by name: this is the last one.
    def test_z_it_goes_without_a_trace(self):
        self.chroot("apt-get", "purge", "--yes", "mqttlab")
        left = run(CHROOT, self.root, "find", "/usr", "-name", "*mqttlab*").stdout
        self.assertEqual(left, "")


if __name__ == "__main__":
    if os.geteuid() != 0 or not shutil.which("debootstrap") or not shutil.which("cpack"):
        print("needs root, debootstrap and cpack")
        sys.exit(77)
    unittest.main()
