"""Subscriptions in tests: followed from a thread, with what came in a queue."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from adapters.registers import Registers
from exchange.client import Alive, Changed, Client, ClientError, Following, Subject, Task
from tests.support import raw
from tests.support.broker import RunningBroker

PATIENCE = 30.0  # seconds, before a test gives up
QUICK = {"changes": {"poll": 0.05, "heartbeat": 0.2, "recheck": 0.2}}
TASK = Task(
    dataset="cpr.person",
    attributes=("civilstand", "darAdresseId", "foedselsdato"),
    key_kind="personnummer",
    purpose="housing-benefit.household",
    legal_basis="udl.5",
    agreement="udk-cpr",
    caseworker="sagsbehandler-4711",
)


def ends(**after: float) -> datetime:
    """When a subscription ends: in a day, unless told otherwise."""
    return datetime.now(UTC) + timedelta(**(after or {"days": 1}))


class Followed:
    """A stream that is read by a thread; what it gave waits here."""

    def __init__(self, client: Client, following: Following, *, silent: float) -> None:
        """Begins."""
        self.following = following
        self.error: ClientError | None = None
        self.over = threading.Event()
        self.stopped = threading.Event()
        self._came: queue.Queue[Changed | Alive] = queue.Queue()
        self._client = client
        self._silent = silent
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for event in self._client.watch(self.following, silent=self._silent):
                self._came.put(event)
                if self.stopped.is_set():
                    break
        except ClientError as error:
            self.error = error
        finally:
            self.over.set()

    def change(self) -> Changed:
        """The next delivery."""
        while True:
            event = self._came.get(timeout=PATIENCE)
            if isinstance(event, Changed):
                return event

    def changes(self, number: int) -> list[Changed]:
        """The next deliveries."""
        return [self.change() for _ in range(number)]

    def alive(self, after: datetime | None = None) -> Alive:
        """The next sign of life whose time is after one; what was delivered before it is an error."""
        after = after or datetime.now(UTC)
        while True:
            event = self._came.get(timeout=PATIENCE)
            assert isinstance(event, Alive), "something was delivered where nothing should be"
            if event.read_time > after:
                return event


@contextmanager
def followed(
    broker: RunningBroker, following: Following, slug: str = raw.UDK, *, silent: float = 60
) -> Iterator[Followed]:
    """Follows until the end of the context."""
    client = broker.client(slug)
    came = Followed(client, following, silent=silent)
    try:
        yield came
    finally:
        came.stopped.set()
        came.over.wait(PATIENCE)
        client.close()


def adults(generated: Registers) -> list[Subject]:
    """Persons of age, none with a protection, each in a case of its own."""
    now = [
        r
        for r in generated.tables["cpr.person"].records()
        if r["registreringTil"] is None and r["virkningTil"] is None
    ]
    numbers = sorted(
        str(r["personnummer"])
        for r in now
        if not r["beskyttelsestype"] and str(r["foedselsdato"]) < "1995" and r["status"] == "bopael_i_danmark"
    )
    return [Subject(number, "applicant", f"SAG-{i:04}") for i, number in enumerate(dict.fromkeys(numbers))]
