"""What must hold of a log after every crash, checked on its database alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from audit.files import read_private
from audit.formats import entry, proof_file
from audit.formats.entry import Entry
from audit.formats.merkle import Frontier, leaf_hash
from audit.log import load_signer
from audit.reading.reader import LogReader
from audit.storage import database, store
from audit.storage.schema import entries, sealed
from audit.vault import vault
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import MasterKey
from audit.verification.verify import verify_log
from exchange.client import VerifiedReceipt
from exchange.config import Settings

_REPLAY = "REQUEST_ID_REUSED"


@dataclass(frozen=True, slots=True)
class LogAtRest:
    """A log that nobody owns at the moment."""

    engine: sa.Engine
    reader: LogReader
    keys: SubjectKeys

    def leaves(self) -> list[bytes]:
        """All leaves by index."""
        with self.engine.connect().execution_options(read_only=True) as connection:
            query = sa.select(entries.c.leaf).order_by(entries.c.index)
            return list(connection.execute(query).scalars())

    def entries(self) -> list[Entry]:
        """All entries by index."""
        return [entry.decode(leaf)[0] for leaf in self.leaves()]

    def open_intentions(self) -> set[str]:
        """Request ids of registers that may have been read without an entry so far."""
        with self.engine.connect().execution_options(read_only=True) as connection:
            return {e.request_id for e in store.open_intentions(connection) if e.request_id}


@contextmanager
def at_rest(settings: Settings) -> Iterator[LogAtRest]:
    """Opens a log for reading."""
    signer = load_signer(settings.log.origin, settings.log.signing_key)
    master = MasterKey(read_private(settings.vault.master_key))
    log, keys = database.connect(settings.log.url), database.connect(settings.vault.url)
    try:
        subject_keys = SubjectKeys(keys, master)
        yield LogAtRest(log, LogReader(log, signer.verifier, subject_keys), subject_keys)
    finally:
        log.dispose()
        keys.dispose()


def holds(log: LogAtRest) -> None:
    """The log verifies whole, every sealed part opens, and no intention is open."""
    report = verify_log(log.engine, log.reader.verifier, log.keys)
    assert () == report.findings
    assert 0 == report.erased
    assert report.entries == report.sealed
    assert 0 == report.open_intentions


def acknowledged_is_kept(log: LogAtRest, receipts: Sequence[VerifiedReceipt]) -> None:
    """Every receipt's entry stands at its index, and its checkpoint is a past of this log."""
    leaves = log.leaves()
    tree, roots = Frontier(0, ()), []
    for leaf in leaves:
        roots.append(tree.root())
        tree.append(leaf_hash(leaf))
        tree.settle()
    roots.append(tree.root())
    for receipt in receipts:
        assert proof_file.parse(receipt.proof).extra == leaves[receipt.index]
        assert receipt.checkpoint.root == roots[receipt.checkpoint.size]


def no_request_stands_twice(log: LogAtRest) -> None:
    """A request id has one entry at most, besides those that record its replays."""
    used = Counter(e.request_id for e in log.entries() if e.request_id and _REPLAY not in e.reasons)
    assert [] == [request_id for request_id, times in used.items() if times > 1]


def every_read_left_a_trace(log: LogAtRest, trace: Path) -> int:
    """There are as many entries about a subject as reads of it, or more; gives the number of reads."""
    reads = Counter(trace.read_text().split())
    recorded = Counter(
        sha256(subject).hexdigest()
        for recorded_entry, subject in _about(log)
        if recorded_entry.kind == "exchange"
        and recorded_entry.attributes_granted
        and _REPLAY not in recorded_entry.reasons
    )
    assert {} == dict(reads - recorded)
    return reads.total()


def _about(log: LogAtRest) -> Iterator[tuple[Entry, bytes]]:
    """Every entry with the subject that is sealed beside it."""
    query = sa.select(entries.c.leaf, *sealed.c).join(sealed, sealed.c.index == entries.c.index)
    find = log.keys.find
    with log.engine.connect().execution_options(read_only=True) as connection:
        for row in connection.execute(query):
            key = find(store.key_name(row))
            assert key is not None, "a key is missing although nothing was erased"
            yield entry.decode(row.leaf)[0], vault.unseal(key, row.leaf, row.data).values["subject"]
