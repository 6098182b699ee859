"""Who may not is told nothing, and that by saying so: nothing is told by what comes or stays away."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hjemmel.exchange.v1 import exchange_service_pb2 as pb
from hjemmel.exchange.v1 import many_pb2, watch_pb2

from adapters.registers import Registers
from exchange.client import Answer, ClientError, Following, Subject, Task
from exchange.client.changes import Stream
from exchange.client.many import Asking
from exchange.config import DEFAULT_POLICIES
from tests.conftest import Start
from tests.integration.changes.conftest import Change
from tests.support import raw, verdict
from tests.support.adapters import Watched
from tests.support.changes import PATIENCE, QUICK, TASK, ends, followed
from tests.support.participants import ParticipantsFile
from tests.support.questions import case, question_of

PRIVATE = "fjordbanken"


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A copy of the policies, to be changed."""
    return Path(shutil.copytree(DEFAULT_POLICIES, tmp_path / "policies"))


def end_agreement(folder: Path, name: str) -> None:
    file = folder / "agreements" / "data.json"
    document = orjson.loads(file.read_bytes())
    document[name]["valid_to"] = "2024-12-31"
    new = file.with_suffix(".new")
    new.write_bytes(orjson.dumps(document))
    new.replace(file)


def codes(answer: Answer | ClientError) -> list[str]:
    return ["granted"] if isinstance(answer, Answer) else [r.code for r in answer.reasons]


def test_agreement_that_ends_ends_all_deliveries_and_is_told_once(
    start: Start, persons: list[Subject], change: Change, policies: Path
) -> None:
    """Each subject is refused once, recorded, changed or not; nothing comes afterwards."""
    watched = Watched()
    settings = {**QUICK, "policy": {"folder": str(policies), "follow": "saved"}}
    broker = start(change=watched, **settings)
    following = Following(TASK, ends(), dict.fromkeys(persons[:4], b""))
    with followed(broker, following) as stream:
        stream.changes(4)
        read = len(watched.asked)
        end_agreement(policies, TASK.agreement)
        refused = stream.changes(4)
        assert [["AGREEMENT_ENDED"]] * 4 == [codes(e.answer) for e in refused]
        assert set(persons[:4]) == {e.subject for e in refused}
        size = verdict.size(broker)
        change(persons[0], civilstand="separeret")
        stream.alive()
        assert size == verdict.size(broker)
    assert {} == following.subjects
    assert read == len(watched.asked)
    receipts = [e.answer.receipt for e in refused]
    assert ["refused"] * 4 == [r.entry.outcome for r in receipts if r]


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (lambda e: e.update(status="revoked"), "PARTICIPANT_REVOKED"),
        (lambda e: e.update(certificates=[]), "CERTIFICATE_NOT_BOUND"),
        (lambda e: e.update(jwks={"keys": []}), "SIGNATURE_KEY_UNKNOWN"),
    ],
)
def test_what_is_withdrawn_ends_an_open_subscription(
    start: Start,
    persons: list[Subject],
    keys: Path,
    tmp_path: Path,
    edit: Callable[[dict[str, Any]], object],
    code: str,
) -> None:
    """A participation, certificate or key that was good when the call began; the end is recorded."""
    file = ParticipantsFile(keys / "participants.json", tmp_path)
    broker = start(identity=file.settings, **QUICK)
    following = Following(TASK, ends(), {persons[0]: b""})
    with followed(broker, following) as stream:
        stream.change()
        file.edit(broker.site.credentials(raw.UDK).cvr, edit)
        assert stream.over.wait(PATIENCE)
    assert stream.error is not None
    assert code == stream.error.code
    entry = verdict.last(broker).entry
    assert ("change", "refused", (code,)) == (entry.kind, entry.outcome, entry.reasons)


def test_subject_that_may_not_be_followed_is_refused_at_once_and_not_read(
    start: Start, generated: Registers, persons: list[Subject], change: Change
) -> None:
    """Also where its subscriber says that it has its data, and comes with a cursor: it waits for nothing."""
    watched = Watched()
    broker = start(change=watched, **QUICK)
    with followed(broker, mine := Following(TASK, ends(), {persons[0]: b""})) as stream:
        stream.change()
        stream.alive()
    read = len(watched.asked)
    task = replace(TASK, attributes=("civilstand", "etage"))
    foreign = Following(task, ends(), {persons[1]: b"x" * 32}, mine.cursor)
    with followed(broker, foreign) as stream:
        event = stream.change()
        assert not isinstance(event.answer, Answer)
        stream.alive()
    assert {} == foreign.subjects
    assert read == len(watched.asked)


