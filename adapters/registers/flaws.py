"""Errors planted in the registers: what one register says that another contradicts.

Real registers have them, and what counts them (`hjemmel register quality`) must find exactly these. They are
put into finished tables, into current rows of subjects that no planted case is about: nothing else moves.
Each flaw takes subjects that no other flaw took.
"""

from bisect import insort
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from adapters.registers.divisions import MUNICIPALITIES, municipality_id
from adapters.registers.identifiers import BFE_PLANTED, bfe_number, identifier, personnummer
from adapters.registers.lives import LIVES_HERE
from adapters.registers.model import Row, Table, Value, row_order, stream
from adapters.registers.ownership import VALUATION_YEARS, valuation
from adapters.registers.scene import HOMES, PEOPLE

Record = dict[str, Value]
Tables = dict[str, Table]

_PLANTED_PERSONS: Final = frozenset(person.number for person in PEOPLE.values())
_PLANTED_UNITS: Final = frozenset(home.unit_id for home in HOMES.values())
_MARRIED: Final = "gift"
_NOT_IN_USE: Final = "3"
_UNKNOWN_OWNER_BORN: Final = date(1931, 5, 17)  # whose numbers of the planted range are nobody's
_UNKNOWN_PROPERTIES: Final = 80_000_000  # ordinals that the generator never comes to


@dataclass(frozen=True, slots=True)
class Flaw:
    """One kind of error.

    Attributes:
        name: of the flaw.
        dataset: the table it is in.
        key: the column that names the subject.
        per_mille: of all persons, how many subjects have it; at least one has.
        fits: whether a current record can have it.
        spoil: what the record is turned into; takes the record and the subject's ordinal among those.
    """

    name: str
    dataset: str
    key: str
    per_mille: float
    fits: Callable[[Record], bool]
    spoil: Callable[[Record, int], Record]


def _lives_here(row: Record) -> bool:
    return row["status"] == LIVES_HERE and row["civilstand"] != _MARRIED and _random_person(row)


def _married(row: Record) -> bool:
    return row["status"] == LIVES_HERE and row["civilstand"] == _MARRIED and _random_person(row)


def _random_person(row: Record) -> bool:
    return row["personnummer"] not in _PLANTED_PERSONS


def _owned_by_person(row: Record) -> bool:
    return bool(row["ejendePerson"]) and row["status"] == "gaeldende" and _random_property(row)


def _random_property(row: Record) -> bool:
    number = row.get("bestemtFastEjendomBFENr") or row.get("bfeNummer")
    return isinstance(number, int) and number < BFE_PLANTED


def _vacant(row: Record) -> bool:
    return row["enh045Udlejningsforhold"] == _NOT_IN_USE and row["id_lokalId"] not in _PLANTED_UNITS


def _gone_address(row: Record, _: int) -> Record:
    return row | {"darAdresseId": identifier("dar.adresse", f"nedlagt|{row['personnummer']}")}


def _other_municipality(row: Record, _: int) -> Record:
    codes = sorted(MUNICIPALITIES)
    own = str(row["vejmidte"])[:4]
    return row | {"kommuneinddeling": municipality_id(codes[codes.index(own) - 1])}


