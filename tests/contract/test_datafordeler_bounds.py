"""Bounds of a call: cost, pages, subjects, records; and what cannot be asked at all."""

from __future__ import annotations

from pathlib import Path

from adapters.kinds.datafordeler.adapter import Datafordeler
from adapters.kinds.datafordeler.joins import question_of
from adapters.port import Connection, Dataset
from adapters.registers import Registers
from tests.support.adapters import lookup_of
from tests.support.datafordeler import all_turned, failure, simulated, turned


def units() -> Dataset:
    """BBR's units, whose root field costs what the published schema says."""
    return next(turned(d, weight=5000) for d in all_turned("bbr") if d.name == "bbr.enhed")


def keys_of(generated: Registers) -> list[str]:
    return sorted({str(row["id_lokalId"]) for row in generated.tables["bbr.enhed"].records()})


def test_subjects_of_a_call_are_as_many_as_its_cost_allows() -> None:
    """5000 for the root field, 1000 for the filter, and 10 and its fields for each record, one beyond."""
    dataset = units()
    widest = question_of(dataset, sorted(dataset.attribute_names), dataset.keys[0].kind)
    a_record = 10 + len(widest.selected)
    for records, expected in ((2, 1), (11, 10), (5000, 100)):
        options = {"max_cost": str(5000 + 1000 + records * a_record)}
        adapter = Datafordeler("bbr", [dataset], Connection("https://register.example", options))
        assert expected == adapter.most_subjects


async def test_many_subjects_are_divided_and_all_answered(
    generated: Registers, register_folder: Path
) -> None:
    """A hundred subjects at seven a call are fifteen calls, and everybody's answer is there."""
    values = keys_of(generated)[:100]
    async with simulated("bbr", [units()], register_folder, options={"most_subjects": "7"}) as made:
        answers = await made.hosted([units()]).fetch(
            lookup_of(units(), ["status"], "bbr_enhed_id", *values), 30
        )
        assert 15 == made.faults.asked
    assert values == sorted(answers)
    assert any(answers.values())


async def test_more_records_than_may_be_are_an_error(generated: Registers, register_folder: Path) -> None:
    """Never the first so many: a part that looks whole is wrong."""
    building = next(generated.tables["bbr.enhed"].records())["bygning"]
    rows = [
        r for r in generated.tables["bbr.enhed"].records() if r["registreringTil"] is r["virkningTil"] is None
    ]
    crowd = max({r["bygning"] for r in rows}, key=lambda b: sum(r["bygning"] == b for r in rows))
    assert building
    async with simulated("bbr", [units()], register_folder, max_records=1) as made:
        lookup = lookup_of(units(), ["status"], "bbr_bygning_id", str(crowd))
        code, said = await failure(made.hosted([units()]), lookup)
    assert ("REGISTER_ANSWER_INVALID", "bbr.enhed: it gave more records than may be") == (code, said)


async def test_a_service_without_times_is_not_asked_about_the_past(
    generated: Registers, register_folder: Path
) -> None:
    """It would tell what holds now, for what held then: nothing is sent."""
    dataset = turned(units(), effect="none", registration="none")
    value = keys_of(generated)[0]
    async with simulated("bbr", [dataset], register_folder) as made:
        hosted = made.hosted([dataset])
        past = lookup_of(dataset, ["status"], "bbr_enhed_id", value)
        code, said = await failure(hosted, past)
        assert ("REGISTER_ANSWER_INVALID", 0) == (code, made.faults.asked)
        assert "bbr.enhed: it does not tell what held at another time" == said


async def test_a_key_that_no_record_can_have_is_answered_at_once(register_folder: Path) -> None:
    """A number with a leading zero names nothing in a field of numbers: no record, and no call."""
    [dataset] = [d for d in all_turned("vur") if d.name == "vur.vurdering"]
    async with simulated("vur", [dataset], register_folder) as made:
        attribute = dataset.keys[0].attribute
        lookup = lookup_of(dataset, [attribute], dataset.keys[0].kind, "007")
        assert {"007": []} == await made.hosted([dataset]).fetch(lookup, 10)
        assert 0 == made.faults.asked