def test_protected_person_is_told_of_as_in_an_exchange(
    start: Start, generated: Registers, change: Change
) -> None:
    """Withheld stays withheld: a move of somebody protected is read, recorded, and not delivered."""
    broker = start(**QUICK)
    question = question_of(case(generated, "protected-address-private"))
    task = Task(
        dataset=question.dataset,
        attributes=question.attributes,
        key_kind=question.subject.kind,
        purpose=question.purpose,
        legal_basis=question.legal_basis,
        agreement=question.agreement,
        caseworker=question.caseworker,
        partial_acceptable=True,
    )
    subject = Subject(question.subject.value, question.subject_role, question.case_reference)
    with followed(broker, Following(task, ends(), {subject: b""}), PRIVATE) as stream:
        first = stream.change()
        assert isinstance(first.answer, Answer)
        assert "husnummer" in {w.attribute for w in first.answer.withheld}
        change(subject, husnummer="77", cprVejkode="0147")
        stream.alive()
        entry = verdict.last(broker).entry
        assert ("UNCHANGED",) == entry.reasons[-1:]
        assert () == entry.attributes_released


def test_register_is_read_after_the_intention_and_a_refusal_reads_nothing(
    start: Start, persons: list[Subject]
) -> None:
    """Every reading stands in the log: as many records as readings, none open."""
    watched = Watched()
    broker = start(change=watched, **QUICK)
    with followed(broker, Following(TASK, ends(), dict.fromkeys(persons[:5], b""))) as stream:
        stream.changes(5)
    assert 5 == verdict.size(broker)
    entries = [broker.broker.log.reader.by_index(i).entry for i in range(5)]
    assert [("change", "granted", TASK.dataset)] * 5 == [(e.kind, e.outcome, e.dataset) for e in entries]
    for subject in persons[:5]:
        leaves = [broker.broker.log.reader.by_index(i).leaf for i in range(5)]
        assert [] == [leaf for leaf in leaves if subject.value.encode() in leaf]


Spoil = Callable[[list[watch_pb2.WatchRequest], Asking], None]


def _no_opening(requests: list[watch_pb2.WatchRequest], _asking: Asking) -> None:
    del requests[0]


def _signature(requests: list[watch_pb2.WatchRequest], _asking: Asking) -> None:
    mandate = requests[0].opening.mandate
    mandate.signature = mandate.signature[:-4] + "AAAA"


def _not_a_subscription(requests: list[watch_pb2.WatchRequest], asking: Asking) -> None:
    requests[0].opening.mandate.CopyFrom(asking.mandate)


def _other_mandate(requests: list[watch_pb2.WatchRequest], asking: Asking) -> None:
    requests[1].batch.CopyFrom(asking.batch([Subject("6101701234", "applicant", "SAG")]).message)


def _other_subject(requests: list[watch_pb2.WatchRequest], _asking: Asking) -> None:
    body = many_pb2.SubjectBody.FromString(requests[1].batch.subjects[0])
    body.value = "6101701234"
    requests[1].batch.subjects[0] = body.SerializeToString(deterministic=True)


def _twice(requests: list[watch_pb2.WatchRequest], _asking: Asking) -> None:
    requests.insert(2, requests[1])


def _no_subjects(requests: list[watch_pb2.WatchRequest], _asking: Asking) -> None:
    del requests[1].batch.subjects[:]


def _opening_again(requests: list[watch_pb2.WatchRequest], _asking: Asking) -> None:
    requests.append(requests[0])


SPOILT: list[tuple[Spoil, str]] = [
    (_no_opening, "ENVELOPE_EMPTY"),
    (_signature, "SIGNATURE_INVALID"),
    (_not_a_subscription, "FIELD_INVALID"),
    (_other_mandate, "MANDATE_MISMATCH"),
    (_other_subject, "BODY_DIGEST_MISMATCH"),
    (_twice, "FIELD_INVALID"),
    (_no_subjects, "FIELD_INVALID"),
    (_opening_again, "FIELD_INVALID"),
]


@pytest.mark.parametrize(("spoil", "code"), SPOILT, ids=[s.__name__.strip("_") for s, _ in SPOILT])
def test_nothing_is_followed_that_was_not_signed(
    start: Start, persons: list[Subject], spoil: Spoil, code: str
) -> None:
    """The call ends with the reason; what was not signed is never read."""
    watched = Watched()
    broker = start(change=watched, **QUICK)
    own = broker.site.credentials(raw.UDK)
    requests = list(Stream(own, Following(TASK, ends(), {persons[0]: b""})).opening())
    begin = requests.pop()
    spoil(requests, Asking(own, TASK))
    with raw.connected(broker) as wire:
        said = raw.told(lambda: list(wire.exchanges.Watch(held([*requests, begin]))))
    assert code == said.reason
    assert [n for n, _ in watched.asked] in ([], [TASK.dataset])


