"""An editor on the policy folder: Regal's language server says what is wrong while it is written."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from exchange.config import DEFAULT_POLICIES
from tests.support.opa import tool

PATIENCE = 90
LAW = "legal_basis/bsl/section_8a/section_8a.rego"


class Editor:
    """What an editor does: opens a folder, changes a file, and takes the diagnostics that it is told."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / LAW
        self._server = subprocess.Popen(
            [str(tool("regal")), "language-server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._received = b""
        self._version = 0
        workspace = [{"uri": folder.as_uri(), "name": "policies"}]
        asked: dict[str, Any] = {
            "processId": None,
            "rootUri": folder.as_uri(),
            "workspaceFolders": workspace,
            "capabilities": {},
        }
        self._send({"id": 1, "method": "initialize", "params": asked})
        while self._receive().get("id") != 1:
            pass
        self._send({"method": "initialized", "params": {}})

    def close(self) -> None:
        self._server.kill()
        self._server.communicate()

    def write(self, text: str) -> None:
        """Opens the file, and later changes and saves it."""
        self._file.write_text(text, "utf-8")
        self._version += 1
        document = {"uri": self._file.as_uri(), "version": self._version}
        if self._version == 1:
            opened = {**document, "languageId": "rego", "text": text}
            self._send({"method": "textDocument/didOpen", "params": {"textDocument": opened}})
            return
        changed = {"textDocument": document, "contentChanges": [{"text": text}]}
        self._send({"method": "textDocument/didChange", "params": changed})
        self._send({"method": "textDocument/didSave", "params": {"textDocument": document, "text": text}})

    def told(self, enough: Callable[[set[tuple[str, int]]], bool]) -> set[tuple[str, int]]:
        """The codes and lines of the file's diagnostics, once they are enough."""
        end = time.monotonic() + PATIENCE
        latest: set[tuple[str, int]] = set()
        while time.monotonic() < end:
            message = self._receive()
            if "id" in message and "method" in message:
                self._send({"id": message["id"], "result": None})
            if message.get("method") != "textDocument/publishDiagnostics":
                continue
            if message["params"]["uri"] != self._file.as_uri():
                continue
            found = message["params"]["diagnostics"] or []
            latest = {(str(d["code"]), d["range"]["start"]["line"] + 1) for d in found}
            if enough(latest):
                return latest
        raise AssertionError(f"the language server said only {latest}")

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._server.stdin
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._server.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._server.stdout
        while True:
            head, found, rest = self._received.partition(b"\r\n\r\n")
            if found:
                length = int(head.lower().partition(b"content-length:")[2].split()[0])
                if len(rest) >= length:
                    self._received = rest[length:]
                    message: dict[str, Any] = json.loads(rest[:length])
                    return message
            ready, _, _ = select.select([self._server.stdout], [], [], PATIENCE)
            if not ready:
                raise AssertionError("the language server says nothing")
            self._received += os.read(self._server.stdout.fileno(), 1 << 16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the policies, with their Regal configuration."""
    return Path(shutil.copytree(DEFAULT_POLICIES, tmp_path / "policies"))


@pytest.fixture
def editor(folder: Path) -> Iterator[Editor]:
    """An editor that has the folder open."""
    opened = Editor(folder)
    yield opened
    opened.close()


def test_language_server_tells_lint_and_syntax(editor: Editor, folder: Path) -> None:
    """With the folder's own configuration: a violation and a syntax error appear, and go when corrected."""
    text = (folder / LAW).read_text("utf-8")
    last = len(text.splitlines())
    editor.write(text)
    editor.write(f"{text}\n#no space\nx = 1\n")
    wanted = {("no-whitespace-comment", last + 2), ("use-assignment-operator", last + 3)}
    assert wanted <= editor.told(lambda told: wanted <= told)
    editor.write(f"{text}\nx := {{\n")
    assert {"rego-parse-error"} == {
        code for code, _ in editor.told(lambda t: any(c[0] == "rego-parse-error" for c in t))
    }
    editor.write(text)
    assert set() == editor.told(lambda told: not told)


def test_types_are_checked_by_the_editor_task(folder: Path) -> None:
    """Regal knows no types: the task that docs/policies.md gives does, in lines that editors can jump to."""
    text = (folder / LAW).read_text("utf-8")
    wrong = text.replace("input.legal_basis ==", "input.legal_bases ==")
    (folder / LAW).write_text(wrong, "utf-8")
    line = wrong[: wrong.index("input.legal_bases")].count("\n") + 1
    command = [str(tool("opa")), "check", "--strict", "--schema", "schemas", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert 1 == done.returncode
    assert f"{LAW}:{line}: rego_type_error: undefined ref: input.legal_bases" in done.stdout + done.stderr