def _unknown_owner(row: Record, ordinal: int) -> Record:
    number = personnummer(_UNKNOWN_OWNER_BORN, male=bool(ordinal % 2), ordinal=ordinal // 2, planted=True)
    return row | {"ejendePerson": number}


def _gone_house(row: Record, _: int) -> Record:
    return row | {
        "husnummerLokalId": identifier("dar.husnummer", f"nedlagt|{row['bestemtFastEjendomBFENr']}")
    }


FLAWS: Final = (
    Flaw("cpr-address-unknown", "cpr.person", "personnummer", 1.2, _lives_here, _gone_address),
    Flaw(
        *("spouse-not-named", "cpr.person", "personnummer", 0.6, _married),
        lambda row, _: row | {"aegtefaellePersonnummer": None},
    ),
    Flaw(
        *("unit-without-address", "bbr.enhed", "id_lokalId", 0.7),
        _vacant,
        lambda row, _: row | {"adresseIdentificerer": None},
    ),
    Flaw(
        *("unit-without-area", "bbr.enhed", "id_lokalId", 0.8),
        _vacant,
        lambda row, _: row | {"enh026EnhedensSamledeAreal": None},
    ),
    Flaw(
        *("building-unknown-to-cadastre", "bbr.bygning", "id_lokalId", 0.3, _random_property),
        lambda row, ordinal: row | {"bfeNummer": bfe_number(_UNKNOWN_PROPERTIES + 1_000 + ordinal)},
    ),
    Flaw(
        *("house-in-another-municipality", "dar.husnummer", "id_lokalId", 0.6),
        lambda row: not str(row["vejmidte"]).endswith("-9901"),
        _other_municipality,
    ),
    Flaw("owner-unknown", "ejf.ejerskab", "bestemtFastEjendomBFENr", 0.9, _owned_by_person, _unknown_owner),
    Flaw(
        *("location-unknown", "ebr.ejendomsbeliggenhed", "bestemtFastEjendomBFENr", 0.5),
        _random_property,
        _gone_house,
    ),
    Flaw(
        *("valuation-of-another-area", "vur.vurdering", "bfeNummer", 2.5),
        lambda row: _random_property(row) and row["aar"] == VALUATION_YEARS[-1],
        lambda row, ordinal: row | {"vurderetAreal": int(row["vurderetAreal"] or 0) + 40 + ordinal},
    ),
)
"""The flaws of single records. `owner-dead` and `valuation-of-nothing` need more than one, see below."""

_DEAD_OWNERS_PER_MILLE: Final = 0.4
_NOTHINGS_PER_MILLE: Final = 0.5


def plant(
    tables: Mapping[str, Table], persons: int, seed: int
) -> tuple[Tables, Mapping[str, tuple[str, ...]]]:
    """Puts the flaws into tables; returns those and, by flaw, the sorted keys of its subjects."""
    spoilt = dict(tables)
    taken: dict[str, tuple[str, ...]] = {}
    used: set[tuple[str, Value]] = set()
    for flaw in (*FLAWS, _owner_dead(tables["cpr.person"])):
        table = spoilt[flaw.dataset]
        places = _places(table, flaw, used)
        rng = stream(seed, f"flaw|{flaw.name}")
        chosen = sorted(rng.sample(sorted(places), min(_count(flaw.per_mille, persons), len(places))))
        changed = []
        for ordinal, key in enumerate(chosen):
            record = dict(zip(table.columns, table.rows[places[key]], strict=True))
            changed.append(tuple(flaw.spoil(record, ordinal)[name] for name in table.columns))
            used.add((flaw.dataset, key))
        spoilt[flaw.dataset] = _replaced(table, {places[key] for key in chosen}, changed)
        taken[flaw.name] = tuple(chosen)
    spoilt["vur.vurdering"], taken["valuation-of-nothing"] = _nothings(spoilt["vur.vurdering"], persons)
    return spoilt, MappingProxyType(taken)


def _count(per_mille: float, persons: int) -> int:
    return max(1, round(per_mille * persons / 1000))


def _places(table: Table, flaw: Flaw, used: set[tuple[str, Value]]) -> dict[str, int]:
    """Returns where the current records lie that a flaw fits, by key; a key with two of them has none."""
    places: dict[str, list[int]] = {}
    ends = [table.columns.index(name) for name in ("registreringTil", "virkningTil")]
    for at, row in enumerate(table.rows):
        if any(row[end] is not None for end in ends):
            continue
        record = dict(zip(table.columns, row, strict=True))
        key = str(record[flaw.key])
        if (flaw.dataset, key) not in used and flaw.fits(record):
            places.setdefault(key, []).append(at)
    return {key: found[0] for key, found in places.items() if len(found) == 1}


def _owner_dead(people: Table) -> Flaw:
    dead: Sequence[str] = sorted(
        {
            str(row["personnummer"])
            for row in people.records()
            if row["status"] == "doed" and row["registreringTil"] is None and _random_person(row)
        }
    )

    def spoil(row: Record, ordinal: int) -> Record:
        return row | {"ejendePerson": dead[ordinal % len(dead)]}

    def fits(row: Record) -> bool:
        return bool(dead) and _owned_by_person(row)

    return Flaw("owner-dead", "ejf.ejerskab", "bestemtFastEjendomBFENr", _DEAD_OWNERS_PER_MILLE, fits, spoil)


def _nothings(table: Table, persons: int) -> tuple[Table, tuple[str, ...]]:
    numbers = [bfe_number(_UNKNOWN_PROPERTIES + at) for at in range(_count(_NOTHINGS_PER_MILLE, persons))]
    more: list[Row] = [valuation(bfe, VALUATION_YEARS[-1], 1_200_000, 400_000, 700) for bfe in numbers]
    return _replaced(table, set(), more), tuple(str(bfe) for bfe in numbers)


def _replaced(table: Table, gone: Collection[int], more: Sequence[Row]) -> Table:
    rows = [row for at, row in enumerate(table.rows) if at not in gone]
    for row in more:
        insort(rows, row, key=row_order)  # sorting all of them anew would cost as much as making them
    return Table(table.columns, tuple(rows))
