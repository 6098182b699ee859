"""Closing periods: who builds the index, and the entry that makes it stand.

What a crash leaves behind, at each point:

    index being written     rows whose key nobody has; removed when the log is next owned
    keys durable            likewise, and the keys; both are removed before anything is erased
    entry durable           a closed period
    erasure in a period     its index and keys are gone; it is closed anew, now or by the next owner
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from audit.completeness import asked, due, rows
from audit.completeness.asked import Asked, What
from audit.completeness.building import Built, Failed, Job, Outcome, Work
from audit.completeness.closed import Closed
from audit.completeness.due import Calendar, Plan
from audit.completeness.sparse_tree import key_commitment
from audit.formats import canonical
from audit.formats.entry import DISCLOSED, Event, Submission
from audit.queries import waiting as waiting_queries
from audit.vault.subject_keys import SubjectKeys
from audit.writing.owner import Owner

_log = logging.getLogger(__name__)
_RETRY = 60.0  # seconds after which what failed is tried again


@dataclass(frozen=True, slots=True)
class Places:
    """Where a log and its keys are, for whoever opens them in another process."""

    url: str
    keys_url: str
    master_key: Path


@dataclass(frozen=True, slots=True)
class _UnderWay:
    plan: Plan
    key_id: str
    work: Work


class Closer:
    """Closes the periods of one log. Used by the thread of the log's owner."""

    def __init__(
        self,
        log: sa.Engine,
        keys: SubjectKeys,
        places: Places,
        length: float,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Takes the log, its keys, and where both are.

        Args:
            log: the log's database.
            keys: the keys that the owner uses.
            places: where they are.
            length: of a period, in seconds; with none, periods are closed when that is asked for.
            now: the time.
        """
        self._log = log
        self._keys = keys
        self._places = places
        self._calendar = Calendar(length)
        self._now = now
        self._under_way: _UnderWay | None = None
        self._not_before = 0.0  # of the monotonic clock
        self._skipped: int | None = None if length else 0

    def step(self, owner: Owner) -> None:
        """Does the next of what is to be done; waits for nothing that is done elsewhere.

        Raises:
            OwnershipLost: another process took the log over.
            Exception: whatever failed; what is left is done when the log is next owned.
        """
        with self._reading() as connection:
            waiting = asked.waiting(connection)
        for one in waiting:
            if one.what is What.DISCLOSED:
                owner.tell(partial(_disclosed, one))
            elif one.what is What.QUERIED:
                self._tell_of_query(owner, one)
        if self._under_way is not None:
            outcome = self._under_way.work.outcome()
            if outcome is not None:
                ended, self._under_way = self._under_way, None
                self._finish(owner, ended, *outcome)
            return
        if time.monotonic() < self._not_before:
            return
        self._take_back(owner, waiting)
        with self._reading() as connection:
            plan = due.plan(connection, waiting, self._calendar, self._now(), self._skipped)
        if plan is not None:
            key_id = rows.new_name()
            self._under_way = _UnderWay(plan, key_id, Work(self._job(plan, key_id)))

    def abandon(self) -> None:
        """Ends what is under way: nobody is there any more to make it stand."""
        if self._under_way is not None:
            self._under_way.work.stop()
            self._under_way = None

    def _job(self, plan: Plan, key_id: str) -> Job:
        places, period = self._places, plan.period
        return Job(
            places.url, places.keys_url, places.master_key, key_id, period.first, period.end, plan.forced
        )

    def _finish(self, owner: Owner, ended: _UnderWay, outcome: Outcome) -> None:
        if isinstance(outcome, Built):
            if owner.tell(partial(self._stand, ended, outcome)) is None:
                _log.info("period_built_again")  # something was erased meanwhile
        elif outcome is None:
            self._skipped = self._calendar.stretch(self._now())
        else:
            self._fail(ended, outcome)

    def _fail(self, ended: _UnderWay, failed: Failed) -> None:
        _log.warning("period_not_closed", extra={"problem": failed.problem})
        self._not_before = time.monotonic() + _RETRY
        with self._log.begin() as connection:
            rows.discard(connection, ended.key_id)

    def _stand(self, ended: _UnderWay, built: Built, connection: sa.Connection, index: int) -> Event | None:
        """Makes an index stand, in the transaction of the entry that says so, unless it is outdated."""
        plan, period = ended.plan, ended.plan.period
        if not due.fits(connection, plan):
            rows.discard(connection, ended.key_id)
            return None
        self._keys.keep_period(ended.key_id, built.keys.pseudonyms + built.keys.salts)
        text = built.account.text
        rows.stand(connection, replace(period, entry=index, key_id=ended.key_id, account=text))
        asked.answer(connection, plan.answers, index)
        told = Closed(
            period.first,
            period.end,
            period.since,
            period.until,
            built.account.count,
            built.root,
            key_commitment(built.keys.pseudonyms),
            bytes.fromhex(built.account.commitment(built.keys.salts)),
            plan.replaces,
        )
        return told.event(due.written(self._now()))

    def _take_back(self, owner: Owner, waiting: Sequence[Asked]) -> None:
        """Takes back what is to be closed again though nothing of it was erased."""
        again = [one for one in waiting if one.what is What.AGAIN]
        if not again:
            return
        names: list[str] = []

        def take_back(connection: sa.Connection, _index: int) -> None:
            known = {str(period.entry): period for period in rows.standing(connection)}
            for one in again:
                if one.details not in known:  # closed again already
                    asked.answer(connection, [one.number], int(one.details))
                elif known[one.details].key_id is not None:
                    names.extend(rows.withdraw(connection, [known[one.details].first]))

        owner.tell(take_back)
        self._keys.forget(names)

    def _tell_of_query(self, owner: Owner, one: Asked) -> None:
        """Records a query that was made beside the log, and forgets what its sealed values came under."""
        found = waiting_queries.read(one.details, self._keys)

        def write(connection: sa.Connection, index: int) -> Submission | None:
            asked.answer(connection, [one.number], index if found else waiting_queries.UNREADABLE)
            waiting_queries.clear(connection, one.number)
            return found

        owner.tell(write)
        self._keys.drop_search(waiting_queries.secret_of(one.details))

    def _reading(self) -> sa.Connection:
        return self._log.connect().execution_options(read_only=True)


def _disclosed(one: Asked, connection: sa.Connection, index: int) -> Event:
    asked.answer(connection, [one.number], index)
    return Event(DISCLOSED, due.written(datetime.now(UTC)), None, "", canonical.decode(one.details.encode()))
