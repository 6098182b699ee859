"""The tables of CPR."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from adapters.registers.bitemporal import COLUMNS, Version, once, unfold
from adapters.registers.lives import Life, State, Stay
from adapters.registers.model import Row, Table, row_order
from adapters.registers.population import Person

PERSON: Final = (
    "personnummer",
    "personId",
    "adresseringsnavn",
    "foedselsdato",
    "koen",
    "status",
    "statusdato",
    "beskyttelsestype",
    "civilstand",
    "aegtefaellePersonnummer",
    "cprKommunekode",
    "cprVejkode",
    "husnummer",
    "etage",
    "sidedoer",
    "darAdresseId",
    *COLUMNS,
)
STAY: Final = ("personnummer", "udrejsedato", "udrejseland", "indrejsedato", *COLUMNS)


def tables(lives: Sequence[Life]) -> dict[str, Table]:
    """Returns `cpr.person` and `cpr.udlandsophold`."""
    persons: list[Row] = []
    stays: list[Row] = []
    for life in lives:
        persons.extend(unfold(life.versions, partial(_values, life.person)))
        for stay in life.stays:
            stays.extend(_stay(life.person, stay))
    return {
        "cpr.person": Table(PERSON, tuple(sorted(persons, key=row_order))),
        "cpr.udlandsophold": Table(STAY, tuple(sorted(stays, key=row_order))),
    }


def _values(person: Person, state: State) -> Row:
    place: Row = (None,) * 6
    if state.home is not None:
        home = state.home
        lot = home.building.property
        place = (
            lot.town.kommunekode,
            lot.road_code,
            str(lot.number),
            home.floor,
            home.door,
            home.address_id,
        )
    return (
        person.number,
        person.id,
        person.name,
        person.birth.isoformat(),
        "mand" if person.male else "kvinde",
        state.status,
        state.since.isoformat(),
        state.protection,
        state.civil,
        state.spouse,
        *place,
    )


def _stay(person: Person, stay: Stay) -> list[Row]:
    def values(back: str | None) -> Row:
        return (person.number, stay.left.isoformat(), stay.country, back)

    if stay.back is None:
        return [once(values(None), stay.left, stay.left + timedelta(days=3))]
    # The same stay, first without and later with its end: one record that was completed.
    return unfold(
        [
            Version(stay.left, stay.left + timedelta(days=3), None),
            Version(stay.back, stay.back + timedelta(days=4), stay.back.isoformat()),
        ],
        values,
    )
