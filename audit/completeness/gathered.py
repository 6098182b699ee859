"""Who the entries of a period are about, from what is sealed beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from audit.completeness.closed import Account
from audit.completeness.sparse_tree import IndexKeys, Listed, listed, pseudonym_of
from audit.erasure import coverage
from audit.formats import ranges
from audit.reading.records import RecordReader, State
from audit.storage import database
from audit.vault.key_reader import KeyReader

_CHUNK = 4096
_SUBJECT = "subject"


@dataclass(frozen=True, slots=True)
class Gathered:
    """The entries of a period that are about somebody.

    Attributes:
        by_subject: indexes by subject.
        erased: those of which an erasure entry says so, and which entry does.
        unread: those that do not open.
    """

    by_subject: dict[bytes, list[int]]
    erased: Mapping[int, int]
    unread: Sequence[int]

    @property
    def records(self) -> int:
        """How many of them an index lists."""
        return sum(map(len, self.by_subject.values()))

    @property
    def account(self) -> Account:
        """The account of them."""
        by = ranges.write(self.erased.values())
        return Account(self.records, len(self.erased), ranges.write(self.unread), by)

    @property
    def is_empty(self) -> bool:
        """Whether nothing in the period is, or was, about anybody."""
        return not (self.by_subject or self.erased or self.unread)

    def listed(self, keys: IndexKeys) -> list[Listed]:
        """Gives what an index over them lists.

        Raises:
            Collision: two pseudonyms under these keys begin alike.
        """
        return listed({pseudonym_of(keys.pseudonyms, s): i for s, i in self.by_subject.items()})


def gather(
    log: sa.Engine | sa.Connection,
    keys: KeyReader,
    first: int,
    end: int,
    progress: Callable[[int], None] = lambda _count: None,
) -> Gathered:
    """Opens the subjects of the entries [first, end), each held to its commitment.

    Args:
        log: the log's database, or one state of it.
        keys: open what is sealed.
        first: index of the first entry.
        end: index after the last one.
        progress: called with how many more were read.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database failed.
    """
    reader = RecordReader(log, keys)
    by_subject: defaultdict[bytes, list[int]] = defaultdict(list)
    erased: list[int] = []
    unread: list[int] = []
    for begin in range(first, end, _CHUNK):
        until = min(end, begin + _CHUNK)
        for record in reader.read(begin, until, _SUBJECT):
            match record.state:
                case State.OPENED:
                    by_subject[record.value].append(record.index)
                case State.ERASED:
                    erased.append(record.index)
                case State.BROKEN:
                    unread.append(record.index)
                case State.ABSENT:
                    pass
        progress(until - begin)
    by = _erasures(log) if erased else {}
    return Gathered(dict(by_subject), {index: by[index] for index in erased}, unread)


def _erasures(log: sa.Engine | sa.Connection) -> Mapping[int, int]:
    if isinstance(log, sa.Connection):
        return coverage.load(log).by_index
    with database.snapshot(log) as connection:
        return coverage.load(connection).by_index
