"""Whatever a register answers is cut to the grant; a question that cannot be answered withholds."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.minimise import Minimised, WrongTypeError, cut
from exchange.model.catalogue import Attribute, Dataset, Key, Source, Text
from exchange.model.decision import Condition, Decision, Effect, Obligation, Reason
from exchange.model.request import Record, Value

TODAY = date(2026, 11, 21)
TEXT = Text("", "")
TYPES = {"name": "string", "count": "integer", "open": "boolean", "born": "date", "secret": "string"}
DATASET = Dataset(
    name="x.thing",
    register="x",
    provider="95000088",
    title=TEXT,
    subject="person",
    source=Source("sql", {}, ""),
    attributes=tuple(Attribute(n, t, "ordinary", TEXT) for n, t in TYPES.items()),
    keys=(Key("personnummer", "name", "one"),),
)


def decision(*names: str, duties: tuple[Obligation, ...] = ()) -> Decision:
    return Decision(
        allow=True,
        granted=names,
        refused=(),
        reasons=(),
        obligations=duties,
        legal_basis_version="1",
        revision="r",
    )


def duty(
    *names: str,
    test: str = "equals",
    value: Value = "protected",
    fact: str = "x.thing.status",
    code: str = "WHY",
) -> Obligation:
    condition = Condition(fact, test, value)
    return Obligation(f"withhold-{code}", Effect.WITHHOLD, frozenset(names), condition, Reason(code))


def minimised(
    records: list[Record],
    *granted: str,
    duties: tuple[Obligation, ...] = (),
    facts: list[Any] | None = None,
    law_date: date = TODAY,
) -> Minimised:
    found = {} if facts is None else {"x.thing.status": facts}
    return cut(DATASET, decision(*granted, duties=duties), records, found, law_date)


def test_only_granted_attributes_are_kept() -> None:
    """An attribute that came along ungranted does not leave."""
    result = minimised([{"name": "a", "secret": "s", "count": 1, "unheard-of": "x"}], "count", "name")
    assert ({"count": 1, "name": "a"},) == result.records
    assert (("count", "name"), (), ()) == (result.released, result.withheld, result.applied)


def test_absent_values_are_left_out() -> None:
    """What a register does not know is not released as nothing."""
    assert ({"count": 0},) == minimised([{"name": None, "count": 0}], "count", "name").records  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", 1),
        ("name", True),
        ("name", ["a"]),
        ("name", b"a"),
        ("count", "1"),
        ("count", True),
        ("count", 1.0),
        ("open", 1),
        ("open", "true"),
        ("born", date(2020, 1, 1)),
    ],
)
def test_value_of_another_type_is_an_error(name: str, value: Any) -> None:
    """A value of another type than the catalogue's says nothing that can be relied on."""
    with pytest.raises(WrongTypeError):
        minimised([{name: value}], name)


def test_ungranted_value_of_another_type_does_not_matter() -> None:
    """Only what is released is looked at."""
    assert ({"name": "a"},) == minimised([{"name": "a", "count": "no number"}], "name").records


@pytest.mark.parametrize(
    ("value", "facts", "holds"),
    [
        ("protected", ["protected"], True),
        ("protected", ["open"], False),
        ("protected", [None], False),
        ("protected", ["open", "protected"], True),
        ("protected", [], True),
        ("protected", [1], True),
        (True, [True], True),
        (True, [False], False),
        (True, [None], True),
        (True, ["false"], True),
        (True, [0], True),
        (False, [0], True),
        (3, [3], True),
        (3, [4], False),
        (1, [True], True),
    ],
)
def test_equality_withholds(value: Value, facts: list[Any], *, holds: bool) -> None:
    """Withheld when the fact is the value, is of another type, or is told by no record."""
    result = minimised(
        [{"name": "a", "count": 1}], "count", "name", duties=(duty("name", value=value),), facts=facts
    )
    assert holds == (result.released == ("count",))
    assert ["withheld" if holds else "not_applicable"] == [a.effect for a in result.applied]


def test_fact_that_nobody_asked_for_withholds() -> None:
    """An obligation whose fact was never fetched cannot be answered."""
    result = minimised([{"name": "a"}], "name", duties=(duty("name"),), facts=None)
    assert (({},), ()) == (result.records, result.released)


@pytest.mark.parametrize(
    ("born", "law_date", "holds"),
    [
        ("2008-11-22", TODAY, True),  # eighteen tomorrow
        ("2008-11-21", TODAY, False),  # eighteen today
        ("2008-11-20", TODAY, False),
        ("2008-02-29", date(2026, 2, 28), True),
        ("2008-02-29", date(2026, 3, 1), False),
        ("1950-01-01", TODAY, False),
        ("1950-01-01", date(1967, 12, 31), True),  # the law date decides, not today
        ("2030-01-01", TODAY, True),
        (None, TODAY, True),
        ("", TODAY, True),
        ("1950-00-00", TODAY, True),
        ("19500101", TODAY, True),
        (19500101, TODAY, True),
        (True, TODAY, True),
    ],
)
def test_age_withholds(born: Any, law_date: date, *, holds: bool) -> None:
    """Below eighteen on the law date, or not known to be above: withheld."""
    duties = (duty("name", test="age_below", value=18),)
    result = minimised([{"name": "a"}], "name", duties=duties, facts=[born], law_date=law_date)
    assert holds == (result.released == ())


