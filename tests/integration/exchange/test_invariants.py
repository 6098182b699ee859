"""The invariants of DESIGN.md that are about the order of things: each test tries to break one."""

from __future__ import annotations

import ast
import asyncio
import sqlite3
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args, get_origin

import grpc
import pytest
from hjemmel.exchange.v1 import exchange_service_pb2 as pb
from pydantic import BaseModel

from adapters.catalogue import load_catalogue
from adapters.port import Dataset, RegisterAdapter
from audit.files import KeyFileError
from audit.formats.commitment import opens
from audit.formats.entry import decode
from audit.log import AuditLog
from exchange.client.credentials import Credentials
from exchange.client.protocol import new_request_id
from exchange.config import Settings
from exchange.errors import Failed
from exchange.identity.participants import ParticipantsError
from exchange.model.request import AsOf, Found, Lookup, Mandate
from exchange.model.trace import Draft, Receipt
from exchange.pipeline import Parts
from exchange.policy.policy_set import PolicyError
from exchange.ports import Trail
from exchange.sealed import subject_bytes
from exchange.wiring import log_settings
from tests.support import raw, verdict
from tests.support.adapters import Answering, Gated, Watched, adapted
from tests.support.broker import RunningBroker, Site
from tests.support.raw import sign, told

Start = Callable[..., RunningBroker]
ROOT = Path(__file__).parents[3]
WITHIN = 10.0


# 1. No register is read before the intention is durable; no base data leaves before its record is.


class Witness(Watched):
    """Registers that look into the log's database file at the moment they are read."""

    def __init__(self, site: Site) -> None:
        """Takes whose log it is."""
        super().__init__()
        self._path = site.folder / "log.db"
        self.found: list[tuple[list[str], int]] = []

    async def before_reading(self) -> None:
        with sqlite3.connect(f"file:{self._path}?mode=ro", uri=True) as other:
            intended = [row[0] for row in other.execute("SELECT request_id FROM log_intentions")]
            [[recorded]] = other.execute("SELECT count(*) FROM log_entries")
        other.close()
        self.found.append((intended, recorded))


def test_invariant_1_the_intention_is_durable_when_a_register_is_read(
    start: Start, site: Site, credentials: Credentials, body: bytes
) -> None:
    """Another process finds the intention in the file, and no entry yet, at every read of the exchange."""
    witness = Witness(site)
    broker = start(change=witness)
    request_id = new_request_id()
    with raw.connected(broker) as wire:
        wire.exchange(body, sign(credentials, body, jti=request_id))
    assert [([request_id], 0)] * 2 == witness.found  # the income, and the age that an obligation asks for
    with sqlite3.connect(site.folder / "log.db") as other:
        assert [(0,)] == list(other.execute("SELECT count(*) FROM log_intentions"))
    other.close()


class Tampered:
    """The real log, whose writing is disturbed."""

    def __init__(self, trail: Trail, *, intend: bool = True, record: bool = True) -> None:
        """Takes the log and what still works of it."""
        self._trail = trail
        self._intends, self._records = intend, record

    async def intend(self, draft: Draft, timeout: float | None = None) -> None:
        if not self._intends:
            raise Failed.because("LOG_UNAVAILABLE")
        await self._trail.intend(draft, timeout)

    async def record(self, draft: Draft, *, closes_intention: bool, timeout: float | None = None) -> Receipt:
        if not self._records:
            raise Failed.because("LOG_UNAVAILABLE")
        return await self._trail.record(draft, closes_intention=closes_intention)


def test_invariant_1_nothing_is_read_when_the_intention_fails(
    start: Start, credentials: Credentials, body: bytes
) -> None:
    """Without a durable intention no register is asked for anything."""
    watched = Watched()
    broker = start(change=lambda p: watched(replace(p, trail=Tampered(p.trail, intend=False))))
    with raw.connected(broker) as wire:
        said = told(lambda: wire.exchange(body, sign(credentials, body)))
    verdict.check_ended(broker, said, "LOG_UNAVAILABLE", outcome="failed")
    assert [] == watched.asked


@pytest.mark.parametrize("error", [None, RuntimeError("7204863900"), OSError(28, "SAG-2025-0017")])
def test_invariant_1_nothing_leaves_when_the_record_fails(
    start: Start, credentials: Credentials, body: bytes, subject: str, error: Exception | None
) -> None:
    """The registers were read; but what cannot be recorded is not released, however the log fails."""
    watched = Watched()

    class Broken(Tampered):
        async def record(
            self, draft: Draft, *, closes_intention: bool, timeout: float | None = None
        ) -> Receipt:
            if error:
                raise error
            return await super().record(draft, closes_intention=closes_intention)

    broker = start(change=lambda p: watched(replace(p, trail=Broken(p.trail, record=False))))
    with raw.connected(broker) as wire:
        said = told(lambda: wire.exchange(body, sign(credentials, body)))
    verdict.check_told(said, "INTERNAL" if error else "LOG_UNAVAILABLE", secrets=(subject,))
    assert said.refusal is not None
    assert not said.refusal.HasField("receipt")
    assert watched.asked
    assert 0 == verdict.size(broker)


