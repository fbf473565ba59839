#!/usr/bin/env python3
"""`mqttlab conform` as its users see it: results folder, selection, lists, matrix, other brokers.

ctest calls it with the folder of the programs as its first argument, and for the long tier with
`long` as its second.
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import xml.etree.ElementTree as xml

PROGRAMS = pathlib.Path(sys.argv.pop(1)).resolve()
LONG = len(sys.argv) > 1 and sys.argv[1] in ("commit", "long") and sys.argv.pop(1) == "long"

EXPECTATIONS = pathlib.Path(__file__).resolve().parent.parent / "conformance/expectations/mosquitto.yaml"

# The first passes, the second cannot: our broker answers.
CASES = """\
case is-answered: PINGREQ is answered
asserts: v5/MQTT-3.12.4-1
A connect user_name=lab password=secret-word
A ping

case is-silent: PINGREQ is not answered
asserts: v5/MQTT-3.12.4-1
A connect user_name=lab password=secret-word
A send PINGREQ
A expect nothing
"""


def mqttlab(*arguments, **options):
    return subprocess.run([PROGRAMS / "mqttlab", *map(str, arguments)], capture_output=True, text=True,
                          timeout=300, env=dict(os.environ, NO_COLOR="1"), **options)


class Conform(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mqttlab-conform-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.results = self.folder / "results"
        self.cases = self.folder / "my.cases"
        self.cases.write_text(CASES)

    def conform(self, *flags, code=0, output=None):
        done = mqttlab("conform", *flags, "-o", output or self.results)
        self.assertEqual(done.returncode, code, done.stdout[-3000:] + done.stderr)
        return done

    def stored(self, folder=None):
        return json.loads(((folder or self.results) / "results.json").read_text())


@unittest.skipIf(LONG, "of the commit tier")
class Outputs(Conform):
    def test_a_failure_shows_statement_exchange_command_and_packets_everywhere(self):
        done = self.conform("ours", "--cases", self.cases, code=1)
        failed = next(one for one in self.stored()["judged"] if one["verdict"] == "fail")
        self.assertEqual(failed["statements"], ["v5/MQTT-3.12.4-1"])
        self.assertEqual(failed["miss"]["expected"], "nothing")
        self.assertIn("--only v5/is-silent --seed 1", failed["again"])
        texts = {name: (self.results / name).read_text() for name in
                 ("report.html", "junit.xml", "summary.md", "results.json")}
        texts["stdout"] = done.stdout
        for name, text in texts.items():
            for part in ("v5/MQTT-3.12.4-1", "PINGRESP", "v5/is-silent"):
                self.assertIn(part, text, name)
            self.assertNotIn("secret-word", text)
        for name in ("report.html", "junit.xml", "stdout"):
            self.assertIn("--only v5/is-silent --seed 1", texts[name], name)
        self.assertNotIn(b"secret-word", (self.results / "capture.pcap").read_bytes())
        suite = xml.fromstring(texts["junit.xml"]).find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures"), suite.get("errors")), ("3", "1", "0"))

    @unittest.skipUnless(shutil.which("tshark"), "tshark is not installed")
    def test_tshark_reads_the_packets_of_the_case_that_failed(self):
        self.conform("ours", "--cases", self.cases, code=1)
        failed = next(one for one in self.stored()["judged"] if one["verdict"] == "fail")
        read = subprocess.run(["tshark", "-r", self.results / "capture.pcap", "-Y", failed["packets"], "-T", "fields",
                               "-e", "mqtt.msgtype"], capture_output=True, text=True, timeout=120, check=True)
        self.assertEqual(read.stdout.split(), ["1", "2", "12", "13"])

    def test_what_failed_is_selected_again(self):
        self.conform("ours", "--cases", self.cases, code=1)
        self.conform("ours", "--cases", self.cases, "--last-failed", code=1)
        self.assertEqual([one["id"] for one in self.stored()["judged"]], ["v5/is-silent"])
        self.conform("ours", "--only", "v5/pingreq*", "--only", "v5/ping*")
        self.assertIn("nothing failed", self.conform("ours", "--last-failed", code=4).stderr)
        self.assertIn("there was no run before",
                      self.conform("ours", "--last-failed", code=2, output=self.folder / "none").stderr)

    def test_json_is_the_only_thing_on_stdout_and_the_seed_gives_the_hash(self):
        first = json.loads(self.conform("ours", "--only", "v5/qos1*", "--json").stdout)
        again = json.loads(self.conform("ours", "--only", "v5/qos1*", "--json", "--repeat", "2").stdout)
        self.assertEqual(first["hash"], again["hash"])
        self.assertEqual(first["schema_version"], 1)
        self.assertEqual({one["verdict"] for one in first["judged"]}, {"pass"})
        self.assertEqual(len(first["statements"]), 251 + 141)
        self.assertTrue(all(not one["rounds"] for one in again["judged"]))

    def test_a_report_may_have_a_name_of_its_own(self):
        page = self.folder / "new" / "page.html"
        self.conform("ours", "--only", "v5/qos1*", "--report", f"html={page}")
        self.assertEqual(page.read_text(), (self.results / "report.html").read_text())
        self.conform("ours", "--only", "v5/qos1*", "--report", "pdf=x", code=2)

    def test_what_does_not_go_together_is_told_with_the_way_to_the_help(self):
        for flags, told in ((("ours", "--client", "ours"), "and not both"),
                            ((), "expected a TARGET"),
                            (("mosquitto", "--link", "gprs"), "--link is for the TARGET `ours`"),
                            (("--client", "ours", "--link", "gprs"), "--link is for the TARGET"),
                            (("mqtt://localhost", "--virtual"), "lives in real time"),
                            (("--client", "ours", "--target", "x.yaml"), "describes a broker"),
                            (("ours", "--shard", "9/2"), "expected I/N"),
                            (("ours", "--longest", "soon"), "expected a duration")):
            done = self.conform(*flags, code=2)
            self.assertIn(told, done.stderr, flags)
            self.assertIn("Try: mqttlab conform --help", done.stderr, flags)

    def test_authorities_that_cannot_be_read_are_a_slip_and_no_run(self):
        done = self.conform("mqtts://127.0.0.1:1", "--cafile", self.folder / "none.pem", code=2)
        self.assertIn("none.pem: No such file", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_expectations_that_cannot_be_written_are_told(self):
        done = self.conform("ours", "--cases", self.cases, "--only", "*is-answered", "--expectations",
                            self.folder / "none" / "new.yaml", "--update-expectations", code=5)
        self.assertIn("it cannot be written", done.stderr)

    def test_a_list_needs_no_target(self):
        listed = mqttlab("conform", "--list", "--only", "v5/ping-is-answered")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertIn("v5/ping-is-answered", listed.stdout)

    def test_shards_are_the_whole_without_overlap(self):
        def ids(*flags):
            return [case["id"] for case in
                    json.loads(mqttlab("conform", "ours", "--list", "--json", *flags).stdout)]
        whole = ids("--only", "file:will.cases")
        parts = [ids("--only", "file:will.cases", "--shard", f"{i}/3") for i in (1, 2, 3)]
        self.assertEqual(sorted(sum(parts, [])), sorted(whole))
        self.assertEqual(len(sum(parts, [])), len(set(whole)))
        for wrong in ("0/3", "4/3", "1", "a/b", "1/3x"):
            self.assertEqual(mqttlab("conform", "ours", "--shard", wrong).returncode, 2, wrong)

    def test_nothing_selected_is_no_pass(self):
        self.conform("ours", "--only", "no-such-case", code=4)
        self.assertIn("did you mean v5/MQTT-3.1.0-1 or v3.1.1/MQTT-3.1.0-1?",
                      self.conform("ours", "--only", "MQTT-3.1.0-1", code=4).stderr)
        self.assertFalse((self.results / "results.json").exists())

    def test_a_client_program_that_is_not_there_is_named(self):
        said = self.conform("--client", "/nonexistent/client {url}", "--only", "v5/MQTT-3.1.0-1",
                            code=3).stderr
        self.assertIn("does not connect: the client program has ended with status 127: "
                      "/nonexistent/client: No such file or directory", said)

    def test_several_results_make_one_matrix(self):
        self.conform("ours", "--only", "v5/qos1*", output=self.folder / "a")
        self.conform("ours", "--cases", self.cases, code=1, output=self.folder / "b")
        done = mqttlab("report", self.folder / "a", self.folder / "b/results.json", "-o", self.folder / "matrix")
        self.assertEqual(done.returncode, 1, done.stderr)
        page = (self.folder / "matrix/report.html").read_text()
        self.assertIn("2 targets side by side", page)
        self.assertIn('id="v5/MQTT-3.12.4-1@2"', page)


@unittest.skipIf(LONG, "of the commit tier")
class Interrupted(Conform):
    def interrupt(self, signal_number, *flags):
        """Starts it, sends the signal when it has begun, and gives what it said."""
        running = subprocess.Popen([PROGRAMS / "mqttlab", "conform", *map(str, flags), "-o", self.results],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(running.kill)
        while not self.results.exists() and running.poll() is None:
            time.sleep(0.01)
        running.send_signal(signal_number)
        out, error = running.communicate(timeout=60)
        return running.returncode, out, error

    def check(self, number, code, *flags):
        returned, _, error = self.interrupt(number, *flags)
        self.assertEqual(returned, code, error)
        self.assertRegex(error, r"interrupted; \d+ of \d+ cases were not played")
        results = self.stored()
        self.assertTrue(results["is_interrupted"])
        self.assertEqual(results["exit_code"], code)
        skipped = [one for one in results["judged"] if one["verdict"] == "skipped"]
        self.assertTrue(skipped)
        self.assertTrue(all("interrupted" in one["reason"] for one in skipped))
        self.assertFalse([one["id"] for one in results["judged"] if one["verdict"] == "fail"])
        for name, word in (("report.html", "Incomplete"), ("summary.md", "Incomplete"), ("junit.xml", "interrupted")):
            self.assertIn(word, (self.results / name).read_text(), name)

    def test_ctrl_c_in_virtual_time_writes_what_there_is(self):
        self.check(signal.SIGINT, 130, "ours", "--cases", self.many())

    def many(self):
        """Cases that take long even in virtual time."""
        file = self.folder / "many.cases"
        rows = "".join(f"  | n{i} |\n" for i in range(100))
        file.write_text("case qos-many: Many messages\nasserts: v5/MQTT-3.12.4-1\n  | name |\n" + rows +
                        "  A connect\n  repeat 20000\n    A ping\n  end\n")
        return file

    @unittest.skipUnless(shutil.which("mosquitto") or pathlib.Path("/usr/sbin/mosquitto").exists(),
                         "mosquitto is not installed: apt-get install mosquitto")
    def test_a_time_out_of_ci_over_sockets_writes_what_there_is_and_stops_the_broker(self):
        self.check(signal.SIGTERM, 143, "mosquitto")

    def test_a_client_that_is_tested_is_stopped_too(self):
        self.check(signal.SIGINT, 130, "--client", f"{PROGRAMS / 'mqttlab'} client {{url}}")


def connack(data):
    return b"\x20\x03\0\0\0" if len(data) > 8 and data[8] == 5 else b"\x20\x02\0\0"


class Stranger:
    """Listens, and does with each connection what it is told to: `serve(connection, number)`."""

    def __init__(self, test, serve):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
        self.url = f"mqtt://127.0.0.1:{self.listener.getsockname()[1]}"
        self.over = threading.Event()
        self.kept = []
        threading.Thread(target=self.accept, args=(serve,), daemon=True).start()
        test.addCleanup(self.end)

    def accept(self, serve):
        number = 0
        while not self.over.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.kept.append(connection)
            threading.Thread(target=self.serve, args=(serve, connection, number), daemon=True).start()
            number += 1

    def serve(self, serve, connection, number):
        try:
            serve(connection, number)
        except OSError:
            pass

    def end(self):
        self.over.set()
        self.listener.close()
        for connection in self.kept:
            connection.close()


@unittest.skipIf(LONG, "of the commit tier")
class Hostile(Conform):
    """Whatever answers there: the run ends, says what is the matter, and accuses nobody without ground."""

    def accused(self):
        return [one["id"] for one in self.stored()["judged"] if one["verdict"] == "fail"]

    def lost(self, url, *words, flags=()):
        done = self.conform(url, "--only", "v5/qos*", *flags, code=3)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertEqual({one["verdict"] for one in self.stored()["judged"]}, {"skipped"})

    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        self.lost(f"mqtt://127.0.0.1:{port}", "refused")

    def test_it_accepts_and_never_answers(self):
        self.lost(Stranger(self, lambda connection, number: None).url, "nothing within")

    def test_it_closes_each_connection_at_once(self):
        self.lost(Stranger(self, lambda connection, number: connection.close()).url, "no MQTT broker")

    def test_it_answers_garbage(self):
        self.lost(Stranger(self, lambda connection, number: connection.sendall(os.urandom(64) * 100)).url,
                  "no MQTT broker")

    def test_it_speaks_http(self):
        self.lost(Stranger(self, lambda connection, number: connection.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")).url,
                  "no MQTT broker")

    def test_tls_is_spoken_to_a_plain_port(self):
        def plain(connection, number):
            connection.recv(4096)
            connection.close()
        self.lost(Stranger(self, plain).url.replace("mqtt:", "mqtts:"), "TLS")

    def test_a_web_socket_is_asked_for_at_a_plain_port(self):
        def plain(connection, number):
            connection.recv(4096)
            connection.sendall(b"\x20\x02\0\x01")
        self.lost(Stranger(self, plain).url.replace("mqtt:", "ws:"), "ws://127.0.0.1")

    def test_a_url_or_a_name_with_a_typo(self):
        for wrong, word in (("mqt://localhost", "did you mean mqtt"), ("mqtt://", "expected a host"),
                            ("mqtt://localhost:0", "expected a port"), ("mosquito", "did you mean mosquitto"),
                            ("mqtt://user:secret@localhost", "target file")):
            done = self.conform(wrong, code=2)
            self.assertIn(word, done.stderr, wrong)
            self.assertNotIn("secret", done.stderr.replace(wrong, ""))

    def test_a_host_that_does_not_exist(self):
        self.lost("mqtt://no-such-host.invalid", "no-such-host.invalid")

    def test_it_floods_whoever_comes(self):
        def flood(connection, number):
            connection.sendall(connack(connection.recv(4096)))
            while True:
                connection.sendall(b"\x30\x06\0\x01a\0xx" * 2000)
        began = time.monotonic()
        done = mqttlab("conform", Stranger(self, flood).url, "--only", "v5/qos1*", "-o", self.results, "--jobs", "20")
        self.assertLess(time.monotonic() - began, 60)
        self.assertIn(done.returncode, (1, 3, 5), done.stderr)  # it does not keep to the standard
        self.assertTrue(self.results.joinpath("report.html").exists())

    def test_it_says_connack_and_nothing_else(self):
        def mute(connection, number):
            connection.sendall(connack(connection.recv(4096)))
            while connection.recv(4096):
                pass
        done = mqttlab("conform", Stranger(self, mute).url, "--only", "v5/ping*", "-o", self.results)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertTrue(self.accused())

    def test_it_stops_answering_in_the_middle(self):
        def dying(connection, number):
            if number < 20:
                connection.sendall(connack(connection.recv(4096)))
        url = Stranger(self, dying).url
        done = self.conform(url, "--only", "v5/qos*", code=3)
        self.assertIn("stopped answering", done.stderr)
        self.assertFalse(self.accused())

    @unittest.skipUnless(shutil.which("mosquitto") or pathlib.Path("/usr/sbin/mosquitto").exists(),
                         "mosquitto is not installed: apt-get install mosquitto")
    def test_a_wrong_password_is_told_and_a_right_one_is_taken(self):
        broker = Mosquitto.with_configuration(self, "allow_anonymous false\npassword_file USERS\n")
        self.lost(broker, "refuses CONNECT with reason", "target file")
        target = self.folder / "target.yaml"
        target.write_text("version: 1\nlogin: { user: lab, password: wrong-secret }\n")
        self.lost(broker, "refuses CONNECT with reason", flags=("--target", target))
        self.assertNotIn("wrong-secret", (self.results / "results.json").read_text())
        target.write_text("version: 1\nlogin: { user: lab, password: right-secret }\n")
        self.conform(broker, "--target", target, "--only", "v5/qos1*", "--expectations", EXPECTATIONS)


@unittest.skipIf(LONG, "of the commit tier")
class GitHub(Conform):
    def test_what_fails_is_annotated_and_summed_up(self):
        summary = self.folder / "summary"
        done = subprocess.run([PROGRAMS / "mqttlab", "conform", "ours", "--cases", self.cases, "-o", self.results],
                              capture_output=True, text=True, timeout=300,
                              env=dict(os.environ, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=summary))
        self.assertEqual(done.returncode, 1)
        lines = [line for line in done.stdout.splitlines() if line.startswith("::")]
        self.assertEqual(len(lines), 1, done.stdout)
        self.assertTrue(lines[0].startswith("::error title=ours%3A v5/MQTT-3.12.4-1::v5/is-silent fail: expected nothing"))
        self.assertIn("Deviates", summary.read_text())
        self.assertLess(summary.stat().st_size, 1024 * 1024)

    def test_never_more_than_ten_and_never_on_stdout_beside_json(self):
        rows = "".join(f"  | n{i} |\n" for i in range(12))
        self.cases.write_text("case many: PINGREQ is not answered\nasserts: v5/MQTT-3.12.4-1\n  | name |\n" + rows +
                              "  A connect\n  A send PINGREQ\n  A expect nothing\n")
        done = self.conform("ours", "--cases", self.cases, "--github", "--json", code=1)
        json.loads(done.stdout)
        self.assertEqual(len([line for line in done.stderr.splitlines() if line.startswith("::error")]), 10)
        self.assertIn("3 more", done.stderr)

    def test_the_gate_compares_conformance(self):
        passing = self.folder / "passing.cases"
        passing.write_text(CASES.replace("A expect nothing", "A expect PINGRESP"))
        self.conform("ours", "--cases", passing, output=self.folder / "base/a")
        self.conform("ours", "--cases", self.cases, code=1, output=self.folder / "new/a")
        worse = mqttlab("gate", self.folder / "base", self.folder / "new")
        self.assertEqual(worse.returncode, 1, worse.stderr)
        self.assertIn("newly broken: v5/is-silent", worse.stdout)
        better = mqttlab("gate", self.folder / "new", self.folder / "base")
        self.assertEqual(better.returncode, 0, better.stdout + better.stderr)
        self.assertIn("better", better.stdout)


@unittest.skipIf(LONG, "of the commit tier")
class Lists(Conform):
    def test_statements_are_listed_and_explained(self):
        def statements(*flags):
            return json.loads(mqttlab("list", "statements", "--json", *flags).stdout)
        self.assertEqual(len(statements()), 251 + 141)
        self.assertEqual(len(statements("--version", "5")), 251)
        self.assertEqual(len(statements("--version", "5", "--role", "broker")), 235)
        self.assertTrue(all(one["section"].startswith("4.7") for one in statements("--section", "4.7")))
        one = json.loads(mqttlab("explain", "v5/MQTT-4.4.0-1", "--json").stdout)
        self.assertEqual(one["id"], "v5/MQTT-4.4.0-1")
        self.assertTrue(one["cases"] and one["says"])
        self.assertEqual(mqttlab("list", "statements", "--section", "99").returncode, 4)
        self.assertEqual(mqttlab("explain", "v5/MQTT-9.9.9-9").returncode, 2)
        either = mqttlab("explain", "MQTT-3.1.2-22")
        self.assertEqual(either.returncode, 2)
        self.assertIn("did you mean v5/MQTT-3.1.2-22 or v3.1.1/MQTT-3.1.2-22?", either.stderr)

    def test_a_statement_is_found_however_its_letters_are_written(self):
        said = mqttlab("explain", "v5/MQTT-4.4.0-1").stdout
        for name in ("V5/mqtt-4.4.0-1", "[v5/MQTT-4.4.0-1]"):
            self.assertEqual(mqttlab("explain", name).stdout, said)
        for name in ("mqtt-4.4.0-1", "[MQTT-4.4.0-1]", "4.4.0-1", "v4/MQTT-4.4.0-1", "v5/4.4.0-1"):
            self.assertIn("did you mean v5/MQTT-4.4.0-1 or v3.1.1/MQTT-4.4.0-1?",
                          mqttlab("explain", name).stderr)
        cases = mqttlab("list", "cases", "--only", "v5/MQTT-4.4.0-1").stdout
        self.assertTrue(cases)
        self.assertEqual(mqttlab("list", "cases", "--only", "V5/mqtt-4.4.0-1").stdout, cases)

    def test_cases_are_listed(self):
        cases = json.loads(mqttlab("list", "cases", "--json", "--only", "file:will.cases", "--version", "3.1.1").stdout)
        self.assertTrue(cases and all(case["id"].startswith("v3.1.1/") for case in cases))


@unittest.skipUnless(shutil.which("mosquitto") or pathlib.Path("/usr/sbin/mosquitto").exists(),
                     "mosquitto is not installed: apt-get install mosquitto")
class Mosquitto(Conform):
    @staticmethod
    def with_configuration(test, lines):
        """Starts one with these lines in its configuration; its URL."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        users = test.folder / "users"
        users.write_text("")
        subprocess.run(["mosquitto_passwd", "-b", users, "lab", "right-secret"], check=True, capture_output=True)
        configuration = test.folder / "mosquitto.conf"
        configuration.write_text(f"user root\nlistener {port} 127.0.0.1\n" + lines.replace("USERS", str(users))
                                 .replace("FOLDER", str(test.folder)))
        broker = subprocess.Popen([shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", configuration],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        test.addCleanup(broker.wait)
        test.addCleanup(broker.kill)
        while broker.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.01)
        return f"mqtt://127.0.0.1:{port}"

    @unittest.skipIf(LONG, "of the commit tier")
    def test_some_cases_against_mosquitto(self):
        done = self.conform("mosquitto", "--only", "v5/qos0-with-dup/*", "--only", "v5/qos1*")
        results = self.stored()
        self.assertRegex(results["release"], r"mosquitto version \d")
        self.assertGreater(sum(one["verdict"] == "known" for one in results["judged"]), 0, done.stdout)
        self.assertGreater(sum(one["verdict"] == "pass" for one in results["judged"]), 10)

    @unittest.skipIf(LONG, "of the commit tier")
    def test_virtual_time_has_an_hour_in_it_and_is_the_same_twice(self):
        def hash_of(seed):
            self.conform("mosquitto", "--virtual", "--seed", seed, "--only", "v5/keep-alive/hour",
                         "--only", "v5/qos2*", "--longest", "2h")
            results = self.stored()
            verdicts = {one["id"]: one["verdict"] for one in results["judged"]}
            self.assertEqual(verdicts["v5/keep-alive/hour"], "pass")
            self.assertEqual(verdicts["v5/qos2-stays-open/7d"], "n/a")
            self.assertGreater(sum(verdict == "pass" for verdict in verdicts.values()), 30)
            return results["hash"]

        self.assertEqual(hash_of(1), hash_of(1))

    @unittest.skipIf(LONG, "of the commit tier")
    def test_what_no_case_may_take_is_refused(self):
        done = self.conform("mosquitto", "--virtual", "--longest", "2parsecs", code=2)
        self.assertIn("expected a duration", done.stderr)

    @unittest.skipUnless(LONG, "of the long tier")
    def test_mosquitto_deviates_in_virtual_time_as_its_file_says(self):
        self.conform("mosquitto", "--virtual")

    @unittest.skipUnless(LONG, "of the long tier")
    def test_mosquitto_deviates_as_its_file_says_and_nowhere_else(self):
        self.conform("mosquitto")
        results = self.stored()
        decided = {one["version"]: one["checked"] for one in results["coverage"]}
        self.assertGreaterEqual(decided["5.0"], 180)
        self.assertGreaterEqual(decided["3.1.1"], 100)


class Coverage(Conform):
    @unittest.skipUnless(LONG, "of the long tier")
    def test_our_broker_is_checked_for_nearly_every_statement(self):
        self.conform("ours")
        decided = {one["version"]: one["checked"] for one in self.stored()["coverage"]}
        self.assertGreaterEqual(decided["5.0"], 225)
        self.assertGreaterEqual(decided["3.1.1"], 121)


if __name__ == "__main__":
    unittest.main()
