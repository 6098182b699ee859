"""Adapters are third parties' work: whatever one does, nothing leaves that was not granted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
from hjemmel.exchange.v1 import exchange_service_pb2 as pb
from hjemmel.exchange.v1.data_pb2 import ReleasedData

from adapters.registers import Registers
from exchange.client.credentials import Credentials
from exchange.errors import Failed, Refused
from exchange.model.decision import Reason
from exchange.model.request import Found, Lookup, SubjectKey
from tests.support import raw, verdict
from tests.support.adapters import Answering as OneByOne
from tests.support.adapters import adapted
from tests.support.broker import RunningBroker, Site, running
from tests.support.questions import case as planted
from tests.support.questions import question_of
from tests.support.raw import Wire, sign, told

SECRET = "Oda Hemmelig"  # what no answer may repeat
MAX = 20
Answering = Callable[[SubjectKey], Awaitable[Any]]


class Scripted(OneByOne):
    """An adapter that answers as the test says."""

    def __init__(self) -> None:
        """Answers nothing."""
        self.answer: Answering = _returning(list)

    async def fetch(self, lookup: Lookup) -> Any:
        return await self.answer(SubjectKey(lookup.kind, lookup.values[0]))


class Answer(NamedTuple):
    """What an adapter does, and the reason that the exchange must fail for."""

    name: str
    reason: str
    answer: Answering


def _returning(make: Callable[..., Any]) -> Answering:
    async def answer(key: SubjectKey) -> Any:
        return make(key) if make is not list else []

    return answer


def _raising(error: BaseException) -> Answering:
    async def answer(_key: SubjectKey) -> Any:
        raise error

    return answer


async def _hanging(_key: SubjectKey) -> Any:
    await asyncio.Event().wait()


async def _cancelled(_key: SubjectKey) -> Any:
    task = asyncio.ensure_future(asyncio.Event().wait())
    asyncio.get_running_loop().call_soon(task.cancel)
    await task


class Liar(Mapping[str, Any]):
    """A record that says something else each time it is asked."""

    def __init__(self) -> None:
        """Begins truthful."""
        self._asked = 0

    def __getitem__(self, name: str) -> Any:
        self._asked += 1
        return 1 if self._asked < 2 else SECRET

    def __iter__(self) -> Iterator[str]:
        return iter(["loenindkomst"])

    def __len__(self) -> int:
        return 1


class Bomb(Mapping[str, Any]):
    """A record that raises when it is looked at."""

    def __getitem__(self, name: str) -> Any:
        raise RuntimeError(SECRET)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError(SECRET)

    def __len__(self) -> int:
        return 1


def record(**values: Any) -> Answering:
    """One record of the right subject."""
    return _returning(lambda key: [Found(key.value, values)])


FAILED, INVALID = "REGISTER_UNAVAILABLE", "REGISTER_ANSWER_INVALID"
OWN_WORDS = Reason(f"REASON_{SECRET}", SECRET, SECRET, SECRET, SECRET)

ANSWERS = [
    Answer("hangs", "REGISTER_TIMEOUT", _hanging),
    Answer("is cancelled", FAILED, _cancelled),
    Answer("raises", FAILED, _raising(RuntimeError(SECRET))),
    Answer("raises a time-out", "REGISTER_TIMEOUT", _raising(TimeoutError(SECRET))),
    Answer("raises an assertion", FAILED, _raising(AssertionError(SECRET))),
    Answer("fails in its own words", FAILED, _raising(Failed(OWN_WORDS))),
    Answer("refuses", FAILED, _raising(Refused(OWN_WORDS))),
    Answer("claims a replay", FAILED, _raising(Refused.because("REQUEST_ID_REUSED"))),
    Answer("claims that the log is down", FAILED, _raising(Failed.because("LOG_UNAVAILABLE"))),
    Answer("gives nothing at all", INVALID, _returning(lambda _key: None)),
    Answer("gives a number", INVALID, _returning(lambda _key: 7)),
    Answer("gives a text", INVALID, _returning(lambda _key: SECRET)),
    Answer("gives no text", INVALID, _returning(lambda _key: "")),
    Answer("gives a mapping", INVALID, _returning(lambda _key: {})),
    Answer("gives a generator", INVALID, _returning(lambda key: (Found(key.value, {}) for _ in "ab"))),
    Answer("gives bare records", INVALID, _returning(lambda _key: [{"loenindkomst": 1}])),
    Answer("gives no record", INVALID, _returning(lambda key: [Found(key.value, None)])),  # type: ignore[arg-type]
    Answer("gives a list for a record", INVALID, _returning(lambda key: [Found(key.value, [SECRET])])),  # type: ignore[arg-type]
    Answer("gives too much", INVALID, _returning(lambda key: [Found(key.value, {})] * (MAX + 1))),
    Answer("gives another subject", INVALID, _returning(lambda _key: [Found("0101010000", {})])),
    Answer(
        "gives another subject among the right one",
        INVALID,
        _returning(lambda key: [Found(key.value, {}), Found("0101010000", {"loenindkomst": 1})]),
    ),
    Answer("gives a text for a number", INVALID, record(loenindkomst=SECRET)),
    Answer("gives a number for a text", INVALID, record(maaned=202501)),
    Answer("gives a truth value for a number", INVALID, record(loenindkomst=True)),
    Answer("gives a fraction", INVALID, record(loenindkomst=1.5)),
    Answer("gives a list for a value", INVALID, record(loenindkomst=[1])),
    Answer("gives a number too large", INVALID, record(loenindkomst=2**63)),
    Answer("gives half a character", INVALID, record(maaned="\ud800")),
    Answer("gives a record that raises", INVALID, _returning(lambda key: [Found(key.value, Bomb())])),
]


@pytest.fixture(scope="module")
def scripted() -> Scripted:
    """The adapter in the place of the income register's."""
    return Scripted()


