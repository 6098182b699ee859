"""What of an entry can be searched: its fields, and the values that it has in each."""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache

from audit.formats.entry import Entry, Event
from audit.queries import danish_time

#: Values of fields are texts, or numbers that stand for themselves.
Term = tuple["Field", str]


class Field(IntEnum):
    """A field. Its number stands in the index."""

    KIND = 1
    OUTCOME = 2
    PARTY = 3  # whoever took part: the entry is on its side
    ASKER = 4  # whoever asked, and knows the sealed values anyway
    CONSUMER = 5
    PROVIDER = 6
    PROCESSOR = 7
    DATASET = 8
    PURPOSE = 9
    LEGAL_BASIS = 10
    AGREEMENT = 11
    ASKED = 12
    GRANTED = 13
    RELEASED = 14
    REASON = 15
    OBLIGATION = 16
    REVISION = 17
    REVIEW = 18
    HOUR = 30  # since 1970, in UTC
    DAY = 31  # in Denmark, as ordinals of dates


def terms(content: Entry | Event) -> tuple[Term, ...]:
    """Gives what can be searched of an entry, but for its time."""
    found = [(Field.KIND, content.kind)]
    found += [(Field.PARTY, cvr) for cvr in sorted(content.parties())]
    found += [(Field.ASKER, cvr) for cvr in sorted(content.askers())]
    if isinstance(content, Event):
        return tuple(found)
    single = (
        (Field.OUTCOME, content.outcome),
        (Field.CONSUMER, content.consumer),
        (Field.PROVIDER, content.provider),
        (Field.PROCESSOR, content.processor),
        (Field.DATASET, content.dataset),
        (Field.PURPOSE, content.purpose),
        (Field.LEGAL_BASIS, content.legal_basis),
        (Field.AGREEMENT, content.agreement),
        (Field.REVISION, content.policy_revision),
        (Field.REVIEW, "yes" if content.needs_review else None),
    )
    several = (
        (Field.ASKED, content.attributes_asked),
        (Field.GRANTED, content.attributes_granted),
        (Field.RELEASED, content.attributes_released),
        (Field.REASON, content.reasons),
        (Field.OBLIGATION, tuple(o.id for o in content.obligations)),
    )
    found += [(field, value) for field, value in single if value]
    found += [(field, value) for field, values in several for value in dict.fromkeys(values) if value]
    return tuple(found)


@lru_cache(maxsize=4096)
def times(hour: int) -> tuple[tuple[Field, int], ...]:
    """Gives what can be searched of an hour: Danish days begin and end at full hours."""
    return (Field.HOUR, hour), (Field.DAY, danish_time.day_of_hour(hour))
