"""What follows from what came: about whom to ask next, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from exchange.model.decision import Reason, RefusedAttribute
from exchange.model.request import Record
from exchange.packages.course import Came, Course, Gap
from exchange.packages.model import APPLICANT, Key, LeaveOut, Part, Reference, Terms
from tests.support.packages import LAW_DATE

APPLICANT_NUMBER, SPOUSE, ADULT, CHILD = "7204863900", "9009841234", "7101881111", "7702138888"


def part(name: str, key: Key | None = None, **changes: Any) -> Part:
    plain = Part(
        name=name,
        dataset="x.y",
        attributes=("id", "born", "spouse"),
        role="applicant",
        purpose="p",
        legal_basis="l",
        key=key or Key("personnummer", APPLICANT),
        needed=True,
        no_record_is_answer=False,
        partial=False,
    )
    return replace(plain, **changes)


PERSON = part("person")
MEMBERS = part(
    "members",
    Key(
        "personnummer",
        Reference("person", "id"),
        exclude=(APPLICANT, Reference("person", "spouse")),
        leave_out=LeaveOut("born", 18),
        most=3,
    ),
    needed=False,
)
LAST = part("last", Key("personnummer", Reference("members", "id"), most=5))
TERMS = Terms("p", "personnummer", (PERSON, MEMBERS, LAST))


def course(cited: Sequence[str] = ("person", "members", "last")) -> Course:
    return Course(TERMS, APPLICANT_NUMBER, cited, LAW_DATE)


def came(*records: Record, withheld: Sequence[str] = ()) -> Came:
    return Came(records, tuple(RefusedAttribute(a, Reason("WHY")) for a in withheld))


def follow(*records: Record, withheld: Sequence[str] = ()) -> tuple[str, ...] | Gap:
    """About whom `members` is, after these records of `person` came."""
    done = course()
    done.came(PERSON, 0, "id", came(*records, withheld=withheld))
    return done.subjects(MEMBERS)


def test_part_is_due_once_all_that_it_follows_has_come() -> None:
    """The applicant's parts are due at once, the others one after the other."""
    done = course()
    assert [True, False, False] == [done.is_due(p) for p in TERMS.parts]
    assert (APPLICANT_NUMBER,) == done.subjects(PERSON)
    done.came(PERSON, 0, "a", came({"id": ADULT}))
    assert [True, True, False] == [done.is_due(p) for p in TERMS.parts]
    done.came(MEMBERS, 0, "b", came({"id": ADULT}))
    assert ([True, True, True], False) == ([done.is_due(p) for p in TERMS.parts], done.is_over)
    done.came(LAST, 0, "c", came({"id": ADULT}))
    assert (True, ()) == (done.is_over, done.missing())


def test_join_gives_each_value_once_in_the_order_of_the_records() -> None:
    """Neither the same person twice, nor another order on the client than on the broker."""
    assert (ADULT, "9") == follow({"id": ADULT}, {"id": "9"}, {"id": ADULT})


def test_join_leaves_out_whom_other_parts_are_about() -> None:
    """The applicant and the spouse are asked about in parts of their own."""
    assert (ADULT,) == follow({"id": APPLICANT_NUMBER, "spouse": SPOUSE}, {"id": SPOUSE}, {"id": ADULT})


@pytest.mark.parametrize(
    ("born", "asked"),
    [
        ("2007-01-02", ()),  # 17 on the law date, 18 the day after
        ("2007-01-01", (CHILD,)),
        ("2013-02-17", ()),
        ("2025-06-01", ()),  # not born yet: no adult
        ("17-02-2013", (CHILD,)),  # unknown: the law's own obligation decides
        (None, (CHILD,)),
    ],
)
def test_join_leaves_out_who_is_known_to_be_too_young(born: str | None, asked: tuple[str, ...]) -> None:
    """On the law date. Whose age cannot be read is not left out unseen."""
    record: Record = {"id": CHILD} if born is None else {"id": CHILD, "born": born}
    assert asked == follow(record)


def test_values_that_name_nobody_lead_to_nobody() -> None:
    """A record without the value, and a yes where a value was."""
    assert () == follow({"born": "1980-01-01"}, {"id": True})
    assert ("100",) == follow({"id": 100})


def test_too_many_subjects_are_none() -> None:
    """Nobody is asked about, rather than the first few."""
    assert Gap("PART_TOO_MANY_SUBJECTS", "person") == follow(*({"id": str(n)} for n in range(4)))


