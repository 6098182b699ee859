"""Invented names on real municipalities.

Codes, postcodes and town names are real so that the rows look right to a Danish eye; streets,
surnames and companies are put together from parts and name nobody.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Town:
    """A postal district in a municipality, with its weight in the population."""

    kommunekode: str
    postcode: str
    name: str
    weight: int


TOWNS: Final = (
    Town("0461", "5000", "Odense C", 14),
    Town("0461", "5220", "Odense SØ", 7),
    Town("0461", "5240", "Odense NØ", 6),
    Town("0751", "8000", "Aarhus C", 10),
    Town("0751", "8260", "Viby J", 6),
    Town("0101", "2200", "København N", 10),
    Town("0101", "2300", "København S", 8),
    Town("0147", "2000", "Frederiksberg", 4),
    Town("0265", "4000", "Roskilde", 4),
    Town("0851", "9000", "Aalborg", 7),
    Town("0561", "6700", "Esbjerg", 5),
    Town("0621", "6000", "Kolding", 4),
    Town("0630", "7100", "Vejle", 4),
    Town("0657", "7400", "Herning", 4),
    Town("0791", "8800", "Viborg", 4),
    Town("0400", "3700", "Rønne", 3),
)

STREET_PARTS: Final = (
    ("Hejre", "Klit", "Ravne", "Tjørne", "Brombær", "Sølvpil", "Lærke", "Hyld", "Mose", "Ræve"),
    ("måne", "glimt", "stjerne", "drøm", "skygge", "dugs", "sang", "vinter"),
    ("vej", "gade", "vænget", "stræde", "allé", "toften"),
)

WOMEN: Final = (
    "Alma", "Astrid", "Birgit", "Clara", "Ellen", "Frida", "Gerda", "Hanne", "Ida", "Ingrid",
    "Johanne", "Karla", "Lise", "Maja", "Nanna", "Oda", "Ragna", "Signe", "Tove", "Viola",
)  # fmt: skip
MEN: Final = (
    "Aksel", "Anton", "Bjarne", "Carl", "Ebbe", "Egon", "Frede", "Gorm", "Holger", "Ivar",
    "Jeppe", "Kaj", "Laust", "Mads", "Niels", "Otto", "Palle", "Rolf", "Svend", "Tage",
)  # fmt: skip
SURNAME_PARTS: Final = (
    ("Lyng", "Hav", "Egs", "Birke", "Tang", "Rug", "Sten", "Vind", "Grøn", "Fjeld", "Bøge", "Kær"),
    ("strup", "lev", "mark", "bæk", "holt", "høj", "vang", "dal", "sø", "lund", "krog", "by"),
)

COMPANY_PARTS: Final = (
    ("Nordsky", "Havglimt", "Tusind", "Lynghede", "Ravsten", "Mosegris", "Klitfugl", "Dugdråbe"),
    ("Tømrer", "Regnskab", "Transport", "Bageri", "Rengøring", "Software", "Murer", "Boliger"),
)
INDUSTRIES: Final = ("433200", "692000", "494100", "107110", "812100", "620100", "433910", "682040")
"""Industry codes in the order of the second parts of the companies' names."""
