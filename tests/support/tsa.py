"""A timestamp authority for tests: OpenSSL's, behind a small HTTP server that can misbehave.

Its certificates are made here, and are worth nothing elsewhere.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from audit.log import AuditLog
from audit.timestamps.timestamp import Roots, read_roots
from audit.timestamps.timestamping import HttpAuthority, Rhythm, Stamper

PATIENT = Rhythm(interval=3600, timeout=30, retry=3600)  # for looks that are made by hand
_CONFIG = """\
[tsa]
default_tsa = it
[it]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""
_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
_STAMPS = "basicConstraints=critical,CA:false\nextendedKeyUsage=critical,timeStamping\n"
_SERVES = "basicConstraints=critical,CA:false\nextendedKeyUsage=serverAuth\n"
_ISSUES = "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign\n"
_CHAINED = "chained-tsa-with-a-long-name-that-sorts-it-after-its-issuer"
_TST_INFO = "1.2.840.113549.1.9.16.1.4"


class Mode(Enum):
    """What it answers."""

    STAMP = "stamp"
    CHAIN = "chain"  # from under an intermediate certificate, which comes along
    HANG = "hang"
    ERROR = "error"
    MOVED = "moved"
    GARBAGE = "garbage"
    EMPTY = "empty"
    ENDLESS = "endless"
    REFUSAL = "refusal"
    OTHER_NONCE = "other nonce"
    OTHER_IMPRINT = "other imprint"
    OTHER_ROOT = "other root"
    OTHER_PURPOSE = "other purpose"  # a certificate of the same root, but not for timestamps


