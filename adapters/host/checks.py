"""Holding a register's answer to the question: whose it is, and how much. Types are held when it is cut.

Of changes: how many, and in which order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from adapters.port import AnswerInvalid, Cause, Change, Changes, Found, Lookup, Record


def by_subject(found: Sequence[Found], lookup: Lookup, max_records: int) -> dict[str, list[Record]]:
    """Gives the records by the value of the key they were found under, copied and cut to what was asked.

    They are copied so that they stay what they are at the check: an adapter's objects may change.

    Raises:
        AnswerInvalid: another subject, or more records than may be.
        Exception: whatever an adapter's own objects raise when they are looked at.
    """
    if isinstance(found, str | bytes) or not isinstance(found, Sequence):
        raise AnswerInvalid(Cause.NOT_DECODED)
    if len(found) > max_records * len(lookup.values):
        raise AnswerInvalid(Cause.TOO_MANY)
    key = lookup.dataset.key(lookup.kind)
    most = 1 if key is not None and key.cardinality == "one" else max_records
    records: dict[str, list[Record]] = {value: [] for value in lookup.values}
    for one in found:
        subject = records.get(str(one.key))
        if subject is None:
            raise AnswerInvalid(Cause.OTHER_SUBJECT)
        if len(subject) == most:
            raise AnswerInvalid(Cause.CONFLICT if most == 1 else Cause.TOO_MANY)
        record = dict(one.record)
        subject.append({name: record[name] for name in lookup.attributes if record.get(name) is not None})
    return records


def in_order(told: Changes, after: int | None, limit: int) -> Changes:
    """Gives a part of a feed that goes on from a position, copied.

    Raises:
        AnswerInvalid: it runs backwards or goes round, or has more changes than asked for.
        Exception: whatever an adapter's own objects raise when they are looked at.
    """
    if len(told.changes) > (0 if after is None else limit):
        raise AnswerInvalid(Cause.TOO_MANY)
    begin = 0 if after is None else after
    position, settled, more = _whole(told.position), _whole(told.settled), bool(told.more)
    if position < begin or settled > position or (more and position <= begin):
        raise AnswerInvalid(Cause.BACKWARDS)
    changes, last = [], begin
    for one in told.changes:
        if not isinstance(one.value, str) or not isinstance(one.recorded, datetime):
            raise AnswerInvalid(Cause.NOT_DECODED)
        at = _whole(one.position)
        if at < last or at <= begin or at > position:
            raise AnswerInvalid(Cause.BACKWARDS)
        last = at
        changes.append(Change(one.value, one.recorded.astimezone(UTC), at))
    return Changes(tuple(changes), position, settled, more)


def _whole(number: int) -> int:
    if type(number) is not int or number < 0:
        raise AnswerInvalid(Cause.NOT_DECODED)
    return number
