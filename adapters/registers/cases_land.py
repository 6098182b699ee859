"""The planted cases about land: parcels, house numbers and where they vote. They name nobody."""

from typing import Final

from adapters.registers.case_model import Expected, PlantedRequest
from adapters.registers.divisions import district_id
from adapters.registers.questions import ODENSE, case
from adapters.registers.scene import HOMES

_LOT: Final = HOMES["owner"].building.property
_BUILDING: Final = ("property", "building-case", "bbrl.5.1")

LAND_CASES: Final = (
    case(
        "building-case-parcel",
        ("The parcel of a building case", "Jordstykket i en byggesag"),
        PlantedRequest(
            *(ODENSE, "mat.jordstykke", "bfe_nummer", str(_LOT.bfe), _BUILDING[0]),
            ("matrikelnummer", "registreretAreal"),
            *(*_BUILDING[1:], "odense-mat"),
        ),
        "One parcel, found by the property number that BBR gives.",
        records=1,
    ),
    case(
        "building-case-house-number",
        ("The house number of a building case", "Husnummeret i en byggesag"),
        PlantedRequest(
            *(ODENSE, "dar.husnummer", "dar_husnummer_id", _LOT.house_id, _BUILDING[0]),
            ("adgangsadressebetegnelse", "jordstykke"),
            *(*_BUILDING[1:], "odense-dar"),
        ),
        "It lies on the parcel of the case before.",
        records=1,
    ),
    case(
        "polling-place",
        ("Where an address votes", "Hvor en adresse stemmer"),
        PlantedRequest(
            *(ODENSE, "dagi.afstemningsomraade", "number", district_id(_LOT.town, _LOT.road_code)),
            *("property", ("afstemningsstedNavn", "navn"), "election.polling-place", "krvl.51"),
            "odense-valg",
        ),
        "The district that the house number names.",
        records=1,
    ),
    case(
        "building-case-polling-district",
        ("A building case asks where an address votes", "En byggesag spørger, hvor en adresse stemmer"),
        PlantedRequest(
            *(ODENSE, "dar.husnummer", "dar_husnummer_id", _LOT.house_id, _BUILDING[0]),
            ("afstemningsomraade",),
            *(*_BUILDING[1:], "odense-valg"),
        ),
        "What is read for an election is not for a building case.",
        Expected("refused", ("AGREEMENT_DOES_NOT_COVER_PURPOSE",)),
        records=1,
    ),
)
