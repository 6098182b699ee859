"""Watch: a change is delivered to who may have it, decided and recorded like an exchange."""

from __future__ import annotations

from exchange.client import Answer, Following, Subject
from tests.conftest import Start
from tests.integration.changes.conftest import Change
from tests.support import verdict
from tests.support.changes import QUICK, TASK, ends, followed


def test_change_is_delivered_with_a_record_of_its_own(
    start: Start, persons: list[Subject], change: Change
) -> None:
    """Each subject is read when it is added; then it is told what changed, under a receipt that holds."""
    broker = start(**QUICK)
    following = Following(TASK, ends(), dict.fromkeys(persons[:3], b""))
    with followed(broker, following) as stream:
        first = stream.changes(3)
        assert set(persons[:3]) == {e.subject for e in first}
        stream.alive()
        change(persons[1], civilstand="separeret")
        event = stream.change()
    assert isinstance(event.answer, Answer)
    assert (persons[1], "separeret") == (event.subject, event.answer.records[0]["civilstand"])
    entry = event.answer.receipt.entry
    assert ("change", event.request_id, "granted") == (entry.kind, entry.request_id, entry.outcome)
    assert event.change_time is not None
    assert [None] * 3 == [e.change_time for e in first]
    assert set() == broker.broker.log.writer.open_requests  # type: ignore[union-attr]


def test_change_of_what_is_not_granted_is_not_told(
    start: Start, persons: list[Subject], change: Change
) -> None:
    """It is read and recorded, with nothing released; the subscriber learns nothing by its coming."""
    broker = start(**QUICK)
    following = Following(TASK, ends(), {persons[0]: b""})
    with followed(broker, following) as stream:
        stream.change()
        change(persons[0], husnummer="99X")
        stream.alive()
        entry = verdict.last(broker).entry
        change(persons[0], civilstand="separeret")
        event = stream.change()
    assert isinstance(event.answer, Answer)
    assert ("granted", (), ("UNCHANGED",)) == (entry.outcome, entry.attributes_released, entry.reasons)
    assert TASK.attributes == event.answer.receipt.entry.attributes_released


def test_stream_is_silent_but_alive(start: Start, persons: list[Subject]) -> None:
    """With nothing to tell, heartbeats come, each with a cursor that holds nothing of a subject."""
    broker = start(**QUICK)
    following = Following(TASK, ends(), {persons[0]: b""})
    with followed(broker, following) as stream:
        stream.change()
        cursor = stream.alive().cursor
    assert persons[0].value not in cursor
    assert [] == [p for p in persons if p.value in cursor]
