"""Operations and results, as they travel between a broker and the log.

The leaf is made by the broker, with the openings of its commitments: what is sent a second time is then
the very same, and recognised. The owner believes nothing of it: a leaf that is not canonical, or that does
not commit to just the values that are to be sealed beside it, is refused.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from google.protobuf.duration_pb2 import Duration
from hjemmel.audit.v1 import log_service_pb2 as pb

from audit.errors import (
    DuplicateRequest,
    FormatError,
    IntentionClosed,
    LogBusy,
    LogError,
)
from audit.formats import commitment, entry
from audit.formats.entry import MAX_ENTRY, Leaf, Submission
from audit.formats.proof_file import ProofFile
from audit.writing.operations import Append, Appended, Intend, Interrupt, Operation, Result

_REASONS: tuple[tuple[type[LogError], pb.Refusal.Reason], ...] = (
    (DuplicateRequest, pb.Refusal.REASON_DUPLICATE_REQUEST),
    (IntentionClosed, pb.Refusal.REASON_INTENTION_CLOSED),
    (LogBusy, pb.Refusal.REASON_BUSY),
    (FormatError, pb.Refusal.REASON_MALFORMED),
)
_KINDS = {reason: kind for kind, reason in _REASONS}


def write_operation(
    number: int, operation: Operation, until: float | None, sent_at: int | None
) -> pb.Operation:
    """Writes an operation.

    Args:
        number: what the result names.
        operation: what is to be done.
        until: when its caller waits no longer (monotonic).
        sent_at: the size of the log by the time that it was sent first; absent where this is the first.
    """
    message = pb.Operation(id=number)
    if until is not None:
        message.timeout.FromNanoseconds(max(0, int((until - time.monotonic()) * 1e9)))
    match operation:
        case Interrupt():
            message.interrupt.request_id = operation.request_id
        case Intend():
            _write_submission(message.intend.submission, operation.submission, operation.leaf)
        case Append():
            _write_submission(message.append.submission, operation.submission, operation.leaf)
            message.append.closes_intention = operation.closes_intention
            message.append.doubtful_leaf_hash = operation.doubtful or b""
            if sent_at is not None:
                message.append.sent_at_size = sent_at
    return message


def read_operation(message: pb.Operation) -> Operation:
    """Reads an operation.

    Raises:
        FormatError: it is none, or its leaf does not commit to its values.
    """
    match message.WhichOneof("action"):
        case "interrupt":
            return Interrupt(message.interrupt.request_id)
        case "intend":
            submission, leaf = _read_submission(message.intend.submission)
            if not submission.claims_request_id or submission.entry.request_id is None:
                raise FormatError("an intention claims the request id that its entry will close")
            return Intend(submission, leaf)
        case "append":
            append = message.append
            submission, leaf = _read_submission(append.submission)
            sent_at = append.sent_at_size if append.HasField("sent_at_size") else None
            return Append(
                submission, leaf, append.closes_intention, append.doubtful_leaf_hash or None, sent_at
            )
        case _:
            raise FormatError("an operation intends, appends or interrupts")


def timeout_of(message: pb.Operation) -> float | None:
    """How long the caller of an operation waits (seconds), where it does not wait for ever."""
    return message.timeout.ToNanoseconds() / 1e9 if message.HasField("timeout") else None


def duration(seconds: float) -> Duration:
    """Writes a time (seconds)."""
    made = Duration()
    made.FromNanoseconds(int(seconds * 1e9))
    return made


def write_results(results: Sequence[tuple[int, Result]]) -> pb.Results:
    """Writes results, by number; a checkpoint that several refer to travels once."""
    message = pb.Results()
    places: dict[str, int] = {}
    for number, result in results:
        written = message.results.add(id=number)
        if isinstance(result, Appended):
            note = result.proof.signed_checkpoint
            written.appended.index = result.index
            written.appended.hashes.extend(result.proof.hashes)
            written.appended.checkpoint = places.setdefault(note, len(places))
        elif isinstance(result, LogError):
            reason = next((r for kind, r in _REASONS if isinstance(result, kind)), None)
            written.refusal.reason = reason or pb.Refusal.REASON_UNSPECIFIED
            written.refusal.message = str(result)
    message.checkpoints.extend(places)
    return message


def read_result(message: pb.Result, checkpoints: Sequence[str], leaf: Leaf | None) -> Result:
    """Reads the result of an operation.

    Args:
        message: the result.
        checkpoints: those of its message.
        leaf: what was to be appended, where something was.

    Raises:
        FormatError: it is not the result of such an operation.
    """
    match message.WhichOneof("outcome"):
        case "refusal":
            kind = _KINDS.get(message.refusal.reason)
            if kind is None:
                raise FormatError("the log refuses for no reason that is known here")
            return kind(message.refusal.message)
        case "appended":
            place = message.appended
            if leaf is None or not 0 <= place.checkpoint < len(checkpoints):
                raise FormatError("the log's answer is not one to this operation")
            proof = ProofFile(place.index, tuple(place.hashes), checkpoints[place.checkpoint])
            return Appended(place.index, leaf, proof)
        case _:
            if leaf is not None:
                raise FormatError("the log's answer gives an entry no place")
            return None


def _write_submission(message: pb.Submission, submission: Submission, leaf: Leaf) -> None:
    message.leaf = leaf.data
    message.subject = submission.subject
    message.claims_request_id = submission.claims_request_id
    for name, value in submission.values.items():
        message.values.add(name=name, value=value, opening=leaf.openings[name])


def _read_submission(message: pb.Submission) -> tuple[Submission, Leaf]:
    values = {v.name: v.value for v in message.values}
    openings = {v.name: v.opening for v in message.values}
    if len(message.leaf) > MAX_ENTRY:
        raise FormatError(f"an entry holds at most {MAX_ENTRY} bytes")
    content, commitments = entry.decode_any(message.leaf)
    if commitments.keys() != values.keys() or not message.subject or len(values) != len(message.values):
        raise FormatError("a leaf commits to the values that are sealed beside it, and to no other")
    if not all(commitment.opens(commitments, openings[n], n, value) for n, value in values.items()):
        raise FormatError("a leaf commits to the values that are sealed beside it, and to no other")
    submission = Submission(content, message.subject, values, message.claims_request_id)
    return submission, Leaf(message.leaf, openings)
