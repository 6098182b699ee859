"""In whose name a call is made: what the request's mandate and the configuration put into a message.

    codes = { purpose_code = { of = "legal_basis", values = { "bsl.8" = "014" } },
              service_agreement = { of = "agreement" } }
    settings = ["user_system", "user", "service"]

Each becomes a place of the request's templates. A code stands for something in the mandate: by a table in the
entry or, without one, by the connection's options (`"service_agreement.udk-eindkomst" = "…"`). A setting is
an option of the connection, the same for every call.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from adapters.kinds.entry import Entry
from adapters.port import Cause, Connection, Mandate, NotCovered

PLACES: Final = ("consumer", "processor", "purpose", "legal_basis", "agreement")


@dataclass(frozen=True, slots=True)
class Code:
    """What stands for a part of the mandate.

    Attributes:
        of: which part, one of `PLACES`.
        values: the codes, by what the mandate holds.
    """

    of: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Context:
    """All that a message says about who asks.

    Attributes:
        codes: by place.
        settings: likewise.
    """

    codes: Mapping[str, Code]
    settings: Mapping[str, str]

    @property
    def places(self) -> frozenset[str]:
        """What it gives templates to fill with."""
        return frozenset({*PLACES, *self.codes, *self.settings})

    def filling(self, mandate: Mandate, used: Collection[str]) -> dict[str, str]:
        """Gives what stands in the places that a message has.

        Raises:
            NotCovered: no code stands for what the request cites.
        """
        told = {place: getattr(mandate, place) or "" for place in PLACES}
        filled = {**self.settings, **told}
        for place, code in self.codes.items():
            if place in used:
                if told[code.of] not in code.values:
                    raise NotCovered(Cause.NO_CODE)
                filled[place] = code.values[told[code.of]]
        return filled


def context_of(entry: Entry, connection: Connection, known: Collection[str]) -> Context:
    """Reads the tables `codes` and `settings`.

    Raises:
        ValueError: one says something that cannot be, or the configuration lacks what they want.
    """
    told = entry.table("codes")
    codes = {
        name: _code(Entry(told.value(name), f"{told.place}: {name}"), name, connection)
        for name in told.names()
    }
    settings = {}
    for name in entry.texts("settings"):
        if not connection.options.get(name):
            raise ValueError(f"options.{name} is missing: {entry.place} has it in settings")
        settings[name] = connection.options[name]
    for name in (*codes, *settings):
        if name in known or name in PLACES or not name.replace("_", "").isalpha() or name != name.lower():
            raise ValueError(
                f"{entry.place}: {name!r} cannot be a place: small letters and _, and no other's name"
            )
    if twice := sorted(set(codes) & set(settings)):
        raise ValueError(f"{entry.place}: {twice[0]} is in codes and in settings")
    return Context(codes, settings)


def options_of(contexts: Collection[Context], connection: Connection) -> frozenset[str]:
    """The connection's options that are read here."""
    names = {name for context in contexts for name in context.settings}
    begins = tuple(f"{name}." for context in contexts for name in context.codes)
    return frozenset(
        names | {option for option in connection.options if begins and option.startswith(begins)}
    )


def _code(entry: Entry, name: str, connection: Connection) -> Code:
    of = entry.one_of("of", PLACES)
    if "values" in entry:
        table = entry.table("values")
        values = {key: table.text(key) for key in table.names()}
    else:
        begin = f"{name}."
        values = {
            option.removeprefix(begin): value
            for option, value in connection.options.items()
            if option.startswith(begin)
        }
    entry.end()
    if not values:
        raise ValueError(f'{entry.place}: give values here, or options such as "{name}.…" in the connection')
    return Code(of, values)
