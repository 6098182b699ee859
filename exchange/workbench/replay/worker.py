"""One worker's part: ranges of the log, read, opened, decided again and counted.

Lives in one thread of one process: engines are bound to both. It reads the log and writes nothing. It
needs the vault's master key, to open policy inputs, and never the log's signing key.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from audit.files import read_private
from audit.formats.entry import Entry, Event
from audit.reading.records import Record, RecordReader, State
from audit.storage import database
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import MasterKey
from exchange.workbench.replay import recorded
from exchange.workbench.replay.change import compare
from exchange.workbench.replay.findings import Finding, Problem
from exchange.workbench.replay.inputs import upgraded
from exchange.workbench.replay.recorded import Difference
from exchange.workbench.replay.revisions import Archive, RememberedSet
from exchange.workbench.replay.span import Span
from exchange.workbench.replay.tally import FIELDS, Dimension, Tally
from exchange.workbench.replay.verdict import Verdict

_INPUT = "policy_input"


class ReplayError(RuntimeError):
    """The replay cannot be made; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be replayed.

    Attributes:
        url: SQLAlchemy URL of the log's database.
        keys_url: SQLAlchemy URL of the database of subject keys.
        master_key: file of the vault's master key.
        span: the part of the log.
        candidate: canonical form of the policy set to compare with; none where nothing is compared.
        examples: most indexes told of one group.
        findings: most findings told.
        remembered: most decisions that a worker remembers by their input.
    """

    url: str
    keys_url: str
    master_key: Path
    span: Span
    candidate: bytes | None = None
    examples: int = 5
    findings: int = 1000
    remembered: int = 50_000


@dataclass(slots=True)
class _Asked:
    """Decisions of a range on one and the same input by the same revision."""

    policy_input: Mapping[str, Any]
    old: Verdict
    number: int = 0
    examples: list[int] = field(default_factory=list)


Groups = dict[tuple[str, bytes], _Asked]


class Worker:
    """Replays ranges of a log."""

    def __init__(self, job: Job) -> None:
        """Connects to the log, and compiles the candidate.

        Raises:
            KeyFileError: the master key cannot be read.
            MasterKeyError: it is another one than the keys were wrapped with.
            PolicyError: the candidate does not hold.
            ReplayError: a database cannot be read.
        """
        self._job = job
        with ExitStack() as opened:
            log, vault = database.connect(job.url), database.connect(job.keys_url)
            opened.callback(log.dispose)
            opened.callback(vault.dispose)
            keys = SubjectKeys(vault, MasterKey(read_private(job.master_key)))
            try:
                keys.check()
            except sa.exc.SQLAlchemyError as error:
                raise _unreadable(error) from error
            self._reader = RecordReader(log, keys)
            self._archive = Archive(log, job.remembered)
            opened.callback(self._archive.close)
            self._candidate: RememberedSet | None = None
            if job.candidate is not None:
                self._candidate = RememberedSet.candidate(job.candidate, job.remembered)
                opened.callback(self._candidate.close)
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Lets go of the databases, and of the engines on the thread that made them."""
        self._opened.close()

    def replay(self, first: int, end: int) -> Tally:
        """Replays the entries at the indexes from `first` up to, not including, `end`.

        Raises:
            ReplayError: a database cannot be read.
        """
        tally = Tally(self._job.examples, self._job.findings)
        groups: Groups = {}
        before = self._evaluations()
        try:
            for record in self._reader.read(first, end, _INPUT, self._job.span.has):
                tally.entries.read += 1
                request_id = (record.entry.request_id if record.entry else None) or ""
                for problem, was, should in self._record(record, tally, groups):
                    tally.find(Finding(record.index, request_id, problem, was, should))
        except sa.exc.SQLAlchemyError as error:
            raise _unreadable(error) from error
        if self._candidate is not None:
            for (_, value), group in groups.items():
                self._compare(self._candidate, value, group, tally)
        tally.evaluations = self._evaluations() - before
        return tally

    def _record(self, record: Record, tally: Tally, groups: Groups) -> list[Difference]:
        """Counts an entry as what it is, and gives what does not hold."""
        entry = record.entry
        if entry is None:
            tally.entries.broken += 1
            return [(Problem.ENTRY, record.problem, "an entry of the log")]
        if isinstance(entry, Event):
            tally.entries.events += 1
            return []
        match record.state:
            case State.OPENED:
                return self._opened_input(record, entry, tally, groups)
            case State.ERASED:
                tally.entries.erased += 1
            case State.BROKEN:
                tally.entries.broken += 1
                return [(Problem.SEALED, record.problem, "the policy input that the entry commits to")]
            case State.ABSENT:
                tally.entries.without_input += 1
                if recorded.claims_decision(entry):
                    return [(Problem.INPUT, f"{entry.outcome}, without a policy input", "no decision")]
        return []

    def _opened_input(self, record: Record, entry: Entry, tally: Tally, groups: Groups) -> list[Difference]:
        policy_input = _read(record.value)
        if policy_input is None:
            tally.entries.broken += 1
            return [(Problem.INPUT, "a policy input that is no JSON object", "a policy input")]
        found = list(recorded.contradictions(entry, policy_input))
        if recorded.is_undecided(entry):
            tally.entries.undecided += 1
            return found
        revision = self._archive.find(entry.policy_revision)
        if isinstance(revision, str):
            tally.entries.broken += 1
            return [*found, (Problem.REVISION, entry.policy_revision or "none", revision)]
        verdict = revision.decide(record.value, policy_input)
        tally.entries.replayed += 1
        tally.revisions[entry.policy_revision] += 1
        found += recorded.differences(entry, verdict)
        if not found and self._candidate is not None:
            key = (entry.policy_revision, record.value)
            group = groups.setdefault(key, _Asked(policy_input, verdict))
            group.number += 1
            if len(group.examples) < self._job.examples:
                group.examples.append(record.index)
        return found

    def _compare(self, candidate: RememberedSet, value: bytes, group: _Asked, tally: Tally) -> None:
        current = upgraded(group.policy_input)
        if current is not group.policy_input:
            tally.upgraded += group.number
        change = compare(group.old, candidate.decide(value, current))
        values: dict[Dimension, str] = {d: str(group.policy_input[name]) for d, name in FIELDS.items()}
        tally.count(values, change, group.number, group.examples)

    def _evaluations(self) -> int:
        return self._archive.evaluations + (self._candidate.evaluations if self._candidate else 0)


def _read(value: bytes) -> Mapping[str, Any] | None:
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None


def _unreadable(error: sa.exc.SQLAlchemyError) -> ReplayError:
    return ReplayError(f"the log cannot be read ({type(error).__name__}): run hjemmel log verify")
