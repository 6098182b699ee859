"""Promise 2: any two checkpoints of a log are consistent."""

from __future__ import annotations

import pytest

from audit.errors import NotFound
from audit.formats import checkpoint, merkle
from audit.formats.checkpoint import Checkpoint
from audit.formats.merkle import leaf_hash
from tests.support.logs import LogSite, fill, textbook_root


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
