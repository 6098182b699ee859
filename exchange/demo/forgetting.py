"""Forgetting one record of the demo: what the log says of it afterwards, and what it can no longer say."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from audit.erasure.erasing import Erasing
from audit.files import read_private
from audit.formats import proof_file
from audit.formats.entry import Event
from audit.reading.reader import LogReader
from audit.storage import database
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import MasterKey
from exchange.demo.play import Played, log_key, save_receipt
from exchange.demo.site import DemoError, DemoSite

GROUND = "gdpr.17.1.d"  # what no law carried
_ATTEMPTS = 300
_PAUSE = 0.1  # seconds


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A record that was erased.

    Attributes:
        index: of the record.
        ground: why it was erased.
        entry: index of the entry that says so.
        records: how many records that entry says were erased.
        sealed: names of what could be opened before.
        opens: whether anything of it still opens.
        receipt: the record's receipt from before, as a file; it was verified after the erasure.
    """

    index: int
    ground: str
    entry: int
    records: int
    sealed: Sequence[str]
    opens: bool
    receipt: Path


def forget(site: DemoSite, played: Played) -> Forgotten:
    """Asks for the erasure of a record, waits until the broker has done it, and looks at what is left.

    Raises:
        DemoError: the record was never written, or the broker does not erase it.
        LogError: the log does not hold, or the receipt does not.
    """
    if played.ended.receipt is None:
        raise DemoError(f"{played.scene.title}: the broker gave no receipt")
    index, text = played.ended.receipt.index, played.ended.receipt.proof
    with _opened(site) as (engine, keys):
        reader = LogReader(engine, log_key(site), keys)
        before = reader.opened(reader.by_index(index))
        entry = _erased(Erasing(engine, keys), index)
        told = reader.by_index(entry).content
        after = reader.opened(reader.by_index(index))
    receipt = proof_file.parse(text)
    receipt.verify(receipt.extra or b"", log_key(site))
    return Forgotten(
        index,
        GROUND,
        entry,
        int(told.details["records"]) if isinstance(told, Event) else 0,
        sorted(before.values) if before else (),
        after is not None,
        save_receipt(site, played, text),
    )


def _erased(erasing: Erasing, index: int) -> int:
    number = erasing.ask(erasing.record(index), GROUND)
    if number is None:
        raise DemoError(f"nothing is sealed of record {index}")
    for _ in range(_ATTEMPTS):
        if erasing.done(number):
            return erasing.entries(number)[-1]
        time.sleep(_PAUSE)
    raise DemoError(f"the broker did not erase record {index}")


@contextmanager
def _opened(site: DemoSite) -> Iterator[tuple[sa.Engine, SubjectKeys]]:
    log, keys = (database.connect(f"sqlite:///{site.folder / name}") for name in ("log.db", "keys.db"))
    try:
        yield log, SubjectKeys(keys, MasterKey(read_private(site.keys / "vault.key")))
    finally:
        log.dispose()
        keys.dispose()
