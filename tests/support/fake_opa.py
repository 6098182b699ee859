"""An HTTP server where an OPA server should be, that answers as a test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Script:
    """What it answers.

    Attributes:
        status: the HTTP status.
        body: the body's bytes, unless it decides.
        decides: gives the decision document for an input, and the revision that is said to have made it.
        leaves_out: an input for which it gives no decision at all.
        hang: does not answer at all until it is told to end.
        inputs: what it was asked.
    """

    def __init__(self) -> None:
        """Answers nothing useful."""
        self.status = 200
        self.body = b"{}"
        self.decides: tuple[Callable[[Any], Any], str] | None = None
        self.leaves_out: Any = None
        self.hang = False
        self.inputs: list[Any] = []
        self.ending = threading.Event()

    def document(self, result: Any, revision: str) -> None:
        """Answers a decision document as OPA would, from a bundle of that revision."""
        self.decides, self.status = (lambda _: result, revision), 200

    def say(self, body: bytes, status: int = 200) -> None:
        """Answers bytes."""
        self.decides, self.body, self.status = None, body, status

    def answer(self, asked: Any) -> bytes:
        """Gives what is answered to a question."""
        self.inputs.append(asked)
        if self.decides is None:
            return self.body
        decide, revision = self.decides
        provenance = {"version": "1.0", "bundles": {"bundle.tar.gz": {"revision": revision}}}
        decisions = [decide(item) for item in asked["input"]["items"] if item != self.leaves_out]
        return json.dumps({"result": decisions, "provenance": provenance}).encode()


@contextmanager
def answering(script: Script) -> Iterator[str]:
    """Runs the server; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = script.answer(json.loads(self.rfile.read(length) or b"null"))
            if script.hang:
                script.ending.wait(30)
                return
            self.send_response(script.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        script.ending.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
