"""The port that every register stands behind: what an adapter is asked, gives, and may raise.

This module is all that an adapter needs of Hjemmel. An adapter is written by anybody, so that nothing it says
is believed: the host (`adapters.host`) bounds it in time, size and number, checks what it gives, repeats what
may be repeated, and translates what it raises. What it gives is cut to the grant afterwards.

    RegisterError
    ├── Unavailable        not there at present; asked again where there is time
    │   └── Throttled      asks for a pause; asked again after it
    ├── ChangesNotTold     tells of no changes, or of none by this key
    ├── ChangesGone        does not tell any more of changes from so long ago
    ├── AccessRefused      the credentials do not do: expired, withdrawn, or not for this
    │   └── NotCovered     nothing was asked: what the request cites opens nothing there
    └── AnswerInvalid      an answer that makes no sense
        └── SchemaChanged  a field is not as the catalogue says: renamed, of another type, a new code

Anything else that an adapter raises is taken as `Unavailable`, and not repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from exchange.model.catalogue import Attribute, Catalogue, Dataset, Key, Source, Text
from exchange.model.changes import Change, Changes
from exchange.model.request import AsOf, Found, Lookup, Mandate, Record, Value

__all__ = [
    "DEADLINE",
    "AccessRefused",
    "AnswerInvalid",
    "AsOf",
    "Attribute",
    "Catalogue",
    "Cause",
    "Change",
    "ChangeFeed",
    "Changes",
    "ChangesGone",
    "ChangesNotTold",
    "Connection",
    "Dataset",
    "Found",
    "Key",
    "Lookup",
    "Mandate",
    "NotCovered",
    "Opener",
    "Record",
    "RegisterAdapter",
    "RegisterError",
    "SchemaChanged",
    "Source",
    "Text",
    "Throttled",
    "Unavailable",
    "Value",
]


DEADLINE: ContextVar[float | None] = ContextVar("DEADLINE", default=None)
"""When the host's time for a call is over, by the clock of the event loop: for registers that can be told."""


class RegisterAdapter(Protocol):
    """One register, or the part of it that is reached in one way.

    Guarantees that the host gives: `fetch` is called from one event loop, for datasets that the adapter was
    made with, for attributes and a key of them, for values of the key's form, each once, at most
    `most_subjects` of them. It is cancelled when its time is over, and must let that happen.

    Guarantees that it gives: it reads, and changes nothing. It keeps nothing about subjects after `fetch`
    ended. It asks the register for nothing but the attributes named, the key, and what tells records and
    their times apart, which it keeps to itself. An answer that is not whole is no answer: it raises.
    """

    @property
    def most_subjects(self) -> int:
        """How many subjects one call may be about, at least 1; the host divides what is more."""

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        """Fetches the records that the keys lead to, true and recorded at the times asked for.

        Gives each record with the value of the key that it was found under, and no record for a subject that
        the register does not know. Attributes without a value are left out. An integer attribute is an `int`,
        a boolean a `bool`, everything else text: dates as YYYY-MM-DD, months as YYYY-MM.

        Raises:
            RegisterError: there is no answer, or none that makes sense.
        """

    async def close(self) -> None:
        """Lets go of connections. Nothing is asked afterwards."""


@runtime_checkable
class ChangeFeed(Protocol):
    """What an adapter has beside `RegisterAdapter` where its register tells of changes.

    Guarantees that the host gives: `changes` is called from one event loop, for datasets that the adapter was
    made with and kinds of key of them, with a position that the adapter gave before, if long ago, or none. It
    is cancelled when its time is over, and must let that happen. What was changed is never asked for here: it
    is fetched afterwards, for those who may have it.

    Guarantees that it gives: whatever makes `fetch` answer differently about a key is told sooner or later,
    at a position after the last `settled` one. It may be told twice. Positions only grow; they hold nothing
    about subjects. A feed that cannot go on without leaving something out raises.
    """

    async def changes(self, dataset: Dataset, kind: str, after: int | None, limit: int) -> Changes:
        """Gives the changes after a position, the earliest first.

        Args:
            dataset: of which.
            kind: of the key that they are told by.
            after: the position; none to learn where the feed ends at present, and no change.
            limit: most changes.

        Raises:
            ChangesNotTold: the register does not tell of changes by this key.
            ChangesGone: it does not tell of what came after this position any more.
            RegisterError: there is no answer, or none that makes sense.
        """