class Tsa:
    """The authority.

    Attributes:
        mode: what it answers from now on; set it from any thread.
        asked: how many questions arrived.
    """

    def __init__(self, folder: Path) -> None:
        """Makes its certificates in a folder."""
        self.mode = Mode.STAMP
        self.asked = 0
        self.was_asked = threading.Event()
        self.ended = threading.Event()
        self.url = ""
        self._folder = folder
        self._one = threading.Lock()  # of the serial numbers
        (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        for root in ("root", "other-root"):
            subject = f"/CN=TEST {root}"
            key = ("-keyout", folder / f"{root}.key", "-out", folder / f"{root}.pem")
            openssl("req", "-x509", *_CURVE, *key, "-days", "3650", "-subj", subject)
        self._issue("tsa", "root", _STAMPS)
        self._issue("middle", "root", _ISSUES)
        self._issue(_CHAINED, "middle", _STAMPS)
        self._issue("server", "root", _SERVES)
        self._issue("other", "other-root", _STAMPS)

    @property
    def root(self) -> Path:
        """The root certificate that its tokens are under."""
        return self._folder / "root.pem"

    @property
    def roots(self) -> Roots:
        """The same, read."""
        return read_roots(self.root)

    def answer(self, question: bytes) -> tuple[int, bytes]:
        """Answers with a status of HTTP and a body."""
        status, body = _FIXED.get(self.mode, (200, b""))
        make = _MADE.get(self.mode)
        return status, make(self, question) if make else body

    def stamp(self, question: bytes, signer: str = "tsa", *options: str | Path) -> bytes:
        """Stamps as OpenSSL does."""
        with self._one:
            query, reply = self._folder / "query", self._folder / "reply"
            query.write_bytes(question)
            by = ("-signer", self._folder / f"{signer}.pem", "-inkey", self._folder / f"{signer}.key")
            config = ("-config", self._folder / "tsa.cnf", "-queryfile", query)
            openssl("ts", "-reply", *config, *by, *options, "-out", reply)
            return reply.read_bytes()

    def stamp_with_chain(self, question: bytes) -> bytes:
        """Stamps from under an intermediate certificate; OpenSSL puts the chain in no order."""
        return self.stamp(question, _CHAINED, "-chain", self._folder / "middle.pem")

    def stamp_as_a_server(self, question: bytes) -> bytes:
        """Makes a token with a key that is for something else."""
        reply = self.stamp(question)
        with self._one:
            folder = self._folder
            (folder / "genuine").write_bytes(reply)
            openssl("ts", "-reply", "-in", folder / "genuine", "-token_out", "-out", folder / "token")
            openssl(
                *("cms", "-verify", "-noverify", "-inform", "DER"),
                *("-in", folder / "token", "-out", folder / "info"),
            )
            openssl(
                *("cms", "-sign", "-binary", "-nodetach", "-in", folder / "info", "-outform", "DER"),
                *("-signer", folder / "server.pem", "-inkey", folder / "server.key"),
                *("-econtent_type", _TST_INFO, "-out", folder / "forged"),
            )
            body = bytes.fromhex("3003020100") + (folder / "forged").read_bytes()
            return b"\x30\x82" + len(body).to_bytes(2, "big") + body

    def _issue(self, name: str, issuer: str, extensions: str) -> None:
        folder = self._folder
        request, certificate = folder / f"{name}.csr", folder / f"{name}.pem"
        (folder / "extensions").write_text(extensions)
        key = ("-keyout", folder / f"{name}.key", "-out", request)
        openssl("req", *_CURVE, *key, "-subj", f"/CN=TEST {name}")
        by = ("-CA", folder / f"{issuer}.pem", "-CAkey", folder / f"{issuer}.key", "-CAcreateserial")
        more = ("-days", "3000", "-extfile", folder / "extensions", "-out", certificate)
        openssl("x509", "-req", "-in", request, *by, *more)


def _other_nonce(question: bytes) -> bytes:
    return question[:-4] + bytes([question[-4] ^ 1]) + question[-3:]  # it stands before certReq, at the end


def _other_imprint(question: bytes) -> bytes:
    at = question.index(bytes.fromhex("0420")) + 2
    return question[:at] + bytes(32) + question[at + 32 :]


_FIXED = {
    Mode.ERROR: (503, b""),
    Mode.MOVED: (302, b""),
    Mode.GARBAGE: (200, b"<html>welcome</html>" * 50),
    Mode.ENDLESS: (200, bytes(1 << 20)),
    Mode.REFUSAL: (200, bytes.fromhex("30053003020102")),  # TimeStampResp { status rejection }
}
_MADE: dict[Mode, Callable[[Tsa, bytes], bytes]] = {
    Mode.STAMP: Tsa.stamp,
    Mode.CHAIN: Tsa.stamp_with_chain,
    Mode.OTHER_NONCE: lambda tsa, question: tsa.stamp(_other_nonce(question)),
    Mode.OTHER_IMPRINT: lambda tsa, question: tsa.stamp(_other_imprint(question)),
    Mode.OTHER_ROOT: lambda tsa, question: tsa.stamp(question, "other"),
    Mode.OTHER_PURPOSE: Tsa.stamp_as_a_server,
}


def openssl(*arguments: str | Path) -> str:
    """Runs OpenSSL, and gives what it says."""
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=True)
    return (done.stdout + done.stderr).decode(errors="replace")


def stamper(
    log: AuditLog,
    tsa: Tsa,
    rhythm: Rhythm = PATIENT,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    name: str = "tsa",
) -> Stamper:
    """Makes what has a log stamped by an authority."""
    authority = HttpAuthority(name, tsa.url)
    return Stamper(log.reader, log.timestamps, authority, tsa.roots, rhythm, now)


@contextmanager
def running(folder: Path) -> Iterator[Tsa]:
    """Runs an authority on a free port of loopback."""
    tsa = Tsa(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["Content-Length"]))
            tsa.asked += 1
            tsa.was_asked.set()
            if tsa.mode is Mode.HANG:
                tsa.ended.wait()
                return
            status, body = tsa.answer(question)
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            if status == 302:
                self.send_header("Location", tsa.url)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # likewise
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tsa.url = f"http://127.0.0.1:{server.server_port}/tsr"
    thread = threading.Thread(target=server.serve_forever, name="tsa", daemon=True)
    thread.start()
    try:
        yield tsa
    finally:
        tsa.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
