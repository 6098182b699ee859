"""Two verifiers that share no line, one in Python and one in a browser, agree on every receipt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.formats.entry import POLICY_CHANGED, AppliedObligation, Entry, Event
from audit.formats.merkle import EMPTY_ROOT
from audit.formats.proof_file import ProofFile
from tests.integration.receipts.conftest import Verifier
from tests.support.logs import ENTRY
from tests.support.receipt_mutants import mutants
from tests.support.receipts import Given, Receipt, holds, receipt, signer

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENT = Event(POLICY_CHANGED, "2026-11-21T20:00:00Z", None, "", {"revision": "0" * 64, "__proto__": "x"})
OTHERS: dict[str, Entry | Event] = {
    "no request id": replace(ENTRY, request_id=None),
    "texts of every kind": replace(
        ENTRY, purpose='\b\t\n\f\r"\\/\x00\x1f\x7f\u2028æ😀', reasons=("", "\ufeff")
    ),
    "an obligation": replace(ENTRY, obligations=(AppliedObligation("a", "b", "review"),)),
    "an event": EVENT,
}


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 4321])
async def test_receipts_of_logs_of_every_size_hold(verifier: Verifier, size: int) -> None:
    """The first entry, the last, those in between and at the edges of tiles."""
    places = sorted({0, 1, size // 3, size // 2, 254, 255, 256, size - 2, size - 1} & set(range(size)))
    given = [receipt(size, index).given for index in places]
    assert [True] * len(places) == [holds(g) for g in given]
    assert {"holds"} == {found.verdict for found in await verifier.verify_each(given)}


@pytest.mark.parametrize("name", OTHERS)
async def test_entries_of_every_kind_hold(verifier: Verifier, name: str) -> None:
    """Every shape that a field may have, and every character that JSON writes in its own way."""
    given = receipt(5, 3, OTHERS[name]).given
    assert holds(given)
    assert "holds" == (await verifier.verify(given)).verdict


@pytest.mark.parametrize(("size", "index"), [(1, 0), (7, 4), (300, 299)])
async def test_nothing_that_is_done_to_a_receipt_goes_unseen(
    verifier: Verifier, size: int, index: int
) -> None:
    """More than 400 changes, each of which both refuse; and the page names one step that fails."""
    whole = receipt(size, index)
    made = dict(mutants(whole))
    assert len(made) > 400
    assert [] == [name for name, given in made.items() if holds(given)]
    found = dict(zip(made, await verifier.verify_each(list(made.values())), strict=True))
    assert [] == [name for name, verdict in found.items() if verdict.verdict != "fails"]
    assert {1} == {list(verdict.steps.values()).count("bad") for verdict in found.values()}
    assert "holds" == (await verifier.verify(whole.given)).verdict


@pytest.mark.parametrize(("index", "size"), [(2**53 + 1, 2**53 + 3), (10**18, 2**63 - 1), (2**62, 2**62 + 1)])
async def test_numbers_beyond_what_javascript_counts_exactly(
    verifier: Verifier, index: int, size: int
) -> None:
    """A proof in a log of more entries than a double counts is climbed along the right sides."""
    given = _tall(index, size).given
    assert holds(given)
    assert "holds" == (await verifier.verify(given)).verdict
    beside = replace(given, file=given.file.replace(b"index %d" % index, b"index %d" % (index - 1)))
    assert holds(beside) == ("holds" == (await verifier.verify(beside)).verdict)
    assert not holds(beside)


def _tall(index: int, size: int) -> Receipt:
    """A proof in a tree that nobody could build: the hashes beside the way up are made up."""
    whole = receipt(1, 0)
    inner = (index ^ (size - 1)).bit_length()
    path = tuple(bytes([n]) * 32 for n in range(inner + (index >> inner).bit_count()))
    tall = replace(whole, index=index, size=size, path=path)
    return replace(tall, root=tall.climbed)


@pytest.mark.parametrize("vkey", ["{}\n", " {}", "\t{}\r\n", "\u3000{}\x1c"])
async def test_space_around_a_key_is_no_part_of_it(verifier: Verifier, vkey: str) -> None:
    """What a copied line brings with it does no harm, to either."""
    given = replace(receipt(3, 1).given, vkey=vkey.format(signer().verifier.vkey))
    assert holds(given)
    assert "holds" == (await verifier.verify(given)).verdict


async def test_an_empty_log_proves_nothing(verifier: Verifier) -> None:
    """A signed checkpoint of no entries, and a proof of no hashes."""
    whole = replace(receipt(1, 0), size=0, root=EMPTY_ROOT)
    assert not holds(whole.given)
    assert "inclusion" == (await verifier.verify(whole.given)).decisive


async def test_a_proof_without_its_entry_is_no_receipt(verifier: Verifier) -> None:
    """C2SP leaves the entry out where the verifier has it: here there would be nothing to show."""
    whole = receipt(3, 1)
    bare = ProofFile(whole.index, whole.path, whole.signed).text
    assert "file" == (await verifier.verify(Given(bare.encode(), whole.given.vkey))).decisive
