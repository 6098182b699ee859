"""The client repeats only what is safe, and says what became of a request whose answer it lost."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pytest
import sqlalchemy as sa

from adapters.registers import Registers
from audit.formats import entry
from audit.storage.schema import entries
from exchange.client import AlreadyRecorded, Answer, ClientError, Failed, Refused, Unreachable
from exchange.errors import Failed as BrokerFailed
from exchange.model.identifiers import is_request_id
from exchange.model.request import Lookup, Record
from tests.conftest import Start
from tests.integration.client.callers import Caller, Connect
from tests.integration.client.middle import Middle
from tests.integration.client.wire import wire
from tests.support.broker import RunningBroker, Site
from tests.support.questions import granted

ATTEMPTS = 4


def recorded(broker: RunningBroker) -> list[tuple[str | None, str]]:
    """Request id and outcome of every exchange in a broker's log."""
    engine = sa.create_engine(broker.settings.log.url)
    with engine.connect() as connection:
        leaves = connection.execute(sa.select(entries.c.leaf).order_by(entries.c.index)).scalars().all()
    engine.dispose()
    told = [e for e, _ in map(entry.decode_any, leaves)]
    return [(e.request_id, e.outcome) for e in told if isinstance(e, entry.Entry)]


def test_broker_that_is_down_is_unreachable(site: Site, connect: Connect, generated: Registers) -> None:
    """Nobody listens: after the repetitions the caller learns so, with no reason of the broker's."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client = connect(f"127.0.0.1:{port}", site.credentials("udbetaling-danmark"))
    with pytest.raises(Unreachable, match="try again") as caught:
        client.exchange(granted(generated))
    assert ((), None) == (caught.value.reasons, caught.value.receipt)


def test_repetitions_send_the_same_signed_request(
    deceived: Caller, middle: Middle, generated: Registers
) -> None:
    """Every attempt carries the same bytes, so that the request id is used once at most; then it ends."""
    middle.fails = ["before"] * 10
    with pytest.raises(Unreachable):
        deceived.exchange(granted(generated))
    sent = {message.SerializeToString() for message in middle.seen["Exchange"]}
    assert (ATTEMPTS, 1) == (len(middle.seen["Exchange"]), len(sent))


def test_broker_that_comes_back_answers(deceived: Caller, middle: Middle, generated: Registers) -> None:
    """A broker that was away for two attempts answers the third."""
    middle.fails = ["before", "before"]
    answer = deceived.exchange(granted(generated))
    assert (24, 3) == (len(answer.records), len(middle.seen["Exchange"]))


def test_lost_answer_is_explained(deceived: Caller, middle: Middle, generated: Registers) -> None:
    """The broker recorded, its answer was lost: the repetition says so, and how to get the receipt."""
    middle.fails = ["after"]
    with pytest.raises(AlreadyRecorded, match="fetch its receipt") as caught:
        deceived.exchange(granted(generated))
    said = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", str(caught.value))
    assert said is not None
    receipt = deceived.receipt(said[0])
    assert ("granted", said[0]) == (receipt.entry.outcome, receipt.entry.request_id)


def test_cut_connection_releases_and_records_once(
    start: Start, connect: Connect, generated: Registers
) -> None:
    """The wire is cut after the broker recorded: one granted entry, a refused repetition, no data twice."""
    broker = start()
    with wire(broker.target) as laid:
        client = connect(laid.target, broker.site.credentials("udbetaling-danmark"))
        client.exchange(granted(generated))  # connects
        laid.deaf = True
        threading.Thread(target=_cut_after, args=(laid, broker, 2), daemon=True).start()
        with pytest.raises(AlreadyRecorded) as caught:
            client.exchange(granted(generated))
    outcomes = recorded(broker)
    lost = outcomes[1][0]
    assert [(lost, "granted"), (lost, "refused")] == outcomes[1:]
    assert lost is not None
    assert is_request_id(lost)
    assert lost in str(caught.value)


def _cut_after(laid: object, broker: RunningBroker, size: int) -> None:
    while broker.broker.log.reader.checkpoint().size < size:
        time.sleep(0.005)
    laid.deaf = False  # type: ignore[attr-defined]  # a Wire
    laid.cut()  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", ["REGISTER_UNAVAILABLE", "POLICY_FAILED", "LOG_BUSY"])
def test_failure_that_the_broker_told_is_not_repeated(
    start: Start, connect: Connect, generated: Registers, code: str
) -> None:
    """A part that failed ended the exchange, and the caller decides whether to ask anew: under a new id."""

    class Away:
        async def fetch(self, lookup: Lookup, timeout: float) -> Mapping[str, Sequence[Record]]:
            raise BrokerFailed.because(code)

    broker = start(change=lambda parts: replace(parts, registers=Away()))
    client = connect(broker.target, broker.site.credentials("udbetaling-danmark"))
    with pytest.raises(Failed) as caught:
        client.exchange(granted(generated))
    assert code == caught.value.code
    assert ["failed"] == [outcome for _, outcome in recorded(broker)]
    assert caught.value.receipt is not None


def test_refusal_is_not_repeated(client: Caller, shared: RunningBroker, generated: Registers) -> None:
    """Asking again unchanged is pointless, and would leave a second entry."""
    before = len(recorded(shared))
    with pytest.raises(Refused):
        client.exchange(granted(generated, agreement="udk-cpr"))
    assert before + 1 == len(recorded(shared))


@dataclass(frozen=True)
class Slow:
    """Registers that take their time."""

    inner: object
    seconds: float

    async def fetch(self, lookup: Lookup, timeout: float) -> Mapping[str, Sequence[Record]]:
        await asyncio.sleep(self.seconds)
        raise BrokerFailed.because("REGISTER_UNAVAILABLE")


def test_deadline_that_passed_is_not_repeated(start: Start, connect: Connect, generated: Registers) -> None:
    """Whether it was recorded is unknown to the caller: the error names the request to look for."""
    broker = start(change=lambda parts: replace(parts, registers=Slow(parts.registers, 1)))
    client = connect(broker.target, broker.site.credentials("udbetaling-danmark"), 0.3)
    with pytest.raises(Unreachable, match="may have been recorded") as caught:
        client.exchange(granted(generated))
    while not recorded(broker):
        time.sleep(0.02)
    (request_id, outcome) = recorded(broker)[0]
    assert "failed" == outcome
    assert str(request_id) in str(caught.value)


def test_reading_is_repeated_too(deceived: Caller, middle: Middle) -> None:
    """The catalogue is read again after a broken connection."""
    middle.fails = ["after"]
    assert len(deceived.datasets()) > 5


def test_client_is_shared_between_threads(shared: RunningBroker, generated: Registers) -> None:
    """Eight threads on one client: every answer holds, and the history of one is that of all."""
    answers: list[Answer | ClientError] = []
    with shared.client() as client:

        def ask() -> None:
            for _ in range(5):
                try:
                    answers.append(client.exchange(granted(generated)))
                except ClientError as error:
                    answers.append(error)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    indexes = {a.receipt.index for a in answers if isinstance(a, Answer)}
    assert 40 == len(indexes)
