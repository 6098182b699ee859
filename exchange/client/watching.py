"""Watching one's own side of the log: what came is verified part by part, without any I/O.

    1  the checkpoint is signed by the log
    2  the part begins where the last one ended, and ends in the checkpoint's tree
    3  its entries are in order, each on the own side
    4  with the hashes of all others they lead to the signed root, from what was verified before

So no entry can be altered, moved, given twice or taken back unseen. That none was left out is the broker's
word, which the published log confirms or refutes: `hjemmel records check`.
"""

from __future__ import annotations

from dataclasses import dataclass

from hjemmel.audit.v1 import audit_service_pb2 as pb

from audit.errors import FormatError, LogError
from audit.formats import checkpoint, side, tiles
from audit.formats.checkpoint import Checkpoint
from audit.formats.compact_range import CompactRange
from audit.formats.merkle import HASH_SIZE
from audit.formats.note import NoteVerifier
from audit.formats.side import OwnEntry, Part
from exchange.client.errors import RecordsInvalid

#: Seconds after which a stream is made anew: one whose other end is gone is noticed by then.
RENEWED = 120.0
SHRUNK = "the log has fewer entries than it showed before"
_NOT_HELD = "what the broker streams of the log does not hold"


@dataclass(frozen=True, slots=True)
class Position:
    """How far one's own side was verified. Keep it, to go on from there.

    Attributes:
        end: index before which everything was seen.
        hashes: the compact range of [0, end): what the next part is verified against.
    """

    end: int = 0
    hashes: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Watched:
    """A part of one's own side that holds.

    Attributes:
        part: what came: the own entries, and the hashes that prove them.
        position: where the next part goes on.
        checkpoint: the tree that the part stands in.
    """

    part: Part
    position: Position
    checkpoint: Checkpoint

    @property
    def records(self) -> tuple[OwnEntry, ...]:
        """The own entries; none where there was nothing."""
        return self.part.own

    @property
    def caught_up(self) -> bool:
        """Whether the log had no more than this when it sent it."""
        return self.part.end == self.checkpoint.size


class Watch:
    """What one watcher believes so far."""

    def __init__(self, authority: str, log: NoteVerifier, position: Position) -> None:
        """Takes whose side is watched, the log's key, and where to go on.

        Raises:
            RecordsInvalid: the position is none.
        """
        self._authority = authority
        self._log = log
        try:
            self._held = CompactRange(0, position.end, position.hashes)
        except FormatError as error:
            raise RecordsInvalid(f"the position to go on from is none: {error}") from error

    @property
    def request(self) -> pb.WatchRecordsRequest:
        """What to ask for, now or after the stream broke off."""
        return pb.WatchRecordsRequest(first_index=self._held.end)

    def signed(self, message: pb.WatchRecordsResponse | pb.GetCheckpointResponse) -> Checkpoint:
        """Reads the checkpoint that a message shows, to be held against the one that is remembered.

        Raises:
            RecordsInvalid: the log did not sign it.
        """
        try:
            return checkpoint.verify(message.checkpoint, self._log)
        except LogError as error:
            raise RecordsInvalid(f"{_NOT_HELD}: {error}") from error

    def read(self, message: pb.WatchRecordsResponse) -> Watched:
        """Verifies what came, and goes on from there.

        Raises:
            RecordsInvalid: it does not hold; the message says where.
        """
        try:
            part = Part(
                message.first_index,
                message.end_index,
                tuple(OwnEntry(r.index, r.entry) for r in message.records),
                hashes_of(message.other_hashes),
                hashes_of(message.later_hashes),
                message.checkpoint,
            )
            self._held, signed = side.verify(part, self._held, self._authority, self._log)
        except LogError as error:
            raise RecordsInvalid(f"{_NOT_HELD}: {error}") from error
        return Watched(part, Position(self._held.end, self._held.hashes), signed)


def hashes_of(data: bytes) -> tuple[bytes, ...]:
    """Cuts a run of hashes.

    Raises:
        FormatError: it is not made of hashes of 32 bytes.
    """
    if len(data) % HASH_SIZE:
        raise FormatError("hashes of the tree have 32 bytes each")
    return tuple(tiles.cut(data))
