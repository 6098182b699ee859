"""Receipts for tests: of logs of any size, and what our own verifier says of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import LogError
from audit.formats import checkpoint, entry, merkle, note, proof_file
from audit.formats.checkpoint import Checkpoint
from audit.formats.entry import AppliedObligation, Entry, Event, Submission
from audit.formats.merkle import Frontier, leaf_hash, node_hash
from audit.formats.note import Ed25519Signer, NoteSigner, NoteVerifier
from audit.formats.proof_file import ProofFile
from tests.support.logs import ENTRY, ORIGIN

#: Values that entries commit to, as an exchange would.
VALUES = {
    "subject": b"personnummer:0101010000",
    "caseworker": "sagsbehandler-æøå".encode(),
    "case": b"SAG-1",
    "response": bytes(range(32)),
}


@dataclass(frozen=True, slots=True)
class Given:
    """What a verifier is given: a file's bytes, and a key."""

    file: bytes
    vkey: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt that holds, taken apart."""

    signer: NoteSigner
    leaf: bytes
    index: int
    size: int
    path: tuple[bytes, ...]
    root: bytes
    openings: dict[str, bytes]

    @property
    def signed(self) -> str:
        return Checkpoint(self.signer.verifier.name, self.size, self.root).sign(self.signer)

    @property
    def text(self) -> str:
        return ProofFile(self.index, self.path, self.signed, self.leaf).text

    @property
    def given(self) -> Given:
        return Given(self.text.encode(), self.signer.verifier.vkey)

    @property
    def climbed(self) -> bytes:
        """Where the path leads, however long it and its hashes are."""
        joint, inner = leaf_hash(self.leaf), (self.index ^ (self.size - 1)).bit_length()
        for level, sibling in enumerate(self.path):
            left = level >= inner or self.index >> level & 1
            joint = node_hash(sibling, joint) if left else node_hash(joint, sibling)
        return joint

    def of_leaf(self, leaf: bytes) -> Receipt:
        """The receipt that a log would give for another leaf, of just any form."""
        return receipt(self.size, self.index, leaf=leaf, signer=self.signer)


def signer(seed: int = 0, name: str = ORIGIN) -> Ed25519Signer:
    """A log's key."""
    return Ed25519Signer(name, Ed25519PrivateKey.from_private_bytes(seed.to_bytes(32)))


def receipt(
    size: int,
    index: int,
    content: Entry | Event | None = None,
    *,
    leaf: bytes | None = None,
    signer: NoteSigner | None = None,
) -> Receipt:
    """The receipt of one entry in a log of a size; the others hold whatever."""
    made = entry.commit_to(Submission(content or ENTRY, b"s", VALUES, claims_request_id=False))
    data = made.data if leaf is None else leaf
    tree = Frontier(0, ())
    for other in range(size):
        tree.append(leaf_hash(data if other == index else f"entry {other}".encode()))
    path = merkle.inclusion_proof(index, size, tree.read)
    return Receipt(
        signer or _LOG, data, index, size, tuple(path), tree.root(), {n: made.openings[n] for n in VALUES}
    )


_LOG = signer()


def holds(given: Given) -> bool:
    """Our own verdict, in the words of `hjemmel receipt verify`."""
    try:
        proof = proof_file.parse(given.file.decode())
        checkpoint.parse(note.parse(proof.signed_checkpoint).text)
        entry.decode_any(proof.extra or b"")
        proof.verify(proof.extra or b"", NoteVerifier.parse(given.vkey))
    except (LogError, UnicodeDecodeError):
        return False
    return True


def hostile(text: str) -> Entry:
    """An entry all of whose texts are an attack."""
    names = ("caller", "consumer", "provider", "dataset", "purpose", "legal_basis", "outcome", "agreement")
    changed: dict[str, Any] = dict.fromkeys(names, text)
    obligation = AppliedObligation(text, text, text)
    return replace(
        ENTRY, **changed, attributes_asked=(text, text), reasons=(text,), obligations=(obligation,)
    )
