"""Policy sets in the log's database: every revision that ever decided, and which one is in force.

Events are only ever added: published, rolled back, withdrawn, tried in the shadow. What is in force
follows from them, so that every broker on the same log follows the same one. A revision is archived in
the transaction that puts it in force: no decision is made by a set that could not be read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from audit.errors import FormatError, NotFound
from audit.storage import database, store
from audit.storage.schema import policy_differences, policy_events, policy_revisions


class Action(StrEnum):
    """What can be done with a revision."""

    PUBLISH = "publish"
    ROLL_BACK = "roll_back"
    WITHDRAW = "withdraw"
    SHADOW = "shadow"
    END_SHADOW = "end_shadow"


@dataclass(frozen=True, slots=True)
class PolicyEvent:
    """Something that was done with a revision.

    Attributes:
        number: counts up from 1.
        time: RFC 3339 in UTC.
        action: what was done.
        revision: with which one; empty where it concerns none.
        note: why, in the author's words; nothing about anybody.
        entry: the index of the log's entry about it; absent until a broker has taken it up.
    """

    number: int
    time: str
    action: Action
    revision: str
    note: str
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class PolicyState:
    """What follows from the events.

    Attributes:
        number: of the last event; 0 where there is none.
        active: the revision in force; empty where none is, and nothing is granted then.
        shadow: the revision that is tried beside it; empty where none is.
        withdrawn: revisions that may never decide again.
        history: the revisions that were in force, oldest first, each as often as it was.
    """

    number: int = 0
    active: str = ""
    shadow: str = ""
    withdrawn: frozenset[str] = frozenset()
    history: tuple[str, ...] = ()

    @property
    def previous(self) -> str:
        """The revision to roll back to: the last other one in force that was not withdrawn; or empty."""
        barred = self.withdrawn | {self.active}
        return next((r for r in reversed(self.history) if r not in barred), "")

    def after(self, event: PolicyEvent) -> PolicyState:
        """The state once an event has happened."""
        match event.action:
            case Action.PUBLISH | Action.ROLL_BACK:
                changed = replace(self, active=event.revision, history=(*self.history, event.revision))
            case Action.WITHDRAW:
                active = "" if self.active == event.revision else self.active
                changed = replace(self, active=active, withdrawn=self.withdrawn | {event.revision})
            case Action.SHADOW:
                changed = replace(self, shadow=event.revision)
            case Action.END_SHADOW:
                changed = replace(self, shadow="")
        return replace(changed, number=event.number)


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """How a candidate decides otherwise, for requests of one kind, and how many there were."""

    candidate: str
    revision: str
    consumer: str
    purpose: str
    legal_basis: str
    dataset: str
    change: str
    count: int = field(compare=False)


class PolicyArchive:
    """Reads and writes what a log's database knows of policy sets. Safe beside the log's writer."""

    def __init__(self, engine: sa.Engine) -> None:
        """Takes the log's database."""
        self._engine = engine

    def events(self) -> list[PolicyEvent]:
        """Everything that was done, oldest first."""
        with self._reading() as connection:
            return _events(connection)

    def state(self) -> PolicyState:
        """What is in force now."""
        with self._reading() as connection:
            return _state(connection)

    def newest(self) -> int:
        """The number of the last event: a cheap way to see whether anything changed."""
        with self._reading() as connection:
            newest: int | None = connection.execute(sa.select(sa.func.max(policy_events.c.number))).scalar()
        return newest or 0

    def bundle(self, revision: str) -> bytes:
        """Gives an archived policy set.

        Raises:
            NotFound: there is none of this revision.
            FormatError: what is archived under it is another one: the archive was altered.
        """
        with self._reading() as connection:
            return read_bundle(connection, revision)

    def find(self, prefix: str) -> str:
        """Gives the one archived revision that begins with a prefix.

        Raises:
            NotFound: none does, or several do.
        """
        with self._reading() as connection:
            query = sa.select(policy_revisions.c.revision).order_by(policy_revisions.c.revision)
            found: list[str] = [r for r in connection.execute(query).scalars() if r.startswith(prefix)]
        if len(found) != 1 or not prefix:
            raise NotFound(f"{len(found) or 'no'} archived revisions begin with {prefix!r}: name one")
        return found[0]

    def put_in_force(
        self, revision: str, bundle: bytes | None, time: str, note: str, action: Action = Action.PUBLISH
    ) -> PolicyEvent:
        """Archives a revision, where its bundle is given, and puts it in force: one transaction.

        Raises:
            NotFound: it is not archived.
            FormatError: it was withdrawn, or the bundle is of another revision.
        """
        return self._act(action, revision, bundle, time, note)

    def introduce(self, revision: str, bundle: bytes, time: str, note: str) -> None:
        """Archives a revision and puts it in force where it never was here, however many try at once.

        Raises:
            FormatError: the bundle is of another revision.
        """
        with self._writing() as connection:
            state = _state(connection)
            if revision not in {*state.history, *state.withdrawn}:
                _check_digest(revision, bundle)
                store.archive_policy(connection, revision, bundle)
                _add(connection, Action.PUBLISH, revision, time, note)

    def withdraw(self, revision: str, time: str, note: str) -> list[PolicyEvent]:
        """Bars a revision for good; where it is in force, the previous one takes its place.

        Raises:
            NotFound: it is not archived.
            FormatError: it is in force, and no earlier one could take its place.
        """
        with self._writing() as connection:
            state = _state(connection)
            read_bundle(connection, revision)
            done = []
            if state.active == revision:
                if not state.previous:
                    raise FormatError("no other revision could take its place: publish one first")
                done.append(_add(connection, Action.ROLL_BACK, state.previous, time, note))
            done.append(_add(connection, Action.WITHDRAW, revision, time, note))
        return done

    def shadow(self, revision: str, bundle: bytes | None, time: str, note: str) -> PolicyEvent:
        """Has a revision tried beside the one in force.

        Raises:
            NotFound, FormatError: as `put_in_force`.
        """
        return self._act(Action.SHADOW, revision, bundle, time, note)

    def end_shadow(self, time: str) -> PolicyEvent:
        """Ends what `shadow` began."""
        with self._writing() as connection:
            return _add(connection, Action.END_SHADOW, "", time, "")

    def recorded(self, number: int, entry: int) -> None:
        """Notes at which index the log tells of an event."""
        same = policy_events.c.number == number
        with self._writing() as connection:
            connection.execute(policy_events.update().where(same).values(entry=entry))

    def add_differences(self, differences: Sequence[Difference]) -> None:
        """Adds to the counts of how a candidate decides otherwise."""
        with self._writing() as connection:
            for difference in sorted(differences):
                _count(connection, difference)

    def differences(self, candidate: str) -> list[Difference]:
        """What was counted for a candidate."""
        query = sa.select(policy_differences).where(policy_differences.c.candidate == candidate)
        with self._reading() as connection:
            return sorted(Difference(*row) for row in connection.execute(query))

    def _act(self, action: Action, revision: str, bundle: bytes | None, time: str, note: str) -> PolicyEvent:
        with self._writing() as connection:
            if revision in _state(connection).withdrawn:
                raise FormatError(f"revision {revision[:12]} was withdrawn and may not decide again")
            if bundle is not None:
                _check_digest(revision, bundle)
                store.archive_policy(connection, revision, bundle)
            read_bundle(connection, revision)
            return _add(connection, action, revision, time, note)

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":  # SQLite's transactions lock so much anyway
                connection.exec_driver_sql("LOCK TABLE policy_events IN SHARE ROW EXCLUSIVE MODE")
            yield connection

    def _reading(self) -> sa.Connection:
        return self._engine.connect().execution_options(read_only=True)


