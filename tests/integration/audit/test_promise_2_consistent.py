"""Promise 2: any two checkpoints are consistent; a fork is caught by witnesses and by clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import copies
from audit.errors import NotFound
from audit.formats import checkpoint, merkle
from audit.formats.checkpoint import Checkpoint
from audit.formats.merkle import leaf_hash
from audit.log import AuditLog
from audit.reading.reader import LogReader
from audit.vault.subject_keys import SubjectKeys
from audit.witness import fork_evidence
from audit.witness.witness_protocol import AddCheckpoint
from exchange.client import ForkDetected
from exchange.client.memory import CheckpointMemory
from tests.integration.audit.damaged import SIZE, Damaged
from tests.support import trees
from tests.support.logs import LogSite, fill, refuses, textbook_root


async def test_every_size_extends_every_smaller_one(log_site: LogSite) -> None:
    """For all pairs of sizes of a log there is a proof that the larger extends the smaller."""
    with log_site.opened() as log:
        done = await fill(log, 21)
        hashes = [leaf_hash(a.leaf.data) for a in done]
        roots = [textbook_root(hashes[:size]) for size in range(22)]
        for new in range(22):
            for old in range(new + 1):
                proof = log.reader.consistency(old, new)
                merkle.verify_consistency(old, new, proof, roots[old], roots[new])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, SIZE), min_size=2, max_size=2).map(sorted), st.data())
def test_any_two_sizes_are_consistent_and_no_other_root_is(
    damaged: Damaged, sizes: list[int], data: st.DataObject
) -> None:
    """Either side of where tiles are complete: the proof holds for the two roots, and for no other ones."""
    old, new = sizes
    hashes = [damaged.row("log_entries", i)["leaf_hash"] for i in range(SIZE)]
    first, second = textbook_root(hashes[:old]), textbook_root(hashes[:new])
    reader = LogReader(
        damaged.databases.log,
        damaged.site.verifier,
        SubjectKeys(damaged.databases.keys, damaged.site.master),
    )
    proof = reader.consistency(old, new)
    merkle.verify_consistency(old, new, proof, first, second)
    if old:  # an empty tree is a beginning of everything
        wrong = bytes(32) if old == new else textbook_root([*hashes[: old - 1], bytes(32)])
        assert refuses(lambda: merkle.verify_consistency(old, new, proof, wrong, second))
    at = data.draw(st.integers(0, max(len(proof) - 1, 0)))
    altered = [*proof[:at], bytes(32), *proof[at + 1 :]]
    assert refuses(lambda: merkle.verify_consistency(old, new, altered, first, second))


async def test_checkpoints_handed_out_are_one_history(log_site: LogSite) -> None:
    """Every checkpoint that any caller ever got, across restarts, is extended by all later ones."""
    seen: dict[int, Checkpoint] = {}
    for turn in range(4):
        with log_site.opened() as log:
            for part in range(4):
                first = 1_000 * turn + 100 * part
                for appended in await fill(log, 25, first):
                    tree = checkpoint.verify(appended.proof.signed_checkpoint, log_site.verifier)
                    assert tree == seen.setdefault(tree.size, tree)  # one root for each size
    with log_site.opened() as log:
        trees = [seen[size] for size in sorted(seen)]
        assert len(trees) >= 16
        for old, new in zip(trees, [*trees[1:], log.reader.checkpoint()], strict=True):
            proof = log.reader.consistency(old.size, new.size)
            merkle.verify_consistency(old.size, new.size, proof, old.root, new.root)
            last = log.reader.consistency(old.size, trees[-1].size)
            merkle.verify_consistency(old.size, trees[-1].size, last, old.root, trees[-1].root)


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (2, 1), (0, 4), (4, 4)])
async def test_sizes_that_the_log_never_had_have_no_proof(log_site: LogSite, old: int, new: int) -> None:
    """Sizes beyond the log, below nothing, or in the wrong order are not found."""
    with log_site.opened() as log:
        await fill(log, 3)
        with pytest.raises(NotFound):
            log.reader.consistency(old, new)


@pytest.mark.parametrize("index", [-1, 3, 2**62])
async def test_index_that_the_log_does_not_have_is_not_found(log_site: LogSite, index: int) -> None:
    """There is no proof and no entry outside the log."""
    with log_site.opened() as log:
        await fill(log, 3)
        with pytest.raises(NotFound):
            log.reader.proof(index)
        with pytest.raises(NotFound):
            log.reader.by_index(index)


@contextmanager
def second_view(site: LogSite, folder: Path) -> Iterator[AuditLog]:
    """Another copy of a log, owned under the same keys: what an operator needs to show two views."""
    folder.mkdir()
    other = replace(site, url=f"sqlite:///{folder}/log.db", keys_url=f"sqlite:///{folder}/keys.db")
    with site.database() as log, other.database() as copy:
        copies.copy_log(log, copy)
    with site.keys_database() as keys, other.keys_database() as copy:
        copies.copy_keys(keys, copy)
    with other.opened() as log:
        yield log


def shown(memory: CheckpointMemory, log: AuditLog) -> ForkDetected | None:
    """Shows a log's checkpoint to a client that remembers, and answers what it asks."""
    asking = memory.meet(log.reader.checkpoint(), log.reader.signed_checkpoint())
    try:
        pair = next(asking, None)
        while pair is not None:
            try:
                pair = asking.send(log.reader.consistency(*pair))
            except NotFound:
                pair = asking.send(None)
            except StopIteration:
                break
    except ForkDetected as detected:
        return detected
    return None


async def test_fork_is_caught_by_a_witness_and_by_a_client(log_site: LogSite, tmp_path: Path) -> None:
    """Two real databases that go on from one beginning: each holds by itself, one is believed."""
    witness = trees.site(tmp_path / "witness", log_site.verifier)
    memory = CheckpointMemory(log_site.verifier, tmp_path / "last-checkpoint")
    with log_site.opened() as log:
        await fill(log, 7)
        with second_view(log_site, tmp_path / "other") as other:
            await fill(log, 6, first=100)
            await fill(other, 9, first=200)
            assert shown(memory, log) is None
            detected = shown(memory, other)
            async with trees.serving(witness) as url:
                first = AddCheckpoint(0, (), log.reader.signed_checkpoint()).text.encode()
                assert 200 == (await trees.post(url, first))[0]
                proof = tuple(other.reader.consistency(13, 16))
                forked = AddCheckpoint(13, proof, other.reader.signed_checkpoint()).text.encode()
                assert 422 == (await trees.post(url, forked))[0]
    assert detected is not None
    assert detected.evidence_file is not None
    evidence = fork_evidence.parse(detected.evidence_file.read_bytes())
    assert evidence.check(log_site.verifier).proven
    assert log_site.verify().holds


async def test_rollback_of_everything_is_caught_by_whoever_remembers(
    log_site: LogSite, tmp_path: Path
) -> None:
    """A log put back whole verifies by itself, and extends no checkpoint that was seen since."""
    with log_site.opened() as log:
        await fill(log, 5)
        remembered = log.reader.checkpoint()
        with second_view(log_site, tmp_path / "before") as put_back:
            await fill(log, 20, first=1000)
            seen = log.reader.checkpoint()
            await fill(put_back, 30, first=2000)
            forked = put_back.reader.checkpoint()
            proof = put_back.reader.consistency(seen.size, forked.size)
            assert refuses(
                lambda: merkle.verify_consistency(seen.size, forked.size, proof, seen.root, forked.root)
            )
            proof = put_back.reader.consistency(remembered.size, forked.size)
            merkle.verify_consistency(remembered.size, forked.size, proof, remembered.root, forked.root)
