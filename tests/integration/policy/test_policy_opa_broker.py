"""A broker that decides by an OPA server: the same answers, and none at all when the server fails."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.registers import PLANTED_CASES, Registers
from audit.formats import entry
from audit.formats.entry import Entry
from audit.storage.schema import entries, intentions
from exchange import errors
from exchange.client import Answer, ClientError, Failed, Refused
from exchange.model.decision import Decision
from exchange.policy.bundle import pack
from exchange.policy.opa import OpaEngine
from exchange.policy.policy_set import PolicySet
from exchange.policy.revisions import Fixed
from tests.conftest import Start
from tests.support import opa
from tests.support.broker import RunningBroker, Site, running
from tests.support.questions import SLUGS, case, granted, question_of


@dataclass(frozen=True)
class Pair:
    """Two brokers on the same registers, one on each engine."""

    embedded: RunningBroker
    served: RunningBroker


@pytest.fixture(scope="module")
def pair(
    keys: Path, register_folder: Path, opa_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    with (
        running(Site(keys, register_folder, tmp_path_factory.mktemp("embedded"))) as embedded,
        running(Site(keys, register_folder, tmp_path_factory.mktemp("served"))) as served,
    ):
        yield Pair(embedded(), served(policy={"engine": "opa", "opa_url": opa_url}))


@pytest.mark.parametrize("name", [c.name for c in PLANTED_CASES])
def test_planted_case_is_answered_alike(pair: Pair, generated: Registers, name: str) -> None:
    """Records, what is withheld, reasons with their texts, and the public entry: the same on both."""
    planted = case(generated, name)
    told: list[tuple[object, ...]] = []
    for broker in (pair.embedded, pair.served):
        with broker.client(SLUGS[planted.request.consumer]) as client:
            try:
                answer = client.exchange(question_of(planted))
                told.append((answer.records, answer.withheld, answer.law, _public(answer.receipt.entry)))
            except Refused as refused:
                recorded = refused.receipt and _public(refused.receipt.entry)
                told.append((str(refused), refused.reasons, refused.receipt is not None, recorded))
    assert told[0] == told[1]


def _public(recorded: Entry) -> Entry:
    return replace(recorded, time="", request_id="")


# A server that fails: nothing is granted, no register is read, the entry says which part failed.


class Unread:
    """Registers that must not be read."""

    async def fetch(self, *_: object) -> list[dict[str, str]]:
        raise AssertionError("a register was read without a decision")


def check_failed(broker: RunningBroker, registers: Registers, code: str) -> None:
    """Asks what would be granted; holds the refusal and its record to what must be."""
    with broker.client() as client, pytest.raises(Failed) as caught:
        client.exchange(granted(registers))
    error = caught.value
    assert [code] == [r.code for r in error.reasons]
    assert error.receipt is not None
    recorded = error.receipt.entry
    assert ("failed", (code,), ()) == (recorded.outcome, recorded.reasons, recorded.attributes_granted)
    engine = sa.create_engine(broker.settings.log.url)
    with engine.connect() as connection:
        leaves = connection.execute(sa.select(entries.c.leaf)).scalars().all()
        assert [] == connection.execute(sa.select(intentions)).all()
    engine.dispose()
    assert ["failed"] == [entry.decode(leaf)[0].outcome for leaf in leaves]


def on_opa(start: Start, url: str) -> RunningBroker:
    """Starts a broker whose registers must not be read."""
    return start(
        change=lambda parts: replace(parts, registers=Unread()),
        policy={"engine": "opa", "opa_url": url},
    )


Respond = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def answering(respond: Respond) -> Iterator[str]:
    """An HTTP server that answers every question in its own way."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            respond(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as inherited
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()  # waits for what is being answered


@contextmanager
def silent() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def down() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


def saying(
    body: bytes, status: int = 200, kind: str = "application/json", length: int | None = None
) -> AbstractContextManager[str]:
    """A server that says the same to all."""

    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return answering(respond)


def breaking_off() -> AbstractContextManager[str]:
    """A server that hangs up in the middle of its answer."""
    return saying(b'{"result":', length=1000)


def trickling() -> AbstractContextManager[str]:
    """A server that begins to answer and goes to sleep."""
    stop = threading.Event()

    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"{")
        handler.wfile.flush()
        stop.wait(0.8)

    return answering(respond)