def peek(url: str) -> PolicyState:
    """What is in force in a log that may not be there yet; takes and changes nothing."""
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not path.exists():
        return PolicyState()
    engine = database.connect(url)
    try:
        with engine.connect().execution_options(read_only=True) as connection:
            there = sa.inspect(connection).has_table(policy_events.name)
            return _state(connection) if there else PolicyState()
    finally:
        engine.dispose()


def read_bundle(connection: sa.Connection, revision: str) -> bytes:
    """Gives an archived policy set, held to its revision.

    Raises:
        NotFound: there is none of this revision.
        FormatError: what is archived under it is another one.
    """
    query = sa.select(policy_revisions.c.bundle).where(policy_revisions.c.revision == revision)
    bundle: bytes | None = connection.execute(query).scalar()
    if bundle is None:
        raise NotFound(f"no policy set of revision {revision} is archived")
    _check_digest(revision, bundle)
    return bundle


def _check_digest(revision: str, bundle: bytes) -> None:
    if sha256(bundle).hexdigest() != revision:
        raise FormatError(f"the policy set archived as {revision[:12]} is another one: it was altered")


def _events(connection: sa.Connection) -> list[PolicyEvent]:
    rows = connection.execute(sa.select(policy_events).order_by(policy_events.c.number))
    return [PolicyEvent(r.number, r.time, Action(r.action), r.revision, r.note, r.entry) for r in rows]


def _state(connection: sa.Connection) -> PolicyState:
    state = PolicyState()
    for event in _events(connection):
        state = state.after(event)
    return state


def _add(connection: sa.Connection, action: Action, revision: str, time: str, note: str) -> PolicyEvent:
    values: Mapping[str, str] = {"time": time, "action": action.value, "revision": revision, "note": note}
    added = policy_events.insert().returning(policy_events.c.number)
    number: int = connection.execute(added, values).scalar_one()
    return PolicyEvent(number, time, action, revision, note)


def _count(connection: sa.Connection, difference: Difference) -> None:
    columns = policy_differences.c
    key = {c.name: getattr(difference, c.name) for c in columns if c.name != "count"}
    same = sa.and_(*(columns[name] == value for name, value in key.items()))
    update = policy_differences.update().where(same).values(count=columns["count"] + difference.count)
    if connection.execute(update).rowcount == 0:
        connection.execute(policy_differences.insert(), {**key, "count": difference.count})