class Holding(Tampered):
    """A log that records when the test lets it."""

    def __init__(self, trail: Trail) -> None:
        """Begins holding."""
        super().__init__(trail)
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    async def record(self, draft: Draft, *, closes_intention: bool, timeout: float | None = None) -> Receipt:
        self.reached.set()
        await self.go.wait()
        return await super().record(draft, closes_intention=closes_intention)


def test_invariant_1_nothing_leaves_until_the_record_is_there(
    start: Start, credentials: Credentials, body: bytes
) -> None:
    """While the record is under way the caller has nothing, not even the beginning of an answer."""
    holding: list[Holding] = []

    def change(parts: Parts) -> Parts:
        holding.append(Holding(parts.trail))
        return replace(parts, trail=holding[0])

    broker = start(change=change)
    request = pb.ExchangeRequest(envelope=raw.envelope(body, sign(credentials, body)))
    with raw.connected(broker) as wire:
        call = wire.exchanges.Exchange.future(request, timeout=raw.TIMEOUT)
        broker.run(holding[0].reached.wait())
        with pytest.raises(grpc.FutureTimeoutError):
            call.result(timeout=0.2)
        broker.loop.call_soon_threadsafe(holding[0].go.set)
        assert call.result(timeout=WITHIN).data


def test_invariant_1_a_log_that_was_taken_over_leaves_a_trace_and_no_data(
    start: Start, site: Site, credentials: Credentials, body: bytes
) -> None:
    """A second owner records the open intention as interrupted; the first one's caller gets nothing."""
    gated = Gated()
    broker = start(change=gated)
    request_id = new_request_id()
    request = pb.ExchangeRequest(envelope=raw.envelope(body, sign(credentials, body, jti=request_id)))
    with raw.connected(broker) as wire:
        call = wire.exchanges.Exchange.future(request, timeout=raw.TIMEOUT)
        assert gated.reached.wait(WITHIN)
        second = AuditLog.open(log_settings(site.settings()))
        gated.open(broker.loop)
        assert grpc.StatusCode.UNAVAILABLE is call.code()
    entry = second.reader.by_request(request_id).entry
    second.close()
    assert ("interrupted", ()) == (entry.outcome, entry.attributes_released)


# 2. Refusals and failures are recorded like grants.


def test_invariant_2_every_call_that_is_answered_has_its_entry(
    shared: RunningBroker, credentials: Credentials, body: bytes
) -> None:
    """A grant, a refusal, a rehearsal, a forgery and a replay: five calls, five entries, each as told."""
    before = verdict.size(shared)
    spoilt = body + b"\xff"
    signature = sign(credentials, body)
    with raw.connected(shared) as wire:
        wire.exchange(body, signature)
        told(lambda: wire.exchange(spoilt, sign(credentials, spoilt)))
        wire.dry_run(body, sign(credentials, body))
        told(lambda: wire.exchange(body, "forged"))
        told(lambda: wire.exchange(body, signature))
    reader = shared.broker.log.reader
    left = [reader.by_index(i).entry for i in range(before, verdict.size(shared))]
    assert [
        ("exchange", "granted"),
        ("exchange", "refused"),
        ("dry_run", "granted"),
        ("exchange", "refused"),
        ("exchange", "refused"),
    ] == [(e.kind, e.outcome) for e in left]


# 8. There is no null log, no null signer, no null policy outside the tests.

PRODUCT = ("exchange", "adapters", "audit")
PRETENDERS = ("null", "fake", "noop", "no_op", "dummy", "mock", "stub", "allowall", "permitall", "insecure")


def _definitions() -> Iterator[tuple[Path, str]]:
    for folder in PRODUCT:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                    yield path, node.name


def test_invariant_8_no_part_pretends() -> None:
    """No class or function of the product is named for doing nothing, unless it says that it is unsafe."""
    pretending = [
        f"{path.relative_to(ROOT)}: {name}"
        for path, name in _definitions()
        if name.lower().lstrip("_").startswith(PRETENDERS) and "unsafe" not in name.lower()
    ]
    assert [] == pretending


def _settings(model: type[BaseModel], place: str = "") -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _settings(kind, f"{place}{name}.")
        else:
            yield f"{place}{name}", kind


