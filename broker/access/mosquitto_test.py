#!/usr/bin/env python3
"""Password files and access lists between mqttlab and Debian's mosquitto, both ways, on real sockets.

usage: mosquitto_test.py FOLDER_OF_PROGRAMS
"""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

MQTTLAB = str(pathlib.Path(sys.argv.pop(1)) / "mqttlab")
PATH = os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin"
ENVIRONMENT = {**os.environ, "PATH": PATH}
SECRET = "correct horse battery"


def run(*command, **options):
    return subprocess.run(command, env=ENVIRONMENT, text=True, capture_output=True, timeout=60, **options)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    """A process that listens on self.port until the end of the block."""

    def __init__(self, *command, port, log):
        self.command, self.port, self.log_path = command, port, log

    def __enter__(self):
        self.log = open(self.log_path, "w")
        self.process = subprocess.Popen(self.command, env=ENVIRONMENT, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(pathlib.Path(self.log_path).read_text())

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()

    def said(self):
        return pathlib.Path(self.log_path).read_text()


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.folder.chmod(0o755)
        self.passwords = self.folder / "passwords"
        self.acl = self.folder / "acl"

    def passwd(self, *arguments, password=None):
        return run(MQTTLAB, "passwd", *map(str, arguments), input=password)

    def ours(self, *flags):
        port = free_port()
        return Broker(MQTTLAB, "broker", "-v", "-p", str(port), *map(str, flags), port=port, log=self.folder / "log")

    def mosquitto(self, *lines):
        port = free_port()
        config = self.folder / "mosquitto.conf"
        config.write_text("\n".join([f"listener {port} 127.0.0.1", *lines]) + "\n")
        return Broker("mosquitto", "-c", str(config), port=port, log=self.folder / "log")

    def publishes(self, broker, *flags, topic="t"):
        # No -i: an id of its own each time.
        result = run("mosquitto_pub", "-p", str(broker.port), "-q", "1", "-t", topic, "-m", "x", *flags)
        return result.returncode == 0

    def test_what_we_write_mosquitto_reads(self):
        self.assertEqual(self.passwd("-c", self.passwords, "ann", password=SECRET + "\n").returncode, 0)
        self.assertEqual(self.passwd("-b", self.passwords, "bob", "x").returncode, 0)
        text = self.passwords.read_text()
        self.assertRegex(text, r"^ann:\$7\$210000\$")
        self.assertNotIn(SECRET, text)
        self.assertEqual(self.passwords.stat().st_mode & 0o777, 0o600)
        self.passwords.chmod(0o644)  # mosquitto gives up root before it reads
        with self.mosquitto(f"password_file {self.passwords}", "allow_anonymous false") as broker:
            self.assertTrue(self.publishes(broker, "-u", "ann", "-P", SECRET))
            self.assertTrue(self.publishes(broker, "-u", "bob", "-P", "x"))
            self.assertFalse(self.publishes(broker, "-u", "ann", "-P", "wrong"))

    def test_what_mosquitto_writes_we_read(self):
        self.passwords.touch()
        run("mosquitto_passwd", "-b", self.passwords, "ann", SECRET, check=True)
        run("mosquitto_passwd", "-H", "sha512", "-b", self.passwords, "bob", SECRET, check=True)
        self.assertEqual(self.passwd("-b", "-H", "argon2id", self.passwords, "cid", SECRET).returncode, 0)
        self.assertEqual(self.passwd("-b", "-H", "scram-sha-256", self.passwords, "dan", SECRET).returncode, 0)
        with self.ours("--password-file", self.passwords) as broker:
            for user in ("ann", "bob", "cid", "dan"):
                self.assertTrue(self.publishes(broker, "-u", user, "-P", SECRET), user)
                self.assertFalse(self.publishes(broker, "-u", user, "-P", "wrong guess"), user)
            self.assertFalse(self.publishes(broker, "-u", "eve", "-P", SECRET))
            self.assertFalse(self.publishes(broker))
            said = broker.said()
        self.assertIn("refused", said)
        for secret in (SECRET, "wrong guess"):
            self.assertNotIn(secret, said)

    def test_a_password_can_be_proved_instead_of_sent(self):
        self.passwd("-c", "-b", "-H", "scram-sha-256", "-I", "5000", self.passwords, "ann", SECRET)
        self.passwd("-b", self.passwords, "bob", SECRET)
        with self.ours("--password-file", self.passwords) as broker:
            for user, password, code in (("ann", SECRET, 0), ("ann", "wrong", 3), ("eve", SECRET, 3),
                                         ("bob", SECRET, 3)):  # bob's hash is of another kind
                result = run(MQTTLAB, "pub", "-p", str(broker.port), "--auth-method", "SCRAM-SHA-256", "-u", user,
                             "-P", password, "-q", "1", "-t", "t", "-m", "x")
                self.assertEqual(result.returncode, code, result.stderr)
        with self.mosquitto("allow_anonymous true") as broker:
            result = run(MQTTLAB, "pub", "-p", str(broker.port), "--auth-method", "SCRAM-SHA-256", "-u", "ann",
                         "-P", SECRET, "-t", "t", "-m", "x")
            self.assertEqual(result.returncode, 3)
            self.assertIn("Bad authentication method", result.stderr)

    def test_both_brokers_let_the_same_clients_do_the_same(self):
        self.passwords.touch()
        for user in ("sensor", "other"):
            run("mosquitto_passwd", "-b", self.passwords, user, SECRET, check=True)
        self.acl.write_text(
            "user sensor\ntopic write f2/kuehltheke/temp\nuser other\ntopic read f2/#\npattern write home/%u/#\n")
        cases = [("sensor", "f2/kuehltheke/temp"), ("sensor", "f2/other"), ("other", "f2/kuehltheke/temp"),
                 ("other", "home/other/a"), ("other", "home/sensor/a"), ("sensor", "home/sensor/a/b")]
        allowed = []
        for broker in (self.ours("--password-file", self.passwords, "--acl-file", self.acl),
                       self.mosquitto(f"password_file {self.passwords}", f"acl_file {self.acl}")):
            self.passwords.chmod(0o644)
            with broker:
                allowed.append([self.reason(broker, user, topic) for user, topic in cases])
        self.assertEqual(allowed[0], allowed[1])
        self.assertEqual([reason == "denied" for reason in allowed[0]], [False, True, True, False, True, False])

    def reason(self, broker, user, topic):
        result = run("mosquitto_pub", "-V", "5", "-d", "-p", str(broker.port), "-u", user, "-P", SECRET, "-q", "1",
                     "-t", topic, "-m", "x")
        return "denied" if "Not authorized" in result.stdout + result.stderr or "RC:135" in result.stdout else "done"

    def test_changed_files_count_after_a_hang_up_and_faulty_ones_do_not(self):
        self.passwd("-c", "-b", self.passwords, "ann", SECRET)
        with self.ours("--password-file", self.passwords) as broker:
            self.assertTrue(self.publishes(broker, "-u", "ann", "-P", SECRET))
            for content, told in (("ann\n", "not_reloaded"), (None, " reloaded")):
                if content:
                    before = self.passwords.read_text()
                    self.passwords.write_text(content)
                else:
                    self.passwords.write_text(before)
                    self.passwd("-b", self.passwords, "ann", "another")
                broker.process.send_signal(signal.SIGHUP)
                deadline = time.monotonic() + 20
                while told not in broker.said() and time.monotonic() < deadline:
                    time.sleep(0.02)
                self.assertIn(told, broker.said())
                self.assertEqual(self.publishes(broker, "-u", "ann", "-P", SECRET), content is not None)
            self.assertTrue(self.publishes(broker, "-u", "ann", "-P", "another"))

    def test_faulty_files_let_no_broker_start(self):
        for flag, content, told in (("--password-file", "ann:x\n\n", ":1:5: expected a hash"),
                                    ("--password-file", "\n", ":1:1: expected USER:HASH"),
                                    ("--acl-file", "topics a\n", ":1:1: expected user, topic or pattern")):
            self.passwords.write_text(content)
            result = run(MQTTLAB, "broker", "-p", "0", flag, str(self.passwords))
            self.assertEqual(result.returncode, 2)
            self.assertIn(str(self.passwords) + told, result.stderr)

    def test_passwd_says_what_is_wrong(self):
        self.assertEqual(self.passwd("-b", self.passwords, "ann", "x").returncode, 2)  # no file
        self.passwd("-c", "-b", self.passwords, "ann", "x")
        before = self.passwords.read_text()
        for arguments in (("-b", self.passwords, "a:b", "x"), ("-b", self.passwords, "", "x"),
                          ("-b", self.passwords, "ann"), (self.passwords,), ("-U", self.passwords, "ann"),
                          ("-b", "-H", "md5", self.passwords, "ann", "x")):
            self.assertEqual(self.passwd(*arguments).returncode, 2, arguments)
        self.assertEqual(self.passwd("-D", self.passwords, "eve").returncode, 1)
        self.assertEqual(self.passwords.read_text(), before)
        self.assertEqual(self.passwd("-D", self.passwords, "ann").returncode, 0)
        self.assertEqual(self.passwords.read_text(), "")

    def test_plain_text_is_hashed(self):
        self.passwords.write_text(f"ann:{SECRET}\nbob:x\n")
        self.assertEqual(self.passwd("-U", self.passwords).returncode, 0)
        text = self.passwords.read_text()
        self.assertEqual(len(re.findall(r"^\w+:\$7\$210000\$", text, re.M)), 2)
        self.assertEqual(self.passwd("-U", self.passwords).returncode, 0)
        self.assertEqual(self.passwords.read_text(), text)


if __name__ == "__main__":
    unittest.main()
