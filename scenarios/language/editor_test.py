#!/usr/bin/env python3
"""What an editor sees: yaml-language-server with the published schema, over its protocol. The library
is without complaint, a slip is underlined where it is, and keys and words are completed.

ctest calls it with no argument. Exit code 77 (skipped): no yaml-language-server (npm install --global
yaml-language-server), in the path or named by MQTTLAB_YAML_LANGUAGE_SERVER.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SERVER = os.environ.get("MQTTLAB_YAML_LANGUAGE_SERVER") or shutil.which("yaml-language-server")


class Editor:
    """As much of the Language Server Protocol as is wanted here."""

    def __init__(self):
        self.server = subprocess.Popen([SERVER, "--stdio"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.asked = 0
        self.heard = threading.Condition()
        self.answers, self.complaints, self.versions = {}, {}, {}
        threading.Thread(target=self.listen, daemon=True).start()
        self.ask("initialize", {"processId": os.getpid(), "rootUri": ROOT.as_uri(), "capabilities": {
            "textDocument": {"completion": {"completionItem": {"snippetSupport": False}}}}})
        self.tell("initialized", {})
        self.tell("workspace/didChangeConfiguration", {"settings": {"yaml": {
            "validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}}})

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.server.stdin.flush()

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def ask(self, method, params):
        self.asked += 1
        self.send({"id": self.asked, "method": method, "params": params})
        return self.wait(lambda: self.answers.pop(self.asked, None))

    def wait(self, found):
        with self.heard:
            result = found()
            while result is None:
                if not self.heard.wait(timeout=60):
                    raise AssertionError("the language server does not answer")
                result = found()
            return result

    def listen(self):
        while True:
            length = 0
            while (line := self.server.stdout.readline().strip()):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not length:
                return
            message = json.loads(self.server.stdout.read(length))
            with self.heard:
                if message.get("method") == "textDocument/publishDiagnostics":
                    params = message["params"]
                    self.complaints[params["uri"]] = params["diagnostics"]
                elif "id" in message and "method" not in message:
                    self.answers[message["id"]] = message.get("result") or {}
                elif "id" in message:
                    wants = message["params"].get("items") if isinstance(message.get("params"), dict) else None
                    self.send({"id": message["id"], "result": [{} for _ in wants] if wants else None})
                self.heard.notify_all()

    def open(self, text, name):
        uri = (ROOT / "scenarios" / name).as_uri()
        self.tell("textDocument/didOpen", {"textDocument": {
            "uri": uri, "languageId": "yaml", "version": 1, "text": text}})
        return uri

    def complaints_about(self, text, name):
        uri = self.open(text, name)
        return self.wait(lambda: self.complaints.get(uri))

    def completed(self, text, line, column, name):
        uri = self.open(text, name)
        self.wait(lambda: self.complaints.get(uri))
        answer = self.ask("textDocument/completion", {
            "textDocument": {"uri": uri}, "position": {"line": line, "character": column}})
        return {item["label"] for item in answer.get("items", [])}

    def close(self):
        self.server.kill()
        self.server.communicate()


class EditorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.editor = Editor()
        cls.addClassCleanup(cls.editor.close)
        cls.counter = (ROOT / "scenarios/cold-counter.yaml").read_text()

    def test_every_scenario_names_its_schema_and_is_without_complaint(self):
        files = sorted((ROOT / "scenarios").glob("*.yaml"))
        files += sorted((ROOT / "scenarios/templates").glob("*.yaml"))
        for file in files:
            with self.subTest(file=file.name):
                text = file.read_text()
                self.assertIn("# yaml-language-server: $schema=./scenario.schema.json", text.splitlines()[0])
                self.assertEqual(self.editor.complaints_about(text, "as-" + file.name), [])

    def test_a_slip_is_underlined_where_it_is(self):
        slipped = self.counter.replace("keep_alive: 60s", "keep_alife: 60s")
        lines = [number for number, line in enumerate(slipped.splitlines()) if "keep_alife" in line]
        found = self.editor.complaints_about(slipped, "slip.yaml")
        self.assertEqual([one["range"]["start"]["line"] for one in found], lines)
        self.assertIn("keep_alife", found[0]["message"])

    def test_keys_and_words_are_completed(self):
        head, rest = self.counter.split("    link: counter\n", 1)
        line = head.count("\n")
        keys = self.editor.completed(head + "    \n" + rest, line, 4, "keys.yaml")
        self.assertLess({"count", "link", "transport", "subscribe"}, keys)
        words = self.editor.completed(head + "    transport: \n" + rest, line, 15, "words.yaml")
        self.assertLessEqual({"tcp", "tls", "websocket", "wss"}, words)


if __name__ == "__main__":
    if not SERVER:
        print("there is no yaml-language-server")
        sys.exit(77)
    unittest.main()
