"""Receipts and consistency proofs, checked by a verifier that nobody here wrote: Go's own.

`tests/tools/verify` calls golang.org/x/mod/sumdb, the checker of Go's checksum database. It is built
once, with its versions pinned.
"""

from __future__ import annotations

import base64
import random
from pathlib import Path

import pytest

from audit.formats.merkle import leaf_hash
from audit.formats.proof_file import ProofFile
from audit.writing.operations import Appended
from tests.support.logs import LogSite, fill
from tests.support.outside import accepts, go_verifier


@pytest.fixture(scope="session")
def outside() -> Path:
    """The verifier's binary."""
    return go_verifier()


def receipt(done: Appended) -> str:
    proof = done.proof
    return ProofFile(proof.index, proof.hashes, proof.signed_checkpoint, done.leaf.data).text


@pytest.fixture
def other_site(tmp_path: Path) -> LogSite:
    """Another log, of the same name."""
    folder = tmp_path / "other"
    folder.mkdir()
    return LogSite.at(folder)


async def test_go_accepts_our_receipts(
    outside: Path, log_site: LogSite, other_site: LogSite, tmp_path: Path
) -> None:
    """Receipts from anywhere in a log of 300 entries hold for Go: signature, and inclusion."""
    with log_site.opened() as log:
        done = await fill(log, 300)
        for index in (0, 1, 128, 255, 256, 299):
            text = receipt(done[index])
            (tmp_path / "old.tlog-proof").write_text(text, "utf-8")
            assert accepts(outside, "record", log_site.verifier.vkey, tmp_path / "old.tlog-proof")
            new = log.reader.proof(index, extra=done[index].leaf.data).text
            (tmp_path / "new.tlog-proof").write_text(new, "utf-8")
            assert accepts(outside, "record", log_site.verifier.vkey, tmp_path / "new.tlog-proof")
        other = other_site.verifier.vkey
        assert not accepts(outside, "record", other, tmp_path / "new.tlog-proof")


async def test_go_rejects_a_receipt_with_one_bit_flipped(
    outside: Path, sqlite_site: LogSite, tmp_path: Path
) -> None:
    """Wherever in the file one bit is flipped, the receipt does not hold for Go."""
    with sqlite_site.opened() as log:
        await fill(log, 11)
        data = log.reader.proof(6, extra=log.reader.by_index(6).leaf).text.encode()
    draw = random.Random(20261121)
    path = tmp_path / "flipped.tlog-proof"
    begin = data.index(b"\n") + 1  # the header is not part of what is proved
    # The last digit before padding has spare bits, which Go does not look at (ours does).
    places = [at for at in range(begin, len(data)) if data[at + 1 : at + 2] != b"="]
    for at in [begin, len(data) - 1, *draw.sample(places, 60)]:
        flipped = bytearray(data)
        flipped[at] ^= 1 << draw.randrange(8)
        path.write_bytes(bytes(flipped))
        assert not accepts(outside, "record", sqlite_site.verifier.vkey, path), at


async def test_go_accepts_our_consistency_proofs(outside: Path, log_site: LogSite, tmp_path: Path) -> None:
    """Checkpoints handed out over time are one history for Go, and altered proofs are not."""
    vkey = log_site.verifier.vkey
    with log_site.opened() as log:
        signed = []
        for turn in range(5):
            await fill(log, 61, first=61 * turn)
            signed.append((log.reader.checkpoint(), log.reader.signed_checkpoint()))
        new, text = signed[-1]
        (tmp_path / "new").write_text(text, "utf-8")
        for old, text in signed[:-1]:
            (tmp_path / "old").write_text(text, "utf-8")
            proof = [base64.b64encode(h) for h in log.reader.consistency(old.size, new.size)]
            files = (tmp_path / "old", tmp_path / "new", tmp_path / "proof")
            (tmp_path / "proof").write_bytes(b"\n".join(proof))
            assert accepts(outside, "consistency", vkey, *files)
            proof[0] = base64.b64encode(leaf_hash(b"another"))
            (tmp_path / "proof").write_bytes(b"\n".join(proof))
            assert not accepts(outside, "consistency", vkey, *files)
            (tmp_path / "proof").write_bytes(b"\n".join(proof[1:]))
            assert not accepts(outside, "consistency", vkey, *files)
