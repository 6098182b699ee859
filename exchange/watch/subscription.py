"""One subscription: what is followed, what is due, and its deliveries, one batch after the other.

What it holds is bounded by the number of its subjects, however much changes and however slowly its
subscriber takes it: a subject is due once, and what is read is its newest state. A batch is under way at a
time, so that a subject is never read twice at once and its deliveries are in order.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate

from hjemmel.exchange.v1 import many_pb2

from exchange import delivery
from exchange.errors import ExchangeError, Failed, FieldViolation, Refused
from exchange.identity.subscribed import SubscriptionAuthenticator
from exchange.many import Mandated, Result
from exchange.model.catalogue import Dataset
from exchange.model.changes import Change
from exchange.model.request import Envelope, Kind
from exchange.pipeline import Parts, Pipeline
from exchange.watch.cursor import Cursor, Mark
from exchange.watch.feed import Feed
from exchange.watch.settings import ChangeSettings
from exchange.watch.subject import Due, Queue, SignedBatch, Subject

_log = logging.getLogger(__name__)
_AT_ONCE = 64  # subjects of one subscription under way
_LONGEST_PAUSE = 300.0  # seconds before a subject that failed is read again


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of reading a subject, and where to go on from when it was taken over."""

    subject: str
    change: many_pb2.ChangeDelivery
    result: Result
    cursor: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A sign of life: all that was changed before a time was delivered, and where to go on from."""

    time: datetime
    cursor: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What a subscription goes on under.

    Attributes:
        certificate: of the connection.
        mandate: as it was signed.
        authenticator: of its subjects.
        ends: when it ends.
        cursor: where its subscriber was before, where it was.
        dataset: what is followed.
        kind: of key.
    """

    certificate: bytes
    mandate: Envelope
    authenticator: SubscriptionAuthenticator
    ends: datetime
    cursor: Cursor | None
    dataset: Dataset
    kind: str