@pytest.mark.parametrize("attribute", ["id", "spouse"])
def test_withheld_attribute_leads_to_nobody(attribute: str) -> None:
    """Neither a join nor an exclusion goes on without the attribute that it stands on."""
    assert Gap("PART_WAITS_FOR_MISSING", "person") == follow({"born": "1980-01-01"}, withheld=(attribute,))


def test_what_waits_for_what_failed_is_missing_because_of_it() -> None:
    """The chain is told link by link, each with the part before it."""
    done = course()
    done.came(PERSON, 0, "a", Reason("REGISTER_TIMEOUT"))
    said = [(m.part, m.reason.code, m.because_of, m.request_id, m.needed) for m in done.missing()]
    assert [
        ("person", "REGISTER_TIMEOUT", "", "a", True),
        ("members", "PART_WAITS_FOR_MISSING", "person", "", False),
        ("last", "PART_WAITS_FOR_MISSING", "members", "", True),
    ] == said
    assert done.is_over


def test_part_that_no_agreement_is_cited_for_is_missing() -> None:
    """It is not asked; nor is what follows it."""
    done = course(cited=("person", "last"))
    done.came(PERSON, 0, "a", came({"id": ADULT}))
    assert [("members", "PART_NOT_CITED"), ("last", "PART_WAITS_FOR_MISSING")] == [
        (m.part, m.reason.code) for m in done.missing()
    ]


def test_no_record_is_an_answer_or_a_gap_as_the_terms_say() -> None:
    """Owning none is an answer; a dwelling that nobody knows is not."""
    asked = Terms("p", "personnummer", (part("a"), part("b", no_record_is_answer=True)))
    done = Course(asked, APPLICANT_NUMBER, ("a", "b"), LAW_DATE)
    for one in asked.parts:
        done.came(one, 0, one.name, came())
    assert [("a", "PART_NO_RECORD", "a")] == [(m.part, m.reason.code, m.request_id) for m in done.missing()]


def test_nobody_to_ask_about_is_an_answer_or_a_gap_as_the_terms_say() -> None:
    """Without a spouse there is no spouse's income; without an address there is no dwelling."""
    key = Key("personnummer", Reference("person", "id"))
    asked = Terms("p", "personnummer", (PERSON, part("a", key), part("b", key, no_record_is_answer=True)))
    done = Course(asked, APPLICANT_NUMBER, ("person", "a", "b"), LAW_DATE)
    done.came(PERSON, 0, "id", came({"born": "1980-01-01"}))
    assert [("a", "PART_NO_SUBJECT", "person")] == [
        (m.part, m.reason.code, m.because_of) for m in done.missing()
    ]


def test_join_goes_on_over_those_who_were_answered() -> None:
    """One subject's refusal ends nothing; it is told as missing itself."""
    done = course()
    done.came(PERSON, 0, "a", came({"id": "1"}, {"id": "2"}))
    done.came(MEMBERS, 1, "c", came({"id": "22"}))
    done.came(MEMBERS, 0, "b", Reason("SUBJECT_IS_CHILD", text_da="Barn."))
    assert ("22",) == done.subjects(LAST)
    done.came(LAST, 0, "d", came({"id": "3"}))
    assert [("members", "b", "Barn.")] == [(m.part, m.request_id, m.reason.text_da) for m in done.missing()]


def test_withheld_attributes_are_missing_each_for_its_reason() -> None:
    """Where a part of the attributes does, what is left out is told."""
    done = Course(Terms("p", "personnummer", (PERSON,)), APPLICANT_NUMBER, ("person",), LAW_DATE)
    done.came(PERSON, 0, "a", came({"id": "1"}, withheld=("born", "spouse")))
    assert [("person", "WHY")] == [(m.part, m.reason.code) for m in done.missing()]


def test_every_reason_is_told_in_both_languages() -> None:
    """Those of the broker, too, which are in English: a sentence in Danish names the code."""
    done = course(cited=("person",))
    done.came(PERSON, 0, "a", Reason("REGISTER_TIMEOUT", text_en="The register did not answer in time."))
    assert all(m.reason.text_en and m.reason.text_da for m in done.missing())
    assert "Udvekslingen endte uden oplysninger (REGISTER_TIMEOUT)." == done.missing()[0].reason.text_da
