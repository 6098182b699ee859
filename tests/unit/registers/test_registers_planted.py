"""The planted cases."""

import pytest

from adapters.catalogue import load_catalogue
from adapters.registers import PLANTED_CASES, PlantedCase, Registers, Table, planted_cases
from adapters.registers.planted import found

REFUSALS_BY_BROKER = {"SUBJECT_PROTECTED", "ADDRESS_PROTECTED"}
CASES = {case.name: case for case in PLANTED_CASES}


@pytest.mark.parametrize("case", PLANTED_CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("size", ["small", "large"])
def test_case_finds_its_rows(case: PlantedCase, size: str, request: pytest.FixtureRequest) -> None:
    """In both sizes a case's key finds exactly the rows that it promises."""
    registers: Registers = request.getfixturevalue(size)

    assert case in planted_cases(registers)
    assert case.records == len(found(registers, case))


@pytest.mark.parametrize("case", PLANTED_CASES, ids=lambda case: case.name)
def test_case_speaks_the_catalogues_language(case: PlantedCase) -> None:
    """Dataset, key kind and attributes of a case are in the catalogue; attributes are sorted."""
    dataset = load_catalogue().datasets[case.request.dataset]

    assert dataset.key(case.request.key) is not None
    assert set(case.request.attributes) <= {a.name for a in dataset.attributes}
    assert sorted(set(case.request.attributes)) == list(case.request.attributes)
    assert set(case.expected.withheld) <= set(case.request.attributes)
    assert (case.expected.outcome == "granted") == (not case.expected.codes)


def test_case_names_are_unique() -> None:
    """No two cases share a name."""
    assert len(PLANTED_CASES) == len(CASES)


def test_protected_person_is_protected(small: Registers) -> None:
    """The two questions about a protected address are about the same protected person."""
    bank, authority = CASES["protected-address-private"], CASES["protected-address-authority"]

    assert bank.request.key_value == authority.request.key_value
    assert ["navne_og_adresse"] == [r["beskyttelsestype"] for r in found(small, bank)]
    assert REFUSALS_BY_BROKER & set(bank.expected.codes)


def test_household_members_are_found_by_address(small: Registers) -> None:
    """The family's address has two adults, married to each other, and two children."""
    rows = found(small, CASES["family-household"])

    assert 2 == sum(row["civilstand"] == "gift" for row in rows)
    assert 2 == sum(str(row["foedselsdato"]) > "2010" for row in rows)
    assert 1 == len({row["darAdresseId"] for row in rows})


def test_benefit_runs_on_after_death_and_emigration(small: Registers) -> None:
    """The dead and the emigrated are paid in December 2024."""
    for status, benefit, expected in (
        ("deceased-status", "deceased-benefit", "doed"),
        ("emigrated-stays", "emigrated-benefit", "udrejst"),
    ):
        number = CASES[status].request.key_value
        person = small.tables["cpr.person"].where("personnummer", number)[-1]
        states = {r["status"] for r in small.tables["cpr.person"].where("personnummer", number)}
        assert person["personnummer"] == CASES[benefit].request.key_value
        assert expected in states
        assert "2024-12" in {row["maaned"] for row in found(small, CASES[benefit])}


def test_income_differs_by_the_time_of_registration(small: Registers) -> None:
    """March 2024 was 24,000 kr until it was corrected to 31,500 kr."""

    def march(name: str) -> list[object]:
        rows = found(small, CASES[name])
        return [row["loenindkomst"] for row in rows if row["maaned"] == "2024-03"]

    assert [24_000] == march("income-as-first-reported")
    assert [31_500] == march("income-as-corrected")


@pytest.mark.parametrize("deviation", [799, 801])
def test_income_deviates_around_the_limit(small: Registers, deviation: int) -> None:
    """One month is off the others by exactly the named amount."""
    amounts = {r["loenindkomst"] for r in found(small, CASES[f"income-deviates-{deviation}"])}

    assert {25_000, 25_000 + deviation} == amounts


def test_consents_are_on_record(small: Registers) -> None:
    """The cited consents exist; one is withdrawn, the other open, both for any case."""
    consents = {row["reference"]: row for row in small.tables["samtykke.samtykke"].records()}
    valid = consents[CASES["consent-valid"].request.consent]
    withdrawn = consents[CASES["consent-withdrawn"].request.consent]

    assert (None, None) == (valid["withdrawnTime"], valid["expiresTime"])
    assert withdrawn["withdrawnTime"] is not None
    assert {None} == {valid["caseReference"], withdrawn["caseReference"]}


def test_registers_without_the_cases_are_refused(small: Registers) -> None:
    """Registers that lack a planted case are told from ours."""
    person = small.tables["cpr.person"]
    tables = dict(small.tables) | {"cpr.person": Table(person.columns, ())}

    with pytest.raises(LookupError, match="family-household"):
        planted_cases(Registers(200, 0, tables))
