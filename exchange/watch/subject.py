"""A subject that is followed, and what is known of it: who, and a digest of what its subscriber has."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from hjemmel.exchange.v1 import envelope_pb2
from hjemmel.exchange.v1 import many_pb2 as pb

from exchange import delivery
from exchange.batched import Tree
from exchange.model.changes import Change
from exchange.model.request import Envelope
from exchange.watch.cursor import Mark


@dataclass(slots=True)
class SignedBatch:
    """A batch that was verified, and how many of its subjects are followed still."""

    mandate: envelope_pb2.SignedEnvelope
    envelope: Envelope
    tree: Tree
    left: int


@dataclass(slots=True, eq=False)
class Subject:
    """One subject of a subscription.

    Attributes:
        id: its name in the subscription.
        value: of its key: personal data.
        alike: what the decision about it depends on beside the mandate; by itself where there is a consent.
        state: digest of what its subscriber has; None before the first delivery.
        readings: how often it was read in this call.
        failures: in a row.
        retried: when it may be read again after a failure, by the loop's clock.
    """

    id: str
    value: str
    alike: object
    batch: SignedBatch
    index: int
    body: bytes
    salt: bytes
    state: bytes | None
    readings: int = 0
    failures: int = 0
    retried: float = 0

    def request(self, told: pb.ChangeDelivery) -> Envelope:
        """What an exchange about it is about."""
        part = pb.BatchedRequest(
            mandate=self.batch.mandate,
            batch=self.batch.envelope.body,
            subject=self.body,
            index=self.index,
            hashes=self.batch.tree.path(self.index),
            delivery=told,
        )
        return Envelope(part.SerializeToString(deterministic=True), self.batch.envelope.signature)

    def has(self, data: bytes) -> bool:
        """Whether its subscriber has this data."""
        return self.state is not None and self.state == delivery.state(self.salt, sha256(data).digest())

    def got(self, data: bytes) -> None:
        """Its subscriber is given this data."""
        self.state = delivery.state(self.salt, sha256(data).digest())


@dataclass(slots=True)
class Due:
    """A subject that is to be read.

    Attributes:
        subject: which.
        since: going on from there would make it due again.
        change: the newest that made it due; None where it is read because it was added.
    """

    subject: Subject
    since: Mark
    change: Change | None = None


@dataclass(slots=True)
class Queue:
    """The subjects that are due, each once however often it changed: its newest state is delivered."""

    _due: dict[Subject, Due] = field(default_factory=dict)

    def put(self, subject: Subject, since: Mark, change: Change | None = None) -> None:
        """Makes a subject due."""
        known = self._due.get(subject)
        if known is None:
            self._due[subject] = Due(subject, since, change)
            return
        known.since = min(known.since, since)
        if change is not None and (known.change is None or known.change.position < change.position):
            known.change = change

    def put_back(self, due: Due) -> None:
        """Makes a subject due again, behind the others."""
        newer = self._due.pop(due.subject, None)
        self._due[due.subject] = due
        if newer is not None:
            self.put(due.subject, newer.since, newer.change)

    def drop(self, subject: Subject) -> None:
        """Takes a subject out."""
        self._due.pop(subject, None)

    def take(self, most: int, now: float) -> list[Due]:
        """Takes out the first that are to be read now."""
        taken: list[Due] = []
        if most > 0:
            for due in self._due.values():
                if due.subject.retried <= now:
                    taken.append(due)
                    if len(taken) == most:
                        break
        for due in taken:
            del self._due[due.subject]
        return taken

    def wait(self) -> float | None:
        """When the next may be read, by the loop's clock; None where none is due."""
        return min((due.subject.retried for due in self._due.values()), default=None)

    def oldest(self, otherwise: Mark) -> Mark:
        """The earliest mark from which something that is due would be told again."""
        return min((due.since for due in self._due.values()), default=otherwise)
