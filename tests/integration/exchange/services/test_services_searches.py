"""SearchRecords and CountRecords: an authority searches its own side; every look is an entry."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import grpc
import orjson
import pytest
from hjemmel.audit.v1 import audit_service_pb2 as audit_pb

from adapters.registers import Registers
from audit.formats.entry import Event, decode_any
from exchange.client.protocol import new_request_id, verify_receipt
from tests.support import raw, verdict
from tests.support.broker import RunningBroker
from tests.support.questions import case, question_of
from tests.support.raw import Wire, sign, told

UDK, CPR, ODENSE = "91000008", "95000088", "92000028"
GROUND = "gdpr.5.2"


def search(wire: Wire, ground: str = GROUND, **criteria: Any) -> audit_pb.SearchRecordsResponse:
    """Searches."""
    wanted = audit_pb.RecordCriteria(**criteria)
    request = audit_pb.SearchRecordsRequest(ground=ground, criteria=wanted)
    response: audit_pb.SearchRecordsResponse = wire.audits.SearchRecords(request)
    return response


def indexed(wire: Wire, size: int) -> None:
    """Waits until so many entries can be searched, the sealed parts of them included."""
    end = time.monotonic() + 60
    while True:
        found = search(wire, caseworker="nobody")
        if found.searched_size >= size and all(r.first_index >= size for r in found.unsearched):
            return
        assert time.monotonic() < end, "nobody indexes the log"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def asked(
    grpc_server: RunningBroker, grpc_channel: grpc.Channel, body: bytes, generated: Registers
) -> list[int]:
    """Exchanges of Udbetaling Danmark: three about one person, one about another; their indexes."""
    own = grpc_server.site.credentials(raw.UDK)
    wire, indexes = Wire(grpc_channel), []
    other = raw.body_of(question_of(case(generated, "family-household"))).SerializeToString()
    for one in (body, body, other, body):
        wire.exchange(one, sign(own, one, jti=new_request_id()))
        indexes.append(verdict.last(grpc_server).index)
    indexed(wire, indexes[-1] + 1)
    return indexes


def entry_of(server: RunningBroker, index: int) -> Event:
    """The entry about a look."""
    content = server.broker.log.reader.by_index(index).content
    assert isinstance(content, Event)
    return content


def test_what_is_found_can_be_verified(
    grpc_server: RunningBroker, grpc_channel: grpc.Channel, asked: list[int], subject: str
) -> None:
    """By subject: the newest first, each with a receipt that holds, and nothing of it opened."""
    of = audit_pb.RecordSubject(kind="personnummer", value=subject)
    found = search(Wire(grpc_channel), subject=of, kinds=["exchange"])
    assert [i for i in reversed(asked) if i != asked[2]] == [r.index for r in found.records][:3]
    assert len(found.records) == found.total_size
    for record in found.records:
        proof = verify_receipt(record.receipt, grpc_server.broker.log.reader.verifier)
        assert (record.index, []) == (proof.index, list(record.receipt.openings))


def test_a_search_is_an_entry_without_whom_it_was_about(
    grpc_server: RunningBroker, grpc_channel: grpc.Channel, asked: list[int], subject: str
) -> None:
    """Who, on what ground, for what; subject, caseworker, case and the number of records are committed to."""
    of = audit_pb.RecordSubject(kind="personnummer", value=subject)
    found = search(Wire(grpc_channel), subject=of, caseworker="somebody", purposes=["0101011234"])
    stored = grpc_server.broker.log.reader.by_index(found.query_index)
    told = entry_of(grpc_server, found.query_index)
    criterion = orjson.loads(told.details["criterion"])
    assert ("queried", UDK, "authority", GROUND) == (
        told.kind,
        told.caller,
        told.details["role"],
        told.details["ground"],
    )
    # A name that stands nowhere in the log is counted, not told: it may be anything.
    assert ({"purposes": [], "unknown": 1}, "subject caseworker") == (criterion, told.details["sealed"])
    assert {"subject", "caseworker", "response"} == decode_any(stored.leaf)[1].keys()
    assert "matched" not in told.details
    assert not any(secret in stored.leaf for secret in (subject.encode(), b"somebody", b"0101011234"))
    counted = search(Wire(grpc_channel), consumers=[UDK])
    assert str(counted.total_size) == entry_of(grpc_server, counted.query_index).details["matched"]
    assert len(asked) <= counted.total_size


def test_each_sees_its_own_side_only(
    grpc_server: RunningBroker, asked: list[int], generated: Registers
) -> None:
    """The provider finds the records, but not by whom they are about; a stranger finds its own looks."""
    person = question_of(case(generated, "family-household")).subject
    of = audit_pb.RecordSubject(kind=person.kind, value=person.value)
    with raw.connected(grpc_server) as wire:
        assert [asked[2]] == [r.index for r in search(wire, subject=of, kinds=["exchange"]).records]
    with raw.connected(grpc_server, "cpr") as wire:
        assert [asked[2]] == [r.index for r in search(wire, kinds=["exchange"]).records]
        assert 0 == search(wire, subject=of, kinds=["exchange"]).total_size
    with raw.connected(grpc_server, "fjordbanken") as wire:
        first = search(wire)
        assert set() == {*asked} & {r.index for r in first.records}
        indexed(wire, first.query_index + 1)
        kinds = {decode_any(r.receipt.entry)[0].kind for r in search(wire).records}
        assert {"queried"} == kinds
        assert 0 == search(wire, authorities=[UDK]).total_size


def test_pages_and_counts(grpc_channel: grpc.Channel, asked: list[int]) -> None:
    """Page after page gives each record once; counts agree with them."""
    wire, indexes, token = Wire(grpc_channel), [], ""
    wanted = audit_pb.RecordCriteria(kinds=["exchange"])
    while True:
        page = wire.audits.SearchRecords(
            audit_pb.SearchRecordsRequest(ground=GROUND, criteria=wanted, page_size=3, page_token=token)
        )
        indexes += [record.index for record in page.records]
        token = page.next_page_token
        if not token:
            break
    assert sorted(indexes, reverse=True) == indexes
    assert (page.total_size, len(indexes)) == (len(indexes), len({*indexes}))
    for by in (audit_pb.COUNT_BY_DAY, audit_pb.COUNT_BY_PURPOSE, audit_pb.COUNT_BY_CONSUMER):
        request = audit_pb.CountRecordsRequest(ground=GROUND, criteria=wanted, count_by=by)
        counts = wire.audits.CountRecords(request)
        assert (len(indexes), len(indexes)) == (counts.total_size, sum(c.count for c in counts.counts))


@pytest.mark.parametrize(
    ("field", "request_of"),
    [
        ("ground", {"ground": ""}),
        ("ground", {"ground": "0101011234"}),
        ("ground", {"ground": "g.0101011234"}),
        ("ground", {"ground": "'; DROP TABLE log_entries; --"}),
        ("page_size", {"page_size": -1}),
        ("page_size", {"page_size": 1001}),
        ("page_token", {"page_token": "AAAA"}),
        ("page_token", {"page_token": "\u202e\x00"}),
        ("criteria.subject.kind", {"criteria": {"subject": {"kind": "name", "value": "x"}}}),
        ("criteria.subject.value", {"criteria": {"subject": {"kind": "personnummer", "value": "1234"}}}),
        ("criteria.start_time", {"criteria": {"start_time": {"seconds": 2**62}}}),
        ("criteria", {"criteria": {"purposes": ["x"] * 1001}}),
    ],
)
def test_what_cannot_be_asked_is_refused(
    grpc_server: RunningBroker, grpc_channel: grpc.Channel, field: str, request_of: dict[str, Any]
) -> None:
    """With the field that is wrong; nothing of its value is in the answer."""
    request = audit_pb.SearchRecordsRequest(**{"ground": GROUND, **request_of})
    said = told(lambda: Wire(grpc_channel).audits.SearchRecords(request))
    verdict.check_told(said, "FIELD_INVALID", secrets=("0101011234", "DROP", "1234"))
    assert {field} == said.fields.keys()


@pytest.mark.parametrize(
    "value", ["'; DROP TABLE search_names; --", "a\x00b", "%", "*", "\u202eben", "x" * 60_000, "🇩🇰", ""]
)
@pytest.mark.parametrize("field", ["purposes", "reasons", "authorities", "caseworker", "case_reference"])
def test_hostile_texts_find_nothing(
    grpc_channel: grpc.Channel, asked: list[int], field: str, value: str
) -> None:
    """In any field, and change nothing."""
    several = field in {"purposes", "reasons", "authorities"}
    given: dict[str, Any] = {field: [value] if several else value}
    found = search(Wire(grpc_channel), **given, kinds=["exchange"])
    nothing_given = value == "" and not several
    assert (found.total_size > 0) == nothing_given


def test_a_guessed_record_is_refused_and_recorded(grpc_server: RunningBroker, asked: list[int]) -> None:
    """Another authority's record, or one that is not there: the log tells who looked, either way."""
    with raw.connected(grpc_server, "odense") as wire:
        guesses: list[tuple[dict[str, Any], str]] = [
            ({"index": asked[0]}, f"index {asked[0]}"),
            ({"index": 10**9}, f"index {10**9}"),
            ({"request_id": "0101011234"}, "no request id"),
        ]
        for named, expected in guesses:
            request = audit_pb.GetReceiptRequest(**named)
            verdict.check_told(told(partial(wire.audits.GetReceipt, request)), "NOT_FOUND")
            entry = entry_of(grpc_server, verdict.last(grpc_server).index)
            told_of = (entry.details["asked"], entry.details["refused"], entry.details["named"])
            assert (ODENSE, ("record", "yes", expected)) == (entry.caller, told_of)


def test_an_authoritys_looks_are_nobody_elses(grpc_server: RunningBroker, grpc_channel: grpc.Channel) -> None:
    """Others neither get the entry nor find it; who looked gets it with its openings."""
    mine = search(Wire(grpc_channel)).query_index
    request = audit_pb.GetReceiptRequest(index=mine)
    assert "queried" == decode_any(Wire(grpc_channel).audits.GetReceipt(request).receipt.entry)[0].kind
    with raw.connected(grpc_server, "odense") as wire:
        said = told(lambda: wire.audits.GetReceipt(request))
        verdict.check_told(said, "NOT_FOUND")
