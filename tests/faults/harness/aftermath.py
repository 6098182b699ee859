"""What must hold of a log after a fault: it is recovered, and held to all that was told before.

Every problem is a line of text; none means that nothing was lost, doubled or left out.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from audit.errors import LogError
from audit.formats import checkpoint, entry
from audit.formats.entry import POLICY_CHANGED, Entry, Event
from audit.formats.merkle import Frontier, leaf_hash
from audit.formats.proof_file import ProofFile
from audit.publishing.export import export
from audit.publishing.import_check import compare
from audit.publishing.published import Folder
from audit.storage import store
from audit.storage.policies import PolicyArchive
from audit.storage.schema import entries, intentions, sealed
from audit.vault import vault
from audit.vault.subject_keys import SubjectKeys
from audit.verification.verify_tiles import verify_tiles
from tests.faults.harness.scenes import COPY, EXPORTED
from tests.faults.harness.told import Told
from tests.support.logs import LogSite, request_id, submission

_REPLAY = "REQUEST_ID_REUSED"
_LAST = 900_000  # number of the request that shows that the log goes on
_AGAIN = "exported-again"


@dataclass(frozen=True, slots=True)
class Log:
    """A recovered log, as it lies there.

    Attributes:
        leaves: by index.
        told: what they tell, likewise.
        roots: of the tree, by size.
    """

    leaves: tuple[bytes, ...]
    told: tuple[Entry | Event, ...]
    roots: tuple[bytes, ...]

    @property
    def of(self) -> dict[str, Entry]:
        """The one entry that each request id stands for."""
        return {
            e.request_id: e
            for e in self.told
            if isinstance(e, Entry) and e.request_id and _REPLAY not in e.reasons
        }


def problems(site: LogSite, folder: Path, told: Told, *, by_server: bool) -> list[str]:
    """Recovers a log and holds it to what was told.

    Args:
        site: the log.
        folder: with what was written beside it.
        told: what was told.
        by_server: whether a server may have gone on with what a dead client asked of it.
    """
    open_ids = left_open(site, folder)
    goes_on = _recover(site)
    if goes_on:
        return goes_on
    log = _read(site)
    checks: tuple[Callable[[], Iterator[str]], ...] = (
        lambda: _verified(site),
        lambda: _kept(log, site, told.receipts),
        lambda: _once(log),
        lambda: _traced(log, told),
        lambda: _interrupted(log, open_ids, told, by_server=by_server),
        lambda: _answered(site, log, told),
        lambda: _erased(site, told),
        lambda: _events(site, log, told),
        lambda: _published(site, folder, told),
        lambda: _copied(site, folder, log, told),
    )
    return [problem for check in checks for problem in check()]


def left_open(site: LogSite, folder: Path) -> set[str]:
    """The intentions that nobody closed so far. A file is read from a copy: reading would repair it."""
    if site.url.startswith("sqlite"):
        path, copy = Path(site.url.removeprefix("sqlite:///")), folder / "unrepaired"
        if not path.exists():
            return set()
        copy.mkdir(exist_ok=True)
        for name in (path.name, f"{path.name}-wal", f"{path.name}-journal"):
            if (path.parent / name).exists():
                shutil.copy(path.parent / name, copy)
        site = replace(site, url=f"sqlite:///{copy / path.name}")
    with site.database() as engine, engine.connect() as connection:
        there = sa.inspect(connection).has_table(intentions.name)
        found = store.open_intentions(connection) if there else []
    return {e.request_id for e in found if e.request_id}


def _recover(site: LogSite) -> list[str]:
    """Opens the log, with nothing broken any more, and writes to it."""
    try:
        with site.opened() as log:

            async def go_on() -> None:
                await log.intend(submission(_LAST, outcome="interrupted"))
                await log.append(submission(_LAST), closes_intention=True)

            asyncio.run(go_on())
    except (LogError, sa.exc.SQLAlchemyError) as error:
        return [f"the log does not go on: {type(error).__name__}: {error}"]
    return []


def _read(site: LogSite) -> Log:
    with site.database() as engine, engine.connect().execution_options(read_only=True) as connection:
        rows = connection.execute(sa.select(entries.c.leaf).order_by(entries.c.index))
        leaves = tuple(rows.scalars())
    tree, roots = Frontier(0, ()), []
    for leaf in leaves:
        roots.append(tree.root())
        tree.append(leaf_hash(leaf))
        tree.settle()
    return Log(leaves, tuple(entry.decode_any(leaf)[0] for leaf in leaves), (*roots, tree.root()))


def _verified(site: LogSite) -> Iterator[str]:
    report = site.verify()
    yield from (f"verification: {f.place}: {f.problem}" for f in report.findings)
    if report.open_intentions:
        yield f"{report.open_intentions} intentions are open"
    if report.open_erasures:
        yield f"{report.open_erasures} erasures are not carried out"
    if report.sealed + report.erased != report.entries:
        yield f"{report.entries - report.sealed - report.erased} sealed parts are missing"


def _kept(log: Log, site: LogSite, receipts: tuple[ProofFile, ...]) -> Iterator[str]:
    """Whatever was acknowledged stands where it stood, in a tree that extends its checkpoint."""
    for receipt in receipts:
        leaf = receipt.extra or b""
        if receipt.index >= len(log.leaves):
            yield f"lost: entry {receipt.index} was acknowledged, and the log ends at {len(log.leaves)}"
            continue
        if log.leaves[receipt.index] != leaf:
            yield f"lost: entry {receipt.index} was acknowledged, and another one stands there"
            continue
        head = receipt.verify(leaf, site.verifier)
        if head.size >= len(log.roots) or log.roots[head.size] != head.root:
            yield f"forked: the checkpoint of {head.size} entries is no past of the log"


def _once(log: Log) -> Iterator[str]:
    """No entry has two indexes, and no request id two entries."""
    twice = [leaf for leaf, times in Counter(log.leaves).items() if times > 1]
    yield from ("doubled: an entry stands at two indexes" for _ in twice)
    used = Counter(
        e.request_id for e in log.told if isinstance(e, Entry) and e.request_id and _REPLAY not in e.reasons
    )
    yield from (f"doubled: {rid} has {times} entries" for rid, times in used.items() if times > 1)


def _traced(log: Log, told: Told) -> Iterator[str]:
    yield from (f"untraced: {rid} was read and has no entry" for rid in told.reads if rid not in log.of)


def _interrupted(log: Log, open_ids: set[str], told: Told, *, by_server: bool) -> Iterator[str]:
    for rid in open_ids:
        ended = log.of.get(rid)
        if ended is None:
            yield f"untraced: {rid} was intended and has no entry"
        elif ended.outcome != "interrupted" and not by_server:
            yield f"{rid} was open when the log was recovered, and is not interrupted but {ended.outcome}"
    if request_id(_LAST) not in log.of:
        yield "lost: the entry that shows that the log goes on"


def _answered(site: LogSite, log: Log, told: Told) -> Iterator[str]:
    """No data left but those that an entry commits to."""
    index_of = {
        e.request_id: i
        for i, e in enumerate(log.told)
        if isinstance(e, Entry) and e.outcome == "granted" and _REPLAY not in e.reasons
    }
    responses = _responses(site, log)
    for rid, digest in told.answers.items():
        if rid not in index_of:
            yield f"untraced: {rid} was answered and has no entry that says so"
        elif responses.get(index_of[rid], digest) != digest:
            yield f"otherwise: {rid} was answered otherwise than its entry commits to"


def _responses(site: LogSite, log: Log) -> dict[int, bytes]:
    """The digests of answers, as far as they were not erased."""
    found: dict[int, bytes] = {}
    with site.database() as engine, site.keys_database() as keys_engine, engine.connect() as connection:
        find = SubjectKeys(keys_engine, site.master).find
        for row in connection.execute(sa.select(sealed.c.index.label("log_index"), sealed)):
            key = find(store.key_name(row))
            if key is not None:  # else verification found it
                values = vault.unseal(key, log.leaves[row.log_index], row.data).values
                if "response" in values:
                    found[row.log_index] = values["response"]
    return found


def _erased(site: LogSite, told: Told) -> Iterator[str]:
    with site.erasing() as erasing:
        for number in told.erased:
            if not erasing.done(number):
                yield f"erasure {number} was reported done and is not"
            if not all(erasing.proof(index).holds for index in erasing.entries(number)):
                yield f"erasure {number}: what it took is there again"


def _events(site: LogSite, log: Log, told: Told) -> Iterator[str]:
    with site.database() as engine:
        known = {event.number: event for event in PolicyArchive(engine).events()}
    for number in told.events:
        event = known.get(number)
        if event is None or event.entry is None:
            yield f"lost: policy event {number}"
            continue
        entry_of = log.told[event.entry]
        if not isinstance(entry_of, Event) or entry_of.kind != POLICY_CHANGED:
            yield f"lost: the entry of policy event {number}"
        elif entry_of.details["number"] != str(number):
            yield f"the entry of policy event {number} tells of another one"


def _published(site: LogSite, folder: Path, told: Told) -> Iterator[str]:
    """What was published holds as it lies there, is of this log, and can be continued."""
    place = folder / EXPORTED
    with site.database() as engine:
        if (place / "checkpoint").exists():
            size = _size(place / "checkpoint", site)
            yield from (f"published: {p}" for p in _tiles(site, place))
            if not compare(engine, site.verifier, Folder(place)).agree:
                yield "published: what was exported is not of this log"
            if size < max(told.exported, default=0):
                yield f"published: {max(told.exported)} entries were exported, {size} are there"
        elif told.exported:
            yield "published: an export that was reported done has no checkpoint"
        again = place if place.exists() else folder / _AGAIN
        export(engine, site.verifier, again)
        yield from (f"published again: {p}" for p in _tiles(site, again))


def _tiles(site: LogSite, place: Path) -> list[str]:
    report = verify_tiles(Folder(place), site.verifier)
    return [f"{f.place}: {f.problem}" for f in report.findings]


def _copied(site: LogSite, folder: Path, log: Log, told: Told) -> Iterator[str]:
    """A backup that has its checkpoint is whole, and a past of this log."""
    place = folder / COPY
    if not (place / "checkpoint").exists():
        if told.copied:
            yield "copied: a backup that was reported whole has no checkpoint"
        return
    size = _size(place / "checkpoint", site)
    report = replace(site, url=f"sqlite:///{place / 'log.db'}").verify(sealed=False)
    yield from (f"copied: {f.place}: {f.problem}" for f in report.findings)
    if (
        report.checkpoint is None
        or report.checkpoint.size != size
        or log.roots[size] != report.checkpoint.root
    ):
        yield "copied: the backup is no past of this log"


def _size(path: Path, site: LogSite) -> int:
    return checkpoint.verify(path.read_text("utf-8"), site.verifier).size