class Subscription:
    """Implements `exchange.watch.feed.Listener`. For one event loop."""

    def __init__(self, parts: Parts, opened: Opened, feed: Feed, settings: ChangeSettings) -> None:
        """Use `exchange.watch.subscriptions.Subscriptions`."""
        self._parts = replace(parts, authenticator=opened.authenticator, is_known=self._is_known)
        self._pipeline = Pipeline(self._parts)
        self._mandated = Mandated(self._parts, Kind.CHANGE, opened.certificate, _AT_ONCE)
        self._opened = opened
        self._feed = feed
        self._settings = settings
        self._subjects: dict[str, Subject] = {}
        self._by_value: dict[str, list[Subject]] = {}
        self._queue = Queue()
        self._reading: dict[str, Subject] = {}  # by the request id under way
        self._behind: Mark | None = opened.cursor.mark if opened.cursor else None
        self._begun = False
        self._ended: ExchangeError | None = None
        self._is_over = False
        self._delivered = self._acknowledged = 0
        self._at_once, self._pause, self._paused = _AT_ONCE, 0.0, 0.0
        self._woken = asyncio.Event()
        self._catching_up: asyncio.Task[None] | None = None

    # What the subscriber says

    def add(self, subjects: Sequence[bytes], batch: SignedBatch) -> None:
        """Follows the subjects of a batch that was verified.

        Raises:
            Refused: there are too many, or one is followed already.
        """
        if len(self._subjects) + len(subjects) > self._settings.subjects:
            form = f"must not make more than {self._settings.subjects} subjects of one subscription"
            raise Refused.because("FIELD_INVALID", FieldViolation("batch.subjects", form))
        bodies = [many_pb2.SubjectBody.FromString(subject) for subject in subjects]
        ids = {body.request_id for body in bodies}
        if len(ids) < len(bodies) or not ids.isdisjoint(self._subjects):
            violation = FieldViolation("subject.request_id", "must be of one subject in a subscription")
            raise Refused.because("FIELD_INVALID", violation)
        for index, (body, data) in enumerate(zip(bodies, subjects, strict=True)):
            own = body.request_id if body.consent_reference else None
            subject = Subject(
                body.request_id,
                body.value,
                (body.subject_role, own),
                batch,
                index,
                data,
                body.salt,
                body.known_state or None,
            )
            self._subjects[subject.id] = subject
            self._by_value.setdefault(subject.value, []).append(subject)
            self._feed.follow(self, subject.value)
            if self._begun or self._opened.cursor is None or subject.state is None:
                self._queue.put(subject, self._feed.mark)
        self._woken.set()

    def begin(self) -> None:
        """Begins the deliveries."""
        if self._begun:
            return
        self._begun = True
        self._feed.join(self)  # before the past is read, so that nothing falls in between
        if self._opened.cursor is not None:
            self._catching_up = asyncio.create_task(self._catch_up(self._opened.cursor.mark))
        self._woken.set()

    def remove(self, ids: Sequence[str]) -> None:
        """Follows subjects no more; what is under way about them comes to its record."""
        for name in ids:
            if subject := self._subjects.get(name):
                self._forget(subject)

    def acknowledge(self, deliveries: int) -> None:
        """Takes down how many deliveries were taken over."""
        self._acknowledged = max(self._acknowledged, min(deliveries, self._delivered))
        self._woken.set()

    def end(self, error: ExchangeError | None = None) -> None:
        """Ends it: with OK, or an error that was recorded or needs no record."""
        self._is_over = True
        self._ended = self._ended or error
        self._woken.set()

    # What the feed says

    def changed(self, change: Change, since: Mark) -> None:
        """See `Listener`."""
        for subject in self._by_value.get(change.value, ()):
            self._queue.put(subject, since, change)
        self._woken.set()

    def read(self) -> None:
        """See `Listener`: how far it is, the next heartbeat tells."""

    def lost(self, error: ExchangeError) -> None:
        """See `Listener`."""
        self.end(error)

    # What the subscriber is told

    async def told(self) -> AsyncGenerator[Delivery | Heartbeat, None]:
        """Gives deliveries and heartbeats, until it ends.

        Raises:
            ExchangeError: it ended otherwise than at its time; the last heartbeat has the cursor.
        """
        loop = asyncio.get_running_loop()
        beat, checked = loop.time() + self._settings.heartbeat, 0.0
        while not self._is_over and self._parts.clock.now() < self._opened.ends:
            if self._begun and loop.time() >= checked:
                await self._recheck()
                checked = loop.time() + self._settings.recheck
            due = self._take(loop.time())
            if due:
                for one in await self._read(due):
                    self._delivered += 1
                    yield one
            elif loop.time() < beat:
                await self._wait(min(beat, checked if self._begun else beat))
            if loop.time() >= beat:
                beat = loop.time() + self._settings.heartbeat
                yield self._heartbeat()
        yield self._heartbeat()
        if self._ended is not None:
            raise self._ended

    async def close(self) -> None:
        """Lets go of the feed."""
        self._feed.leave(self)
        for value in self._by_value:
            self._feed.unfollow(self, value)
        if self._catching_up is not None:
            self._catching_up.cancel()
            with suppress(asyncio.CancelledError):
                await self._catching_up

    def _take(self, now: float) -> list[Due]:
        room = self._settings.unacknowledged - (self._delivered - self._acknowledged)
        if not self._begun or now < self._paused:
            return []
        return self._queue.take(min(self._at_once, room), now)

    async def _wait(self, until: float) -> None:
        """Waits until something happened, or a time by the loop's clock."""
        loop = asyncio.get_running_loop()
        self._woken.clear()
        if self._begun and (retried := self._queue.wait()) is not None:
            room = self._delivered - self._acknowledged < self._settings.unacknowledged
            until = min(until, max(retried, self._paused)) if room else until
        left = (self._opened.ends - self._parts.clock.now()).total_seconds()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), max(0, min(until - loop.time(), left)))

    async def _read(self, due: Sequence[Due]) -> list[Delivery]:
        """Has what is due read and recorded; gives what is to be told, each with its cursor."""
        changes = [self._described(one) for one in due]
        requests = [one.subject.request(change) for one, change in zip(due, changes, strict=True)]
        self._reading = {
            delivery.request_id(request.body, change): one.subject
            for one, request, change in zip(due, requests, changes, strict=True)
        }
        work = asyncio.ensure_future(self._mandated.exchange(requests, None))
        work.add_done_callback(_seen)  # it comes to its records even where the subscriber has hung up
        results = await asyncio.shield(work)
        told = [(o, c, r) for o, c, r in zip(due, changes, results, strict=True) if self._is_told(o, r)]
        self._slow_down(results)
        marks = list(accumulate(reversed([o.since for o, _, _ in told]), min, initial=self._mark()))
        return [
            Delivery(one.subject.id, change, result, self._cursor(mark))
            for (one, change, result), mark in zip(told, reversed(marks[:-1]), strict=True)
        ]

    def _described(self, due: Due) -> many_pb2.ChangeDelivery:
        due.subject.readings += 1
        change, now = due.change, self._parts.clock.now()
        position = change.position if change else due.since.position
        return delivery.change_delivery(
            position, change.recorded if change else None, now, due.subject.readings
        )

    def _is_told(self, due: Due, result: Result) -> bool:
        """Takes down what came of a reading; tells whether the subscriber is told."""
        subject = due.subject
        if subject.id not in self._subjects:  # removed meanwhile
            return False
        if isinstance(result, Failed):
            subject.failures += 1
            pause = min(2.0**subject.failures, _LONGEST_PAUSE)
            subject.retried = asyncio.get_running_loop().time() + pause
            self._queue.put_back(due)
            return False
        subject.failures, subject.retried = 0, 0.0
        if isinstance(result, ExchangeError):
            self._forget(subject)
            if result.decision is not None and not result.decision.allow:
                self._fell_away(subject)
            return True
        if result.unchanged:
            return False
        subject.got(result.data)
        return True

    def _slow_down(self, results: Sequence[Result]) -> None:
        """Where nothing works, tries with one subject at a time."""
        if all(isinstance(result, Failed) for result in results):
            self._at_once = 1
            self._pause = min(max(1.0, self._pause * 2), _LONGEST_PAUSE)
            self._paused = asyncio.get_running_loop().time() + self._pause
        else:
            self._at_once, self._pause, self._paused = _AT_ONCE, 0.0, 0.0

    async def _recheck(self) -> None:
        """Finds out whether those who wait may be told anything still.

        Whoever may not is told so now, and not when something changes: that would tell that it did.

        Raises:
            ExchangeError: the subscriber takes part no more; recorded.
        """
        try:
            self._opened.authenticator.confirm()
        except Refused as refused:
            opened = self._opened
            raise await self._pipeline.refuse(
                Kind.CHANGE, opened.certificate, opened.mandate, refused
            ) from refused
        for subject in {s.alike: s for s in self._subjects.values()}.values():
            request = subject.request(self._described(Due(subject, self._mark())))
            subject.readings -= 1
            if await self._pipeline.is_refused(self._opened.certificate, request, Kind.CHANGE):
                self._fell_away(subject)

    def _fell_away(self, refused: Subject) -> None:
        """Has all those refused now about whom the decision is the same."""
        for subject in self._subjects.values():
            if subject.alike == refused.alike:
                self._queue.put(subject, self._mark())

    async def _catch_up(self, mark: Mark) -> None:
        pause = self._settings.poll
        while True:
            try:
                await self._feed.catch_up(self, mark)
            except Failed as failed:
                if failed.reasons[0].code == "CURSOR_TOO_OLD":
                    self.end(failed)
                    return
                pause = min(pause * 2, _LONGEST_PAUSE)
                await asyncio.sleep(pause)
            else:
                self._behind = None
                return

    def _forget(self, subject: Subject) -> None:
        self._subjects.pop(subject.id, None)
        self._queue.drop(subject)
        alike = self._by_value[subject.value]
        alike.remove(subject)
        if not alike:
            del self._by_value[subject.value]
            self._feed.unfollow(self, subject.value)
        subject.batch.left -= 1
        if not subject.batch.left:
            self._opened.authenticator.forget(subject.batch.envelope)

    def _is_known(self, request_id: str, data: bytes) -> bool:
        subject = self._reading.get(request_id)
        return subject is not None and subject.has(data)

    def _mark(self) -> Mark:
        """Where to go on from to be told of all that is not delivered yet."""
        mark = self._queue.oldest(self._feed.mark)
        return mark if self._behind is None else min(mark, self._behind)

    def _cursor(self, mark: Mark) -> str:
        return Cursor(self._opened.dataset.name, self._opened.kind, mark).text

    def _heartbeat(self) -> Heartbeat:
        mark = self._mark()
        return Heartbeat(mark.time, self._cursor(mark))


def _seen(work: asyncio.Future[list[Result]]) -> None:
    if not work.cancelled():
        work.exception()  # recorded already; nobody is left to tell
