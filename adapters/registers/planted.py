"""The planted cases, found again in the registers they were planted in."""

from typing import Final

from adapters.registers.case_model import PlantedCase
from adapters.registers.cases_demo import DEMO_CASES
from adapters.registers.cases_edge import EDGE_CASES
from adapters.registers.cases_land import LAND_CASES
from adapters.registers.model import Registers, Value

PLANTED_CASES: Final = DEMO_CASES + EDGE_CASES + LAND_CASES

_KEY_COLUMNS: Final = {
    ("cpr.person", "dar_adresse_id"): "darAdresseId",
    ("bbr.enhed", "dar_adresse_id"): "adresseIdentificerer",
    ("dagi.afstemningsomraade", "number"): "id_lokalId",
    ("dar.husnummer", "dar_husnummer_id"): "id_lokalId",
    ("mat.jordstykke", "bfe_nummer"): "samletFastEjendomLokalId",
    ("ejf.ejerskab", "personnummer"): "ejendePerson",
    ("cvr.virksomhed", "cvr_nummer"): "CVRNummer",
    ("vur.vurdering", "bfe_nummer"): "bfeNummer",
}


def planted_cases(registers: Registers) -> tuple[PlantedCase, ...]:
    """Returns all planted cases, after looking each up in the registers.

    Raises:
        LookupError: A case has no rows; these registers are not made by this package's generator.
    """
    for case in PLANTED_CASES:
        if case.records and not found(registers, case):
            raise LookupError(f"the planted case {case.name} is not in these registers")
    return PLANTED_CASES


def found(registers: Registers, case: PlantedCase) -> list[dict[str, Value]]:
    """Returns the rows that a case asks for, as the register believes them now or then."""
    request = case.request
    table = registers.tables[request.dataset]
    column = _KEY_COLUMNS.get((request.dataset, request.key), request.key)
    # A property number is a number, but for the cadastre, where it is an identifier.
    number = request.key == "bfe_nummer" and not column.endswith("LokalId")
    value = int(request.key_value) if number else request.key_value
    known_at = request.registration_time or "9999"
    return [
        dict(row)
        for row in table.where(column, value)
        if str(row["registreringFra"]) <= known_at
        and (row["registreringTil"] is None or str(row["registreringTil"]) > known_at)
        and row["virkningTil"] is None
    ]