FAILING: list[tuple[str, Callable[[], AbstractContextManager[str]], str]] = [
    ("down", down, "POLICY_FAILED"),
    ("silent", silent, "POLICY_TIMEOUT"),
    ("trickling", trickling, "POLICY_TIMEOUT"),
    ("breaking-off", breaking_off, "POLICY_FAILED"),
    ("error-500", lambda: saying(b"{}", 500), "POLICY_FAILED"),
    ("error-404", lambda: saying(b"{}", 404), "POLICY_FAILED"),
    ("not-json", lambda: saying(b"<html>"), "POLICY_FAILED"),
    ("not-utf-8", lambda: saying(b'{"result": "\xff"}'), "POLICY_FAILED"),
    ("html", lambda: saying(b"<html>", kind="text/html"), "POLICY_FAILED"),
    ("list", lambda: saying(b"[]"), "POLICY_ANSWER_INVALID"),
    ("null", lambda: saying(b"null"), "POLICY_ANSWER_INVALID"),
    ("empty", lambda: saying(b"{}"), "POLICY_ANSWER_INVALID"),
    ("deep", lambda: saying(b"[" * 100_000), "POLICY_FAILED"),
]


async def decided(url: str, policies: PolicySet, timeout: float = 5) -> Decision | str:
    """Asks a server what would be granted; gives the code where it decides nothing."""
    async with OpaEngine(url, Fixed(policies), timeout, batch=64, calls=4) as engine:
        try:
            return await engine.decide({"attributes": list(ASKED)})
        except errors.Failed as failed:
            return failed.reasons[0].code


@pytest.mark.parametrize(("served", "code"), [f[1:] for f in FAILING], ids=[f[0] for f in FAILING])
async def test_failing_server_decides_nothing(
    policies: PolicySet, served: Callable[[], AbstractContextManager[str]], code: str
) -> None:
    """However the server fails, there is no decision, and the code says how it failed."""
    with served() as url:
        assert code == await decided(url, policies, timeout=0.5)


ASKED = ("loenindkomst", "maaned", "oevrigIndkomst", "overfoerselsindkomst", "pensionsindkomst")


def lawful(revision: str) -> dict[str, Any]:
    """What the server would answer to the granted question."""
    return {
        "provenance": {"bundles": {"bundle.tar.gz": {"revision": revision}}},
        "result": [
            {
                "allow": True,
                "granted": list(ASKED),
                "refused": [],
                "reasons": [],
                "obligations": [],
                "legal_basis": {"id": "bsl.8", "version": "2018-1"},
                "agreement": "udk-eindkomst",
            }
        ],
    }


Spoil = Callable[[dict[str, Any]], None]


def put(*path: str | int, value: object) -> Spoil:
    """Puts something in the place of a part of the answer."""

    def spoil(document: Any) -> None:
        for part in path[:-1]:
            document = document[part]
        document[path[-1]] = value

    return spoil


REASON = {"code": "AGREEMENT_ENDED", "rule": "decision", "legal_basis": "bsl.8"}
DUTY: dict[str, Any] = {
    **REASON,
    "id": "one",
    "attributes": ["maaned"],
    "when": {"fact": "cpr.person.status", "test": "equals", "value": "x"},
}
WRONG: list[tuple[str, Spoil]] = [
    ("another-revision", put("provenance", "bundles", "bundle.tar.gz", "revision", value="0" * 64)),
    ("no-revision", put("provenance", value=None)),
    ("provenance-text", put("provenance", value="x")),
    ("bundles-list", put("provenance", "bundles", value=[1])),
    ("bundle-text", put("provenance", "bundles", "bundle.tar.gz", value="x")),
    ("result-not-a-list", put("result", value=None)),
    ("result-empty", put("result", value=[])),
    ("result-missing", lambda d: d.pop("result")),
    ("result-null", put("result", 0, value=None)),
    ("result-true", put("result", 0, value=True)),
    ("allow-text", put("result", 0, "allow", value="true")),
    ("allow-number", put("result", 0, "allow", value=1)),
    ("allow-missing", lambda d: d["result"][0].pop("allow")),
    ("granted-text", put("result", 0, "granted", value="maaned")),
    ("granted-nothing", put("result", 0, "granted", value=[])),
    ("granted-not-asked", put("result", 0, "granted", value=[*ASKED, "personnummer"])),
    ("granted-number", put("result", 0, "granted", value=[1])),
    ("granted-though-refused", put("result", 0, "allow", value=False)),
    ("granted-with-reason", put("result", 0, "reasons", value=[REASON])),
    ("refused-without-reason", lambda d: d["result"][0].update(allow=False, granted=[])),
    ("refused-missing", lambda d: d["result"][0].pop("refused")),
    ("refused-text", put("result", 0, "refused", value=["maaned"])),
    ("reason-without-code", put("result", 0, "refused", value=[{**REASON, "attribute": "x", "code": None}])),
    ("obligations-missing", lambda d: d["result"][0].pop("obligations")),
    (
        "obligation-unknown-test",
        put("result", 0, "obligations", value=[{**DUTY, "when": {**DUTY["when"], "test": "x"}}]),
    ),
    (
        "obligation-age-text",
        put(
            "result",
            0,
            "obligations",
            value=[{**DUTY, "when": {"fact": "a.b.c", "test": "age_below", "value": "18"}}],
        ),
    ),
    ("obligation-no-condition", put("result", 0, "obligations", value=[{**DUTY, "when": None}])),
    ("obligation-attributes-text", put("result", 0, "obligations", value=[{**DUTY, "attributes": "maaned"}])),
    ("legal-basis-text", put("result", 0, "legal_basis", value="bsl.8")),
    ("legal-basis-list", put("result", 0, "legal_basis", value={"id": [], "version": "1"})),
    ("version-number", put("result", 0, "legal_basis", "version", value=1)),
]