@pytest.fixture(scope="module")
def broker(
    keys: Path, register_folder: Path, scripted: Scripted, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningBroker]:
    """A broker with that adapter; all else is real."""
    site = Site(keys, register_folder, tmp_path_factory.mktemp("site"))
    with running(site) as start:
        yield start(change=adapted("eindkomst", scripted, MAX), registers={"timeout": 0.3})


@pytest.fixture(scope="module")
def wire(broker: RunningBroker) -> Iterator[Wire]:
    """A connection to it."""
    with raw.connected(broker) as connected:
        yield connected


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: case.name)
def test_an_adapter_that_misbehaves_fails_the_exchange(
    broker: RunningBroker,
    wire: Wire,
    scripted: Scripted,
    credentials: Credentials,
    body: bytes,
    subject: str,
    case: Answer,
) -> None:
    """No data, none of its words; the entry says that the register failed and closes the intention."""
    scripted.answer = case.answer
    said = told(lambda: wire.exchange(body, sign(credentials, body)))
    entry = verdict.check_ended(
        broker, said, case.reason, outcome="failed", secrets=(subject, SECRET, "Hemmelig")
    )
    assert entry.attributes_granted
    assert entry.request_id == broker.broker.log.reader.by_request(entry.request_id or "").entry.request_id
    assert broker.broker.log.writer
    assert set() == broker.broker.log.writer.open_requests


def test_what_was_not_granted_is_left_out(
    broker: RunningBroker, wire: Wire, scripted: Scripted, credentials: Credentials, body: bytes
) -> None:
    """More attributes than asked for, real or invented, do not leave; the granted ones do."""
    extra = {
        "personnummer": SECRET,
        "seNummer": SECRET,
        "invented": SECRET,
        "loenindkomst": 1,
        "maaned": "2025-01",
    }
    scripted.answer = record(**extra)
    response = wire.exchange(body, sign(credentials, body))
    [released] = ReleasedData.FromString(response.data).records
    assert {"loenindkomst", "maaned"} == released.attributes.keys()
    assert SECRET.encode() not in response.SerializeToString()
    assert "granted" == verdict.last(broker).entry.outcome


def test_a_record_is_read_once(wire: Wire, scripted: Scripted, credentials: Credentials, body: bytes) -> None:
    """A record that changes between the check and the use is what it was at the check."""
    scripted.answer = _returning(lambda key: [Found(key.value, Liar())])
    response = wire.exchange(body, sign(credentials, body))
    [released] = ReleasedData.FromString(response.data).records
    assert 1 == released.attributes["loenindkomst"].integer


def test_no_record_is_an_answer(
    broker: RunningBroker, wire: Wire, scripted: Scripted, credentials: Credentials, body: bytes
) -> None:
    """That a register knows nothing of the subject is told, and recorded as granted with nothing released."""
    scripted.answer = _returning(list)
    response = wire.exchange(body, sign(credentials, body))
    assert [] == list(ReleasedData.FromString(response.data).records)
    entry = verdict.last(broker).entry
    assert ("granted", ()) == (entry.outcome, entry.attributes_released)


def test_a_hanging_adapter_does_not_hold_up_the_others(
    broker: RunningBroker,
    wire: Wire,
    scripted: Scripted,
    credentials: Credentials,
    body: bytes,
    generated: Registers,
) -> None:
    """While one register hangs, another answers."""
    scripted.answer = _hanging
    request = pb.ExchangeRequest(envelope=raw.envelope(body, sign(credentials, body)))
    hanging = wire.exchanges.Exchange.future(request, timeout=raw.TIMEOUT)
    other = raw.body_of(question_of(planted(generated, "family-household"))).SerializeToString()
    wire.exchange(other, sign(credentials, other))
    assert not hanging.done()
    assert grpc.StatusCode.DEADLINE_EXCEEDED is hanging.code()
