"""Whatever is done to a log in whatever order: it verifies, it only grows, exactly what was erased is gone.

The suite plays a few games; `HYPOTHESIS_PROFILE=long` plays many.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from audit import copies
from audit.copies import Erased
from audit.erasure.retention import RetentionClass
from audit.errors import LogStopped
from audit.formats import checkpoint, merkle
from audit.formats.checkpoint import Checkpoint
from audit.formats.entry import Entry
from audit.formats.proof_file import ProofFile
from audit.publishing.export import export
from audit.publishing.import_check import Relation, compare
from audit.publishing.published import Folder
from audit.vault.rotation import rewrap
from audit.verification.verify_tiles import verify_tiles
from tests.integration.audit.erased import ask
from tests.support.logs import GROUND, LogSite, request_id, submission
from tests.support.postgres import Server

PURPOSES = ("housing-benefit.household", "pension.stays")
SUBJECTS = st.sampled_from([b"A", b"B", b"C"])
Databases = Callable[[Path], tuple[str, str]]


class PlayedLog(RuleBasedStateMachine):
    """A log, its owners coming and going, and what should be open, gone or published by now."""

    databases: Databases

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.site = LogSite.at(self.folder, *type(self).databases(self.folder))
        self.number = 0
        self.open: dict[int, bytes] = {}  # by index, the subject
        self.gone: set[int] = set()
        self.receipts: dict[int, tuple[bytes, ProofFile]] = {}
        self.under_way: dict[int, bytes | None] = {}  # by number, whose; nobody's once erased
        self.copy: LogSite | None = None
        self.then: dict[int, bytes] = {}  # as of the copy
        self.then_under_way: dict[int, bytes | None] = {}
        self.lost: set[int] = set()  # of those, erased since
        self.purposes: dict[int, str] = {}  # by index, of what is no interrupted exchange
        self.claimed: dict[int, int] = {}  # by index, the number of the request
        self.seen: list[Checkpoint] = []  # by somebody who remembers them all
        self.published: list[Path] = []
        self.log = self.site.open()

    def teardown(self) -> None:
        self.log.close()
        self.runner.close()
        shutil.rmtree(self.folder)

    def _next(self) -> int:
        self.number += 1
        return self.number

    def _append(
        self, number: int, subject: bytes, *, closes: bool, purpose: str = PURPOSES[0], claims: bool = True
    ) -> None:
        made = submission(number, subject=subject, claims=claims, outcome="granted" if claims else "refused")
        assert isinstance(made.entry, Entry)
        made = replace(made, entry=replace(made.entry, purpose=purpose))
        done = self.runner.run(self.log.append(made, closes_intention=closes))
        self.open[done.index], self.purposes[done.index] = subject, purpose
        if claims:
            self.claimed[done.index] = number
        self.receipts[done.index] = (done.leaf.data, done.proof)

    @rule(subject=SUBJECTS, purpose=st.sampled_from(PURPOSES))
    def append(self, subject: bytes, purpose: str) -> None:
        self._append(self._next(), subject, closes=False, purpose=purpose)

    @precondition(lambda self: self.claimed)
    @rule(subject=SUBJECTS)
    def refuse(self, subject: bytes) -> None:
        """A replay: refused and recorded, under a request id that stands for another entry."""
        self._append(self.claimed[max(self.claimed)], subject, closes=False, claims=False)

    @rule(subject=SUBJECTS)
    def intend(self, subject: bytes) -> None:
        number = self._next()
        made = submission(number, subject=subject, outcome="interrupted")
        self.runner.run(self.log.intend(made))
        self.under_way[number] = subject

    @precondition(lambda self: self.under_way)
    @rule(subject=SUBJECTS)
    def end(self, subject: bytes) -> None:
        number, whose = self.under_way.popitem()
        self._append(number, whose or subject, closes=True)

    @rule(subject=SUBJECTS)
    def erase(self, subject: bytes) -> None:
        with self.site.erasing() as erasing:
            wanted = erasing.subject(subject)
            about = {i for i, s in self.open.items() if s == subject}
            under_way = [n for n, s in self.under_way.items() if s == subject]
            assert (len(about), len(under_way)) == (wanted.records, wanted.intentions)
            if wanted.target:
                self.site.carried_out(erasing, ask(self.site, wanted))
        self._forget(about)
        self.under_way |= dict.fromkeys(under_way)
        self.lost |= {n for n, s in self.then_under_way.items() if s == subject}

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def erase_one(self, data: st.DataObject) -> None:
        index = data.draw(st.sampled_from(sorted(self.open)))
        with self.site.erasing() as erasing:
            self.site.carried_out(erasing, ask(self.site, erasing.record(index)))
        self._forget({index})

    @rule(purpose=st.sampled_from(PURPOSES))
    def erase_class(self, purpose: str) -> None:
        kept = RetentionClass("played", (purpose,), ("*",), 1, GROUND, "for the tests", verified=False)
        about = {i for i in self.open if self.purposes.get(i, PURPOSES[0]) == purpose}
        with self.site.erasing() as erasing:
            wanted = erasing.retention(kept, "2099-01-01")
            assert len(about) == sum(w.records for w in wanted)
            for one in wanted:
                self.site.carried_out(erasing, ask(self.site, one))
        self._forget(about)

    @rule()
    def recover(self) -> None:
        """The owner goes, and what it left under way is interrupted."""
        self._closed(lambda: None)

    @rule()
    def second_owner(self) -> None:
        """Another owner takes over while the first is there, as after a crash that nobody noticed."""
        first, self.log = self.log, self.site.open()
        with pytest.raises(LogStopped):
            self.runner.run(first.append(submission(self._next()), closes_intention=False))
        first.close()
        self._interrupted()

    @rule()
    def publish(self) -> None:
        """What is exported verifies by its public key alone, and is a beginning of the log, for good."""
        folder = self.published[-1] if self.published else Path(tempfile.mkdtemp(dir=self.folder))
        with self.site.database() as engine:
            export(engine, self.site.verifier, folder)
        assert () == verify_tiles(Folder(folder), self.site.verifier).findings
        self.published = [folder]

    @rule()
    def rotate(self) -> None:
        def other_key() -> None:
            path = self.site.settings.master_key
            old, new = self.site.master, os.urandom(32)
            with self.site.keys_database() as engine:
                path.write_bytes(new)
                rewrap(engine, old, self.site.master)

        self._closed(other_key)
        self.copy = None  # the old key opens it, and nobody has that any more

    @rule()
    def back_up(self) -> None:
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        self.copy = replace(
            self.site, url=f"sqlite:///{folder}/log.db", keys_url=f"sqlite:///{folder}/keys.db"
        )
        with self.site.database() as log, self.copy.database() as new:
            copies.copy_log(log, new)
        with self.site.keys_database() as keys, self.copy.keys_database() as new:
            copies.copy_keys(keys, new)
        assert self.copy.verify().holds
        self.then, self.then_under_way = dict(self.open), dict(self.under_way)
        self.lost = {n for n, s in self.under_way.items() if s is None}

    @precondition(lambda self: self.copy)
    @rule()
    def restore(self) -> None:
        """Both databases are lost, the list of what was erased is not; what came after the copy is lost."""
        assert self.copy is not None
        with self.site.database() as log:
            names = copies.erased_names(log, None)
        self.log.close()
        size = self.copy.verify().entries
        url, keys_url = type(self).databases(Path(tempfile.mkdtemp(dir=self.folder)))
        self.site = replace(self.site, url=url, keys_url=keys_url)
        with self.copy.keys_database() as keys, self.site.keys_database() as new:
            copies.copy_keys(keys, new, self.site.master, Erased.named(names))
        with self.copy.database() as log, self.site.database() as new:
            copies.copy_log(log, new, Erased.named(names))
        self.receipts = {i: r for i, r in self.receipts.items() if i < size}
        self.claimed = {i: n for i, n in self.claimed.items() if i < size}
        self.purposes = {i: p for i, p in self.purposes.items() if i < size}
        self.seen = [tree for tree in self.seen if tree.size <= size]
        self._check_published(size)
        self.gone = {i for i in self.gone if i < size}
        # What was erased since the copy goes again, an exchange that was under way then as well.
        self.open = {i: s for i, s in self.then.items() if i not in self.gone}
        self.under_way = {n: None if n in self.lost else s for n, s in self.then_under_way.items()}
        self.log = self.site.open()
        self._interrupted()

    def _check_published(self, size: int) -> None:
        """What was published beyond the copy tells that entries were lost, once the log grows again."""
        for folder in self.published:
            known = checkpoint.verify((folder / "checkpoint").read_text(), self.site.verifier)
            with self.site.database() as engine:
                found = compare(engine, self.site.verifier, Folder(folder))
            assert (known.size <= size) == (found.relation in {Relation.EQUAL, Relation.PREFIX})
            if known.size > size:
                self.published = []

    def _closed(self, meanwhile: Callable[[], None]) -> None:
        self.log.close()
        meanwhile()
        self.log = self.site.open()
        self._interrupted()

    def _interrupted(self) -> None:
        for number, whose in self.under_way.items():
            index = self.log.reader.by_request(request_id(number)).index
            if whose is None:
                self.gone.add(index)
            else:
                self.open[index] = whose
        self.under_way = {}

    def _forget(self, indexes: set[int]) -> None:
        self.gone |= indexes
        for index in indexes:
            del self.open[index]

    @invariant()
    def holds(self) -> None:
        if not hasattr(self, "log"):
            return
        report = self.site.verify()
        assert () == report.findings
        now = self.log.reader.checkpoint()
        for tree in self.seen:
            growth = self.log.reader.consistency(tree.size, now.size)
            merkle.verify_consistency(tree.size, now.size, growth, tree.root, now.root)
        self.seen = [*self.seen[-5:], now]
        for folder in self.published:
            with self.site.database() as engine:
                found = compare(engine, self.site.verifier, Folder(folder))
            assert ((), True) == (
                found.findings,
                found.relation in {Relation.EQUAL, Relation.PREFIX},
            )
        assert (len(self.gone), 0) == (report.erased, report.open_erasures)
        assert len(self.under_way) == report.open_intentions
        for index, subject in self.open.items():
            opened = self.log.reader.opened(self.log.reader.by_index(index))
            assert opened is not None
            assert subject == opened.values["subject"]
        for index in self.gone:
            assert self.log.reader.opened(self.log.reader.by_index(index)) is None
        for leaf, proof in self.receipts.values():
            proof.verify(leaf, self.site.verifier)
            self.log.reader.proof(proof.index).verify(leaf, self.site.verifier)


def _play(databases: Databases, examples: int) -> None:
    machine: Any = type("Machine", (PlayedLog,), {"databases": staticmethod(databases)})
    long = settings.get_current_profile_name() == "long"
    machine.TestCase.settings = settings(
        max_examples=50 * examples if long else examples,
        stateful_step_count=40 if long else 15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=not long,
        database=None,
    )
    machine.TestCase("runTest").runTest()


@pytest.mark.slow
def test_whatever_is_done_the_log_holds_on_sqlite() -> None:
    """Records, refusals, exchanges under way, erasures, rotations, copies, exports, owners, in any order."""
    _play(lambda folder: (f"sqlite:///{folder}/log.db", f"sqlite:///{folder}/keys.db"), 12)


@pytest.mark.slow
def test_whatever_is_done_the_log_holds_on_postgresql(postgres_server: Server) -> None:
    """The same on the other database."""
    _play(lambda _: (postgres_server.fresh_database(), postgres_server.fresh_database()), 2)
