"""A proof of completeness: all entries about a subject in some periods, and that there are no others.

Whoever verifies it needs the proof and the log's public key.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from audit.completeness import closed, sparse_tree
from audit.completeness.closed import Account, Closed
from audit.completeness.sparse_tree import Path
from audit.errors import FormatError, VerificationError
from audit.formats import checkpoint, entry
from audit.formats.checkpoint import Checkpoint
from audit.formats.commitment import opens
from audit.formats.entry import Entry, Event
from audit.formats.merkle import leaf_hash, verify_inclusion
from audit.formats.note import NoteVerifier


@dataclass(frozen=True, slots=True)
class Included:
    """An entry, and the way from it to the root of the log."""

    index: int
    leaf: bytes
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry about the subject, and what opens its commitment."""

    entry: Included
    opening: bytes


@dataclass(frozen=True, slots=True)
class PeriodProof:
    """What a proof says of one period.

    Attributes:
        entry: the one that closed it.
        account: what became of the period's entries.
        account_opening: opens the commitment to that.
        key: makes the pseudonyms of the period's index.
        path: from the subject's place in the index to its root; its indexes are those of the records.
        records: all entries about the subject.
    """

    entry: Included
    account: Account
    account_opening: bytes
    key: bytes
    path: Path
    records: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class CompletenessProof:
    """All entries about a subject in successive periods.

    Attributes:
        signed_checkpoint: the log's note that everything is proved against.
        subject: whom it is about.
        periods: without a gap, oldest first.
    """

    signed_checkpoint: str
    subject: bytes
    periods: tuple[PeriodProof, ...]

    def verify(self, verifier: NoteVerifier) -> Verified:
        """Verifies all of it, with the log's public key alone.

        Raises:
            FormatError: something in it is not what it claims to be.
            VerificationError: something does not hold; the message says what and where.
        """
        # 1. The log signed the checkpoint.
        head = checkpoint.verify(self.signed_checkpoint, verifier)
        if not self.periods:
            raise FormatError("a proof of completeness is over one period at least")
        found = [self._period(head, proof) for proof in self.periods]
        # 6. The periods follow each other without a gap.
        for before, after in pairwise(found):
            if (before.closed.end, before.closed.until) != (after.closed.first, after.closed.since):
                raise VerificationError(
                    f"entry {after.closed.first} does not begin where the period before ends: "
                    f"{before.closed.end}"
                )
        return Verified(head, self.subject, tuple(found))

    def _period(self, head: Checkpoint, proof: PeriodProof) -> VerifiedPeriod:
        # 2. The entry that closed the period stands in the log, after the period.
        told = closed.read(_included(head, proof.entry))
        place = f"the period of entry {proof.entry.index}"
        if not told.end <= proof.entry.index:
            raise VerificationError(f"{place} ends after the entry")
        if not told.has(proof.account_opening, proof.account):
            raise VerificationError(f"{place}: the account is not the one that the entry commits to")
        # 3. The key is the one that the period was closed with: the subject has one pseudonym under it.
        if sparse_tree.key_commitment(proof.key) != told.key:
            raise VerificationError(f"{place}: the key is not the one that the entry commits to")
        pseudonym = sparse_tree.pseudonym_of(proof.key, self.subject)
        # 4. The index has exactly these entries under it, or none.
        try:
            sparse_tree.verify(proof.path, pseudonym, told.root)
        except VerificationError as error:
            raise VerificationError(f"{place}: {error}") from error
        # 5. Each stands in the log, in the period, and is about the subject.
        records = [self._record(head, told, listed) for listed in proof.records]
        return VerifiedPeriod(proof.entry.index, told, proof.account, tuple(records))

    def _record(self, head: Checkpoint, told: Closed, listed: Listed) -> Record:
        index = listed.entry.index
        content = _included(head, listed.entry)
        _, commitments = entry.decode_any(listed.entry.leaf)
        if not isinstance(content, Entry) or not told.first <= index < told.end:
            raise VerificationError(f"entry {index} is of no exchange in the period")
        if not opens(commitments, listed.opening, "subject", self.subject):
            raise VerificationError(f"entry {index} is not about the subject")
        return Record(index, content)


@dataclass(frozen=True, slots=True)
class Record:
    """An entry about the subject."""

    index: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class VerifiedPeriod:
    """A period that was verified: all its entries about the subject are these."""

    entry: int
    closed: Closed
    account: Account
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """What a proof proves."""

    checkpoint: Checkpoint
    subject: bytes
    periods: tuple[VerifiedPeriod, ...]

    @property
    def since(self) -> str:
        """When what it covers began; empty where that is the log's beginning."""
        return self.periods[0].closed.since

    @property
    def until(self) -> str:
        """When what it covers ended."""
        return self.periods[-1].closed.until

    @property
    def records(self) -> list[Record]:
        """All entries about the subject."""
        return [record for period in self.periods for record in period.records]


def _included(head: Checkpoint, included: Included) -> Entry | Event:
    place = f"entry {included.index}"
    try:
        verify_inclusion(leaf_hash(included.leaf), included.index, head.size, included.hashes, head.root)
        return entry.decode_any(included.leaf)[0]
    except VerificationError as error:
        raise VerificationError(f"{place}: {error}") from error
    except FormatError as error:
        raise FormatError(f"{place}: {error}") from error
