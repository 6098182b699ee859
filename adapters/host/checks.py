"""Holding a register's answer to the question: whose it is, and how much. Types are held when it is cut."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.port import AnswerInvalid, Cause, Found, Lookup, Record


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
