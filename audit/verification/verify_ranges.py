"""Ranges of a log verified at the same time, each process with connections of its own.

A process sees the log as it is when it begins, which may be later than when its caller did. What stands
below the caller's checkpoint is the same then, but for one thing: sealed parts may have been erased since.
Whoever finds that says so, and the caller begins again from a state of which all see the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from audit.erasure import coverage
from audit.storage import database
from audit.vault.key_reader import KeyReader
from audit.vault.vault import MasterKey
from audit.verification.verify_range import RangeReport, RangeVerifier


class ErasedMeanwhile(Exception):  # no error: the log goes on while it is verified
    """Something was erased since the verification began."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a process needs to verify ranges of a log.

    Attributes:
        url: of the log's database.
        keys: of the vault's, and the master key, where sealed parts are to be opened.
        stamped: when the log was stamped, by its size then.
        erasures: the entries of the erasures that the caller knows.
    """

    url: sa.URL
    keys: tuple[sa.URL, MasterKey] | None
    stamped: Mapping[int, datetime]
    erasures: frozenset[int]


_verifiers: list[RangeVerifier] = []  # one, in a process that verifies


def verify_range(job: Job, first: int, end: int) -> RangeReport:
    """Verifies a range, in a process that does nothing else.

    Raises:
        ErasedMeanwhile: see the module.
        sqlalchemy.exc.SQLAlchemyError: a database failed.
    """
    if not _verifiers:
        _verifiers.append(_begin(job))
    return _verifiers[0].verify(first, end)


def _begin(job: Job) -> RangeVerifier:
    connection = database.snapshot(database.connect(job.url.render_as_string(hide_password=False)))
    found = coverage.load(connection)
    if found.erasures != job.erasures:
        raise ErasedMeanwhile
    keys = None
    if job.keys:
        url, master = job.keys
        keys = KeyReader(database.connect(url.render_as_string(hide_password=False)), master)
    return RangeVerifier(connection, keys, found, job.stamped)