@dataclass(frozen=True, slots=True)
class Connection:
    """How a register is reached, as the broker's configuration says. A kind checks what it is given.

    Attributes:
        url: where the register is.
        options: what else the kind wants to know.
        secrets: files that hold secrets, such as an API key, by name; mode 0600.
        max_records: most records about one subject; an answer with more is an error, never cut silently.
        max_concurrent: most calls under way at once.
    """

    url: str
    options: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Path] = field(default_factory=dict)
    max_records: int = 1000
    max_concurrent: int = 16


class Opener(Protocol):
    """Makes the adapter of a register: what a kind is, and what the entry point of a plug-in names."""

    def __call__(self, register: str, datasets: Sequence[Dataset], connection: Connection) -> RegisterAdapter:
        """Makes an adapter. It connects lazily: a register that is down fails its first fetch only.

        Raises:
            ValueError: the catalogue or the configuration says what cannot be; the message says where,
                and what to write.
        """


class Cause(StrEnum):
    """What was wrong, in words that hold nothing of the subject."""

    CONNECTION = "it cannot be reached"
    SERVER_ERROR = "it answered with an error of its own"
    CREDENTIALS_EXPIRED = "its credentials have expired"
    CREDENTIALS_REFUSED = "it refused the credentials"
    NOT_AUTHORISED = "the credentials are not for this dataset"
    NO_CODE = "it has no code for what the request cites"
    PRESENT_ONLY = "it tells about the present only"
    NOT_DECODED = "its answer cannot be decoded"
    NOT_UTF8 = "its answer is not UTF-8"
    TOO_LARGE = "its answer is larger than may be"
    TOO_MANY = "it gave more records than may be"
    PARTIAL = "its answer is not whole"
    OTHER_SUBJECT = "it answered about another subject"
    CONFLICT = "it holds conflicting current records"
    FIELD_MISSING = "a field is missing"
    FIELD_TYPE = "a field is of another type"
    FIELD_VALUE = "a field has a value that is not known"
    FIELD_NULL = "a field that must have a value has none"
    FIELD_UNKNOWN = "it does not know a field"
    FIELD_NEW = "it has a field that is not known"
    TIMES = "the times of a record make no sense"
    NO_HISTORY = "it does not tell what held at another time"
    NOT_TOLD = "it tells of no changes by this key"
    TOO_OLD = "it does not tell any more of changes from so long ago"
    BACKWARDS = "the positions of its changes run backwards"


class RegisterError(Exception):
    """A register gave no answer.

    Attributes:
        cause: what was wrong.
        attribute: which attribute of the dataset it is about, where it is about one.
    """

    def __init__(self, cause: Cause, attribute: str = "") -> None:
        """Takes the cause, never words of the register's own: they could hold personal data."""
        super().__init__(cause.value)
        self.cause = cause
        self.attribute = attribute


class Unavailable(RegisterError):
    """The register is not there at present."""


class Throttled(Unavailable):
    """The register asks for a pause."""

    def __init__(self, pause: float) -> None:
        """Takes the pause that the register asked for, seconds."""
        super().__init__(Cause.SERVER_ERROR)
        self.pause = pause


class ChangesNotTold(RegisterError):
    """The register does not tell of changes, or not by this key."""

    def __init__(self) -> None:
        """Needs no words."""
        super().__init__(Cause.NOT_TOLD)


class ChangesGone(RegisterError):
    """The register does not tell any more of changes from so long ago."""

    def __init__(self) -> None:
        """Needs no words."""
        super().__init__(Cause.TOO_OLD)


class AccessRefused(RegisterError):
    """The register does not let this broker in."""


class NotCovered(AccessRefused):
    """What the request cites opens nothing at the register, so that it was not even asked.

    It says nothing about how the register fares: other requests go on.
    """


class AnswerInvalid(RegisterError):
    """The register answered what was not asked, or what cannot be."""


class SchemaChanged(AnswerInvalid):
    """The register is not any more as the catalogue describes it."""