def test_invariant_8_no_setting_turns_anything_off() -> None:
    """No setting is a switch, none that holds a part may be empty, and engines are the two real ones."""
    settings = dict(_settings(Settings))
    assert [] == [name for name, kind in settings.items() if kind is bool or bool in get_args(kind)]
    assert [] == [name for name, kind in settings.items() if type(None) in get_args(kind)]
    off = ("disable", "skip", "enable", "insecure", "verify", "allow", "no_", "off")
    assert [] == [n for n in settings if n.rpartition(".")[2].startswith(off) and "unsafe" not in n]
    choices = {n: set(get_args(k)) for n, k in settings.items() if str(get_origin(k)) == "typing.Literal"}
    assert {
        "policy.engine": {"embedded", "opa"},
        "policy.follow": {"published", "saved"},
        "witness.publish": {"any", "cosigned"},
    } == choices


@pytest.mark.parametrize(
    ("section", "setting", "value", "error"),
    [
        ("log", "signing_key", "", KeyFileError),
        ("log", "signing_key", "/dev/null", KeyFileError),
        ("log", "url", "", ValueError),
        ("vault", "master_key", "/nowhere", KeyFileError),
        ("policy", "folder", "/nowhere", PolicyError),
        ("policy", "engine", "none", ValueError),
        ("identity", "participants", "/nowhere", ParticipantsError),
        ("server", "client_ca", "/nowhere", OSError),
        ("server", "audience", "", ValueError),
    ],
)
def test_invariant_8_without_a_part_there_is_no_broker(
    start: Start, section: str, setting: str, value: str, error: type[Exception]
) -> None:
    """A log, a key, policies, participants or an authority that is missing ends the start."""
    with pytest.raises(error):
        start(**{section: {setting: value}})


# 9. Adapters and policies have no vote on authentication, signing or logging.


def test_invariant_9_the_arrows_are_held_by_a_contract() -> None:
    """What adapters may not import is written down where import-linter checks it, and they do not."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    [contract] = [
        c for c in document["tool"]["importlinter"]["contracts"] if c.get("source_modules") == ["adapters"]
    ]
    assert "forbidden" == contract["type"]
    denied = {"audit", "exchange.identity", "exchange.recorder", "exchange.pipeline", "exchange.wiring"}
    assert denied <= set(contract["forbidden_modules"])
    imported = {
        name
        for path in (ROOT / "adapters").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in _imported(node)
    }
    assert set() == {n for n in imported if any(n == d or n.startswith(f"{d}.") for d in denied)}


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def test_invariant_9_an_adapter_is_handed_nothing_to_vote_with() -> None:
    """It sees what is asked and in whose name: not the caseworker, the case, the signature or the log."""
    assert {"close", "fetch", "most_subjects"} == {n for n in vars(RegisterAdapter) if n[0] != "_"}
    handed = {f.name for kind in (Lookup, Mandate, AsOf, Dataset) for f in fields(kind)}
    assert set() == handed & {
        "caller",
        "caseworker",
        "case_reference",
        "consent_reference",
        "decision",
        "envelope",
        "signature",
        "statement",
        "trail",
    }


class Mutating(Answering):
    """An adapter that changes everything it can lay its hands on."""

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        [value] = lookup.values
        for thing, name, other in (
            (lookup.dataset, "provider", "90000101"),
            (lookup.dataset, "name", "cpr.person"),
            (lookup.dataset, "attributes", ()),
            (lookup.mandate, "purpose", "none"),
            (lookup, "values", ("0101010000",)),
            (lookup, "kind", "person_id"),
            (lookup, "attributes", (*lookup.attributes, "personnummer")),
        ):
            object.__setattr__(thing, name, other)
        return [Found(value, {"loenindkomst": 1, "personnummer": value})]


def test_invariant_9_an_adapter_that_changes_its_inputs_changes_no_record(
    start: Start, credentials: Credentials, body: bytes, subject: str
) -> None:
    """The record is of what was asked and granted, and so is the next exchange."""
    broker = start(change=adapted("eindkomst", Mutating()))
    catalogue = load_catalogue()
    with raw.connected(broker) as wire:
        for _ in range(2):
            response = wire.exchange(body, sign(credentials, body))
            entry = verdict.last(broker).entry
            assert ("granted", "94000068", "eindkomst.indkomst") == (
                entry.outcome,
                entry.provider,
                entry.dataset,
            )
            assert "personnummer" not in {*entry.attributes_granted, *entry.attributes_released}
            openings = {o.name: o.key for o in response.receipt.openings}
            commitments = decode(response.receipt.entry)[1]
            named = subject_bytes("personnummer", subject)
            assert opens(commitments, openings["subject"], "subject", named)
    assert catalogue == broker.broker.parts.catalogue