@pytest.mark.parametrize(
    ("task", "after", "field"),
    [
        (TASK, {"days": 8}, "subscription.end_time"),
        (replace(TASK, matching=True), {"days": 1}, "matching"),
        (replace(TASK, effect_time=ends(days=-1)), {"days": 1}, "effect_time"),
    ],
)
def test_mandate_that_is_none_for_a_subscription_names_the_field(
    start: Start, persons: list[Subject], task: Task, after: dict[str, float], field: str
) -> None:
    """It is bounded in time, about cases that run, and about what holds now."""
    broker = start(**QUICK)
    with broker.client() as client, pytest.raises(ClientError) as caught:
        next(iter(client.watch(Following(task, ends(**after), {persons[0]: b""}))))
    assert [field] == [v.field for v in caught.value.violations]
    assert 1 == verdict.size(broker)


def test_mandate_of_a_subscription_is_none_for_many(start: Start, persons: list[Subject]) -> None:
    """What was signed for one call does nothing in the other."""
    broker = start()
    own = broker.site.credentials(raw.UDK)
    opening, batch, _ = Stream(own, Following(TASK, ends(), {persons[0]: b""})).opening()
    requests = [
        pb.ExchangeManyRequest(mandate=opening.opening.mandate),
        pb.ExchangeManyRequest(batch=batch.batch),
    ]
    with raw.connected(broker) as wire:
        said = raw.told(lambda: list(wire.exchanges.ExchangeMany(iter(requests))))
    assert "FIELD_INVALID" == said.reason


def test_one_authority_has_so_many_subscriptions_and_subjects_at_once(
    start: Start, persons: list[Subject]
) -> None:
    """More are refused, and recorded; others are not touched by that."""
    broker = start(changes={**QUICK["changes"], "streams": 1, "subjects": 2})
    with followed(broker, Following(TASK, ends(), {persons[0]: b""})) as stream:
        stream.change()
        with raw.connected(broker) as wire:
            opening = Stream(broker.site.credentials(raw.UDK), Following(TASK, ends())).opening()
            said = raw.told(lambda: list(wire.exchanges.Watch(held(list(opening)))))
        assert "SUBSCRIBED_TOO_OFTEN" == said.reason
        stream.alive()
    with broker.client() as client, pytest.raises(ClientError) as caught:
        list(client.watch(Following(TASK, ends(), dict.fromkeys(persons[:3], b""))))
    assert "FIELD_INVALID" == caught.value.code


def test_key_that_the_dataset_does_not_have_is_refused(start: Start) -> None:
    """Before anything is followed."""
    broker = start(**QUICK)
    with broker.client() as client, pytest.raises(ClientError) as caught:
        next(iter(client.watch(Following(replace(TASK, key_kind="cvr_nummer"), ends()))))
    assert caught.value.code in {"KEY_KIND_UNKNOWN", "FIELD_INVALID"}


def test_register_that_is_away_is_told_by_a_time_that_stands_still_and_nothing_is_lost(
    start: Start, persons: list[Subject], change: Change
) -> None:
    """Heartbeats go on, but say no more that all was delivered; once it is back the change comes."""
    watched = Failing()
    broker = start(change=watched, **QUICK)
    following = Following(TASK, ends(), {persons[0]: b""})
    with followed(broker, following) as stream:
        stream.change()
        stream.alive()
        watched.fails = True
        change(persons[0], civilstand="separeret")
        end = time.monotonic() + PATIENCE
        while verdict.last(broker).entry.outcome != "failed":
            assert time.monotonic() < end
            time.sleep(0.02)
        watched.fails = False
        event = stream.change()
    assert isinstance(event.answer, Answer)
    assert "separeret" == event.answer.records[0]["civilstand"]


class Failing(Watched):
    """Registers that are away when the test says so."""

    fails = False

    async def before_reading(self) -> None:
        if self.fails:
            raise RuntimeError("6101701234")  # what nobody may be told


def held(requests: list[watch_pb2.WatchRequest]) -> Iterator[watch_pb2.WatchRequest]:
    """Says something, and then nothing, without hanging up."""
    yield from requests
    threading.Event().wait(PATIENCE)
