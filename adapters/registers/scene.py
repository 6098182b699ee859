"""The people of the planted cases, and where they live: fixed, whatever the size and the seed.

Their numbers come from the reserved end of each range, so that documentation, tests and the
demo can name them.
"""

from datetime import date
from types import MappingProxyType
from typing import Final

from adapters.registers.identifiers import bfe_number, personnummer
from adapters.registers.names import Town
from adapters.registers.places import Dwelling, Property, building, dwelling
from adapters.registers.population import Person

ODENSE: Final = Town("0461", "5000", "Odense C", 0)
AARHUS: Final = Town("0751", "8000", "Aarhus C", 0)
STREET: Final = "Hjemmelskyggevej"
ROAD_CODE: Final = "9901"


def _person(name: str, birth: str, *, male: bool = False) -> Person:
    born = date.fromisoformat(birth)
    return Person(personnummer(born, male=male, ordinal=0, planted=True), name, born, male)


PEOPLE: Final = MappingProxyType(
    {
        "family_mother": _person("Karla Rugmark", "1986-04-12"),
        "family_father": _person("Jeppe Rugmark", "1984-09-30", male=True),
        "family_son": _person("Rolf Rugmark", "2013-02-17", male=True),
        "family_daughter": _person("Oda Rugmark", "2017-11-05"),
        "pensioner": _person("Gerda Tangholt", "1954-06-21"),
        "protected": _person("Signe Vinddal", "1985-03-08"),
        "deceased": _person("Egon Stenkrog", "1944-01-19", male=True),
        "emigrated": _person("Laust Fjeldby", "1979-07-02", male=True),
        "child_mother": _person("Nanna Havlund", "1983-12-11"),
        "child": _person("Ivar Havlund", "2012-05-23", male=True),
        "separated_wife": _person("Lise Birkelev", "1976-08-14"),
        "separated_husband": _person("Otto Birkelev", "1974-10-27", male=True),
        "flatmate_first": _person("Frida Egsvang", "1998-01-31"),
        "flatmate_second": _person("Mads Lynghøj", "1999-06-06", male=True),
        "flatmate_third": _person("Viola Grønsø", "2000-09-18"),
        "no_kitchen": _person("Ida Bøgestrup", "1996-02-29"),
        "owner": _person("Palle Kærmark", "1968-05-16", male=True),
        "returnee": _person("Svend Tangbæk", "1956-03-03", male=True),
        "working_spouse": _person("Hanne Rugdal", "1963-11-22"),
        "pensioner_husband": _person("Kaj Rugdal", "1954-02-10", male=True),
        "corrected": _person("Anton Havkrog", "1990-10-09", male=True),
        "deviating_799": _person("Clara Stenby", "1991-04-25"),
        "deviating_801": _person("Ebbe Vindlund", "1992-08-07", male=True),
        "consent_withdrawn": _person("Tove Fjeldholt", "1970-01-13"),
        "consent_valid": _person("Bjarne Lyngsø", "1972-12-01", male=True),
        "aarhus_citizen": _person("Ellen Birkevang", "1988-07-28"),
        "law_change": _person("Holger Egslev", "1955-09-04", male=True),
        "mismatch": _person("Astrid Grønbæk", "1982-06-15"),
    }
)

# Home: who lives there, use, area, rooms, kitchen, kind of owner.
_HOMES: Final[tuple[tuple[str, tuple[str, ...], str, int, int, str, str], ...]] = (
    (
        "family",
        ("family_mother", "family_father", "family_son", "family_daughter"),
        *("140", 96, 4, "E", "association"),
    ),
    ("pensioner", ("pensioner",), "140", 68, 2, "E", "association"),
    ("protected", ("protected",), "140", 74, 3, "E", "company"),
    ("deceased", ("deceased",), "140", 61, 2, "E", "company"),
    ("emigrated", ("emigrated",), "140", 55, 2, "E", "company"),
    ("child", ("child_mother", "child"), "140", 82, 3, "E", "association"),
    ("separated", ("separated_wife", "separated_husband"), "130", 104, 4, "E", "company"),
    (
        "shared",
        ("flatmate_first", "flatmate_second", "flatmate_third"),
        *("140", 101, 4, "E", "company"),
    ),
    ("no_kitchen", ("no_kitchen",), "140", 38, 1, "H", "company"),
    ("owner", ("owner",), "120", 138, 5, "E", "person"),
    ("returnee", ("returnee",), "140", 64, 2, "E", "association"),
    ("spouses", ("working_spouse", "pensioner_husband"), "120", 131, 4, "E", "person"),
    ("corrected", ("corrected",), "140", 59, 2, "E", "company"),
    ("deviating_799", ("deviating_799",), "140", 63, 2, "E", "company"),
    ("deviating_801", ("deviating_801",), "140", 63, 2, "E", "company"),
    ("consent_withdrawn", ("consent_withdrawn",), "140", 71, 3, "E", "association"),
    ("consent_valid", ("consent_valid",), "140", 71, 3, "E", "association"),
    ("aarhus", ("aarhus_citizen",), "140", 77, 3, "E", "association"),
    ("law_change", ("law_change",), "140", 66, 2, "E", "association"),
    ("mismatch", ("mismatch",), "140", 70, 3, "E", "company"),
)


def _home(number: int, name: str, use: str, owner: str, facts: dict[str, int | str]) -> Dwelling:
    town = AARHUS if name == "aarhus" else ODENSE
    lot = Property(bfe_number(number, planted=True), town, STREET, ROAD_CODE, number, owner)
    house = building(lot, 1, use=use, year=1972, area=facts["area"], floors=2, heating="1")
    if use != "140":
        return dwelling(house, None, None, **facts)
    if name == "mismatch":
        # BBR knows the unit on the ground floor, CPR registers its resident on the first.
        facts["unit_address_id"] = dwelling(house, "st", "tv", **facts).address_id
    return dwelling(house, "1", "tv", **facts)


HOMES: Final = MappingProxyType(
    {
        name: _home(number, name, use, owner, {"area": area, "rooms": rooms, "kitchen": kitchen})
        for number, (name, _, use, area, rooms, kitchen, owner) in enumerate(_HOMES, 1)
    }
)
RESIDENTS: Final = MappingProxyType({name: people for name, people, *_ in _HOMES})
"""Who lives in which home."""

HOME_OF: Final = MappingProxyType({p: home for home, people in RESIDENTS.items() for p in people})

PLANTED_PERSONS: Final = len(PEOPLE)