def test_server_that_answers_rightly_grants(start: Start, generated: Registers, policies: PolicySet) -> None:
    """The answer that the tests below spoil is one that grants, unspoiled."""
    with saying(json.dumps(lawful(policies.revision)).encode()) as url:
        broker = start(policy={"engine": "opa", "opa_url": url})
        with broker.client() as client:
            answer: Answer = client.exchange(granted(generated))
    assert ASKED == answer.receipt.entry.attributes_released


@pytest.mark.parametrize("spoil", [w[1] for w in WRONG], ids=[w[0] for w in WRONG])
async def test_answer_of_another_shape_is_no_decision(policies: PolicySet, spoil: Spoil) -> None:
    """A decision is read to the letter: what is missing, of another type or at odds with itself is none."""
    document = lawful(policies.revision)
    with saying(json.dumps(document).encode()) as url:
        assert isinstance(await decided(url, policies), Decision)
    spoil(document)
    with saying(json.dumps(document).encode()) as url:
        assert "POLICY_ANSWER_INVALID" == await decided(url, policies)


def test_server_with_another_policy_set_grants_nothing(
    start: Start, generated: Registers, policies: PolicySet, tmp_path: Path
) -> None:
    """A real server that holds other policies than were archived here is not believed."""
    path, text = next(iter(policies.modules.items()))
    other = PolicySet({**policies.modules, path: f"{text}\n# changed\n"}, policies.data)
    (tmp_path / "bundle.tar.gz").write_bytes(pack(other))
    with opa.server(tmp_path / "bundle.tar.gz") as url:
        check_failed(on_opa(start, url), generated, "POLICY_ANSWER_INVALID")


def test_server_without_a_bundle_grants_nothing(
    start: Start, generated: Registers, policies: PolicySet, tmp_path: Path
) -> None:
    """A real server whose bundle says no revision at all is not believed either."""
    bundle = gzip.decompress(pack(policies))
    nameless = bundle.replace(policies.revision.encode(), b"0" * 64)
    (tmp_path / "bundle.tar.gz").write_bytes(gzip.compress(nameless))
    with opa.server(tmp_path / "bundle.tar.gz") as url:
        check_failed(on_opa(start, url), generated, "POLICY_ANSWER_INVALID")


def test_broker_recovers_with_its_server(start: Start, generated: Registers, opa_url: str) -> None:
    """A failure leaves nothing behind: the next request of the same client is decided."""
    host, _, port = opa_url.removeprefix("http://").partition(":")
    away = threading.Event()

    def respond(handler: BaseHTTPRequestHandler) -> None:
        if away.is_set():
            handler.send_response(503)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_response(307)
        handler.send_header("Location", f"http://{host}:{port}{handler.path}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with answering(respond) as url:
        broker = start(policy={"engine": "opa", "opa_url": url})
        with broker.client() as client:
            away.set()
            with pytest.raises(ClientError):
                client.exchange(granted(generated))
            away.clear()
            assert 24 == len(client.exchange(granted(generated)).records)
