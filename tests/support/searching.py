"""Searching logs in tests: an index beside a log, searched as an auditor or as an authority."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from audit.formats.entry import Entry, Event
from audit.log import AuditLog
from audit.queries.criteria import Criteria, Order, Viewer
from audit.queries.indexing import Indexer
from audit.queries.looks import Asker
from audit.queries.matching import Matched, Matcher
from audit.queries.queries import Page, Queries
from audit.reading.reader import LogReader
from audit.storage import database
from audit.vault.subject_keys import SubjectKeys
from tests.support.logs import LogSite

AUDITOR = Viewer(None)
GROUND = "gdpr.5.2"
BY_AUDITOR = Asker(AUDITOR, GROUND)


@dataclass(frozen=True, slots=True)
class Searching:
    """A log, and an index beside it."""

    site: LogSite
    log: sa.Engine
    index: sa.Engine
    keys: SubjectKeys

    def indexer(self, most: int = 4096) -> Indexer:
        """One that begins to follow."""
        return Indexer(self.log, self.index, self.keys, most)

    def indexed(self) -> None:
        """Has the index follow the log to its end."""
        self.indexer().catch_up()

    def match(self, criteria: Criteria, viewer: Viewer = AUDITOR) -> Matched:
        """What is found, unrecorded."""
        with database.snapshot(self.index) as connection:
            return Matcher(connection, self.keys).match(viewer, criteria)

    def found(self, criteria: Criteria, viewer: Viewer = AUDITOR) -> list[int]:
        """The indexes of what is found."""
        sets = self.match(criteria, viewer).sets
        return [s * 4096 + at for s in sorted(sets) for at in range(4096) if sets[s] >> at & 1]

    @property
    def reader(self) -> LogReader:
        return LogReader(self.log, self.site.verifier, self.keys)

    @property
    def queries(self) -> Queries:
        return Queries(self.index, self.reader, self.keys, self.site.master.page_tokens)

    async def pages(
        self, log: AuditLog, criteria: Criteria, order: Order, size: int, by: Asker = BY_AUDITOR
    ) -> list[Page]:
        """Every page of a search, each recorded before it is given."""
        pages: list[Page] = []
        token = ""
        while token or not pages:
            made = self.queries.search(by, criteria, order, size, token)
            done = await log.append(made.submission, closes_intention=False)
            pages.append(made.recorded(done.index))
            token = pages[-1].next_token
        return pages

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """All that stands in the index, but how it came about."""
        with self.index.connect() as connection:
            return {
                name: sorted(map(tuple, connection.exec_driver_sql(f"SELECT {columns} FROM {name}")))
                for name, columns in (
                    ("search_state", "position, leaf_hash"),
                    ("search_names", "name"),
                    ("search_segments", "segment, count, earliest, latest, stated, times, sealed, unread"),
                    ("search_tokens", "segment, bucket, length(tokens)"),
                )
            }


@contextmanager
def searching(site: LogSite) -> Iterator[Searching]:
    """An index in the log's folder, or in the log's database where that is a server."""
    beside = site.url if site.url.startswith("postgresql") else f"sqlite:///{site.folder}/search.db"
    index = database.connect(beside)
    database.migrate(index, "search")
    with site.database() as log, site.keys_database() as keys:
        database.migrate(log, "log")
        database.migrate(keys, "keys")
        try:
            yield Searching(site, log, index, SubjectKeys(keys, site.master))
        finally:
            index.dispose()


def meets(content: Entry | Event, sealed: Mapping[str, bytes], criteria: Criteria, viewer: Viewer) -> bool:
    """Whether an entry is to be found: each criterion held against the entry itself, without an index."""
    known = content.askers() if criteria.sealed else content.parties()
    if viewer.authority is not None and viewer.authority not in known:
        return False
    if any(sealed.get(name) != value for name, value in criteria.sealed.items()):
        return False
    if not _is_between(_time(content.time), criteria):
        return False
    if criteria.kinds and content.kind not in criteria.kinds:
        return False
    if criteria.authorities and not content.parties() & {*criteria.authorities}:
        return False
    return (
        _exchange_meets(content, criteria)
        if isinstance(content, Entry)
        else not any(getattr(criteria, name) for name in (*_SINGLE, *_SEVERAL, "obligations", "needs_review"))
    )


_SINGLE = {
    "outcomes": "outcome",
    "consumers": "consumer",
    "providers": "provider",
    "processors": "processor",
    "datasets": "dataset",
    "purposes": "purpose",
    "legal_bases": "legal_basis",
    "agreements": "agreement",
    "revisions": "policy_revision",
}
_SEVERAL = {"attributes": "attributes_asked", "released": "attributes_released", "reasons": "reasons"}


def _exchange_meets(told: Entry, criteria: Criteria) -> bool:
    for name, attribute in _SINGLE.items():
        wanted = getattr(criteria, name)
        if wanted and getattr(told, attribute) not in wanted:
            return False
    for name, attribute in _SEVERAL.items():
        wanted = getattr(criteria, name)
        if wanted and not {*getattr(told, attribute)} & {*wanted}:
            return False
    if criteria.obligations and not {o.id for o in told.obligations} & {*criteria.obligations}:
        return False
    return not criteria.needs_review or told.needs_review


def _is_between(time: datetime | None, criteria: Criteria) -> bool:
    if time is None:
        return criteria.since is None and criteria.until is None
    after = criteria.since is None or time >= criteria.since
    return after and (criteria.until is None or time < criteria.until)


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None and found.timestamp() >= 0 else None