def test_reason_of_the_first_obligation_is_given() -> None:
    """An attribute that two obligations withhold is withheld once, both are noted as applied."""
    duties = (duty("name", code="FIRST"), duty("name", "count", code="SECOND"))
    result = minimised([{"name": "a", "count": 1}], "count", "name", duties=duties, facts=["protected"])
    assert [("name", "FIRST"), ("count", "SECOND")] == [(w.attribute, w.reason.code) for w in result.withheld]
    assert ["withhold-FIRST", "withhold-SECOND"] == [a.id for a in result.applied]


def test_obligation_touches_only_what_was_granted() -> None:
    """Nothing is told of attributes that were not granted anyway."""
    result = minimised([{"count": 1}], "count", duties=(duty("count", "secret"),), facts=["protected"])
    assert ["count"] == [w.attribute for w in result.withheld]


def test_no_record_tells_nothing() -> None:
    """Where the register has no record, withholding would only tell that somebody is protected."""
    result = minimised([], "name", duties=(duty("name"),), facts=["protected"])
    assert (((), ("name",), ()), "not_applicable") == (
        (result.records, result.released, result.withheld),
        result.applied[0].effect,
    )


def test_every_record_is_cut() -> None:
    """An obligation that holds for one record holds for all of the answer."""
    records: list[Record] = [{"name": "a", "count": 1}, {"name": "b", "count": 2}]
    result = minimised(records, "count", "name", duties=(duty("name"),), facts=["open", "protected"])
    assert ({"count": 1}, {"count": 2}) == result.records


VALUES = {"string": st.text(), "integer": st.integers(), "boolean": st.booleans(), "date": st.text()}
RECORDS = st.lists(st.fixed_dictionaries({}, optional={n: VALUES[t] for n, t in TYPES.items()}), max_size=4)


@given(
    records=RECORDS,
    granted=st.sets(st.sampled_from(sorted(TYPES))).map(sorted),
    touched=st.lists(st.frozensets(st.sampled_from(sorted(TYPES)), min_size=1), max_size=3),
    facts=st.lists(st.none() | st.sampled_from(["protected", "open"]), max_size=3),
)
def test_nothing_ungranted_or_withheld_ever_leaves(
    records: list[Record], granted: list[str], touched: list[frozenset[str]], facts: list[Any]
) -> None:
    """For any records, grant, obligations and facts: what leaves was granted, not withheld, and unaltered."""
    duties = tuple(duty(*names) for names in touched)
    result = minimised(records, *granted, duties=duties, facts=facts)
    withheld = {w.attribute for w in result.withheld}
    assert len(records) == len(result.records)
    assert set(granted) == set(result.released) | withheld
    assert not set(result.released) & withheld
    for before, after in zip(records, result.records, strict=True):
        assert {n: v for n, v in before.items() if n in result.released} == after


def indicator(*names: str) -> Obligation:
    return Obligation("indicate", Effect.INDICATE, frozenset(names), None, Reason("ONLY_WHETHER"))


def test_indicated_attributes_leave_as_yes_or_no() -> None:
    """Many records become one that says of each attribute whether any has it; an amount of 0 is none."""
    records: list[Record] = [{"name": "a", "count": 0}, {"name": "b", "count": 0}]
    result = minimised(records, "count", "name", duties=(indicator("count", "name"),))
    assert ({"count": False, "name": True},) == result.records
    assert [("indicate", "", "indicated")] == [(o.id, o.fact, o.effect) for o in result.applied]


def test_indicated_nothing_is_no() -> None:
    """A subject of whom the register knows nothing is told as no, not as an empty answer."""
    assert ({"count": False},) == minimised([], "count", duties=(indicator("count"),)).records


def test_indicated_attribute_can_be_withheld() -> None:
    """What another obligation withholds is not told, not even as yes or no."""
    duties = (indicator("count", "name"), duty("name"))
    result = minimised([{"name": "a", "count": 1}], "count", "name", duties=duties, facts=["protected"])
    assert ({"count": True},) == result.records


def test_review_withholds_nothing() -> None:
    """An exchange for a second person to look at is released whole, and says so."""
    review = Obligation("second_person", Effect.REVIEW, frozenset({"count"}), None, Reason("REVIEW"))
    result = minimised([{"count": 7}], "count", duties=(review,))
    assert ({"count": 7},) == result.records
    assert ["review"] == [o.effect for o in result.applied]
