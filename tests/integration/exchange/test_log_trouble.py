"""A log that cannot record: then nothing is read, nothing leaves, and the caller is told to come back."""

from __future__ import annotations

import queue
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import grpc
import pytest
from hjemmel.exchange.v1 import exchange_service_pb2 as pb

from adapters.registers import Registers
from audit.errors import LogStopped
from audit.storage import database
from exchange.client import Client, Failed
from exchange.client.credentials import Credentials
from exchange.client.protocol import new_request_id
from tests.support import raw, verdict
from tests.support.adapters import Watched
from tests.support.broker import RunningBroker, Site, serve
from tests.support.questions import granted
from tests.support.raw import Told, sign, told

Start = Callable[..., RunningBroker]
WITHIN = 15.0


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite waits for a lock for a fifth of a second instead of five, so that tests need not."""
    monkeypatch.setattr(database, "_BUSY_MS", 200)


@contextmanager
def locked(site: Site) -> Iterator[sqlite3.Connection]:
    """Holds the log's database as another process would."""
    other = sqlite3.connect(site.folder / "log.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield other
    finally:
        other.close()


def check_unrecorded(said: Told, reason: str, *secrets: str) -> None:
    """Holds an error to what is promised of one that could not be recorded: no receipt, no data."""
    verdict.check_told(said, reason, secrets=secrets)
    assert said.refusal is not None
    assert not said.refusal.HasField("receipt")


def until_granted(broker: RunningBroker, credentials: Credentials, body: bytes) -> None:
    """Asks until it is granted again."""
    end = time.monotonic() + WITHIN
    with raw.connected(broker) as wire:
        while True:
            try:
                wire.exchange(body, sign(credentials, body))
            except grpc.RpcError:
                assert time.monotonic() < end, "the log did not recover"
                time.sleep(0.1)
            else:
                return


@pytest.mark.usefixtures("impatient")
def test_while_the_log_is_locked_nothing_is_read(
    start: Start, site: Site, credentials: Credentials, body: bytes, subject: str
) -> None:
    """The caller is told that the log cannot record; no register was asked; it recovers by itself."""
    watched = Watched()
    broker = start(change=watched)
    with raw.connected(broker) as wire, locked(site):
        said = told(lambda: wire.exchange(body, sign(credentials, body)))
        check_unrecorded(said, "LOG_UNAVAILABLE", subject)
        assert broker.broker.log.problem is not None
        spoilt = sign(credentials, body, aud="another.example")
        check_unrecorded(told(lambda: wire.exchange(body, spoilt)), "LOG_UNAVAILABLE", subject)
    assert [] == watched.asked
    assert 0 == verdict.size(broker)
    until_granted(broker, credentials, body)
    assert (1, "granted") == (verdict.size(broker), verdict.last(broker).entry.outcome)


class LockingWhenRead(Watched):
    """Registers during whose reading the log is locked."""

    def __init__(self, site: Site) -> None:
        """Takes whose log it is."""
        super().__init__()
        self._site = site
        self.lock: sqlite3.Connection | None = None

    async def before_reading(self) -> None:
        if self.lock is None:
            self.lock = sqlite3.connect(
                self._site.folder / "log.db", isolation_level=None, check_same_thread=False
            )
            self.lock.execute("BEGIN IMMEDIATE")


@pytest.mark.usefixtures("impatient")
def test_what_was_read_and_could_not_be_recorded_does_not_leave_and_is_traced(
    start: Start, site: Site, credentials: Credentials, body: bytes, subject: str
) -> None:
    """The log fails between reading and recording: no data leaves, and the intention becomes an entry."""
    locking = LockingWhenRead(site)
    broker = start(change=locking)
    request_id = new_request_id()
    with raw.connected(broker) as wire:
        said = told(lambda: wire.exchange(body, sign(credentials, body, jti=request_id)))
        check_unrecorded(said, "LOG_UNAVAILABLE", subject)
        assert locking.asked
        assert locking.lock is not None
        locking.lock.close()
    until_granted(broker, credentials, body)
    stored = broker.broker.log.reader.by_index(0)
    assert ("interrupted", request_id, ()) == (
        stored.entry.outcome,
        stored.entry.request_id,
        stored.entry.attributes_released,
    )


def test_a_log_that_is_behind_says_so(
    start: Start, site: Site, credentials: Credentials, body: bytes, subject: str
) -> None:
    """Whoever comes when too much is waiting is sent away at once, with the time to come back."""
    broker = start(log={"max_pending": 1})
    requests = [pb.ExchangeRequest(envelope=raw.envelope(body, sign(credentials, body))) for _ in range(6)]
    sent_away: queue.SimpleQueue[grpc.Future[object]] = queue.SimpleQueue()
    with raw.connected(broker) as wire:
        with locked(site):
            calls = [wire.exchanges.Exchange.future(r, timeout=raw.TIMEOUT) for r in requests]
            for call in calls:
                call.add_done_callback(sent_away.put)
            said = raw.apart(sent_away.get(timeout=WITHIN).exception())
        check_unrecorded(said, "LOG_BUSY", subject)
        assert b"google.rpc.RetryInfo" in said.said
        ended = [call.code() for call in calls]
    assert {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED} == set(ended)
    # Being sent away is recorded too, where there was room by then.
    reader = broker.broker.log.reader
    left = [reader.by_index(i).entry for i in range(verdict.size(broker))]
    assert ended.count(grpc.StatusCode.OK) == [e.outcome for e in left].count("granted")
    assert {("LOG_BUSY",)} >= {e.reasons for e in left if e.outcome != "granted"}


def test_a_log_whose_file_is_gone_stops(
    start: Start, site: Site, credentials: Credentials, body: bytes, subject: str
) -> None:
    """Records are never written to a file that nobody will find; once it is back, so is the log."""
    watched = Watched()
    broker = start(change=watched)
    aside = site.folder / "aside"
    aside.mkdir()
    with raw.connected(broker) as wire:
        wire.exchange(body, sign(credentials, body))
        before = len(watched.asked)
        for path in site.folder.glob("log.db*"):
            path.rename(aside / path.name)
        said = told(lambda: wire.exchange(body, sign(credentials, body)))
        check_unrecorded(said, "LOG_UNAVAILABLE", subject)
        assert before == len(watched.asked)
        for path in aside.iterdir():
            path.replace(site.folder / path.name)
    until_granted(broker, credentials, body)
    assert 2 == verdict.size(broker)


@pytest.mark.parametrize("section", ["log", "vault"])
def test_a_log_that_cannot_be_written_does_not_start(start: Start, section: str) -> None:
    """A directory that takes no file ends the start with a message, not the first exchange with none."""
    with pytest.raises(LogStopped, match="database"):
        start(**{section: {"url": "sqlite:////proc/nothing/log.db"}})


def test_a_full_disk_stops_the_log_until_there_is_room(site: Site, generated: Registers) -> None:
    """No room for the log: the exchange fails without data, and works again when there is room."""
    broker = serve(site.write_config())
    pid = broker.process.pid
    with broker.process:
        with Client(broker.target, site.credentials(raw.UDK), timeout=10) as client:
            client.exchange(granted(generated))
            unlimited = resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
            with pytest.raises(Failed) as caught:
                client.exchange(granted(generated))
            assert ("LOG_UNAVAILABLE", None) == (caught.value.code, caught.value.receipt)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
            end = time.monotonic() + WITHIN
            while True:
                try:
                    answer = client.exchange(granted(generated))
                    break
                except Failed:
                    assert time.monotonic() < end, "the log did not recover"
                    time.sleep(0.2)
            assert 1 == answer.receipt.index
        broker.terminate()
