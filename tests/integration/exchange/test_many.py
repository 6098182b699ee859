"""ExchangeMany: many subjects under one signed mandate, and each exchange as if it were the only one."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import grpc
import pytest
from hjemmel.exchange.v1 import exchange_service_pb2 as pb
from hjemmel.exchange.v1 import many_pb2

from adapters.registers import Registers
from audit.formats.commitment import opens
from audit.formats.entry import decode
from exchange.batched import MAX_SUBJECTS, Tree
from exchange.client import Answer, Answered, AsyncClient, ClientError, Credentials, Refused, Subject, Task
from exchange.client.many import Asking
from exchange.client.protocol import new_request_id
from exchange.sealed import request_bytes
from tests.conftest import Start
from tests.support import raw, verdict
from tests.support.adapters import Watched
from tests.support.broker import RunningBroker
from tests.support.questions import granted
from tests.support.raw import Wire, sign, told

CASEWORKER = "batch-indkomst"


@pytest.fixture(scope="session")
def task(generated: Registers) -> Task:
    """Udbetaling Danmark asks for incomes."""
    question = granted(generated)
    return Task(
        dataset=question.dataset,
        attributes=question.attributes,
        key_kind=question.subject.kind,
        purpose=question.purpose,
        legal_basis=question.legal_basis,
        agreement=question.agreement,
        caseworker=CASEWORKER,
    )


@pytest.fixture(scope="session")
def persons(generated: Registers) -> list[Subject]:
    """Everybody, some of them children, each in a case of its own."""
    table = generated.tables["cpr.person"]
    column = table.columns.index("personnummer")
    numbers = sorted({str(row[column]) for row in table.rows})
    return [Subject(number, "applicant", f"SAG-{i:06}") for i, number in enumerate(numbers)]


async def _each(subjects: Iterable[Subject]) -> AsyncIterator[Subject]:
    for subject in subjects:
        yield subject


async def _all(broker: RunningBroker, task: Task, subjects: Sequence[Subject]) -> list[Answered]:
    async with AsyncClient(broker.target, broker.site.credentials(raw.UDK)) as client:
        return [answered async for answered in client.exchange_many(task, _each(subjects))]


def ask(broker: RunningBroker, task: Task, subjects: Sequence[Subject]) -> list[Answered]:
    return asyncio.run(_all(broker, task, subjects))


def outcome(answer: Answer | ClientError) -> str:
    return "granted" if isinstance(answer, Answer) else ",".join(r.code for r in answer.reasons)


def test_each_subject_has_an_answer_and_a_record_of_its_own(
    start: Start, task: Task, persons: list[Subject], generated: Registers
) -> None:
    """Answers come in order, each with the receipt of its own entry; what one is refused, others get."""
    broker = start()
    answers = ask(broker, task, persons)
    assert persons == [a.subject for a in answers]
    assert {"granted", "SUBJECT_IS_CHILD"} == {outcome(a.answer) for a in answers}
    receipts = [a.answer.receipt for a in answers]
    assert len(persons) == len({r.index for r in receipts if r}) == verdict.size(broker)
    assert [a.request_id for a in answers] == [r.entry.request_id for r in receipts if r]
    client = broker.client()
    with client:
        for answered in answers[:: len(answers) // 20]:
            number = answered.subject.value
            question = granted(generated, subject=replace(granted(generated).subject, value=number))
            try:
                alone: Any = client.exchange(question).records
            except Refused as refused:
                alone = [r.code for r in refused.reasons]
            many = answered.answer
            assert alone == (many.records if isinstance(many, Answer) else [r.code for r in many.reasons])


def test_the_synchronous_client_asks_as_well(start: Start, task: Task, persons: list[Subject]) -> None:
    """The same answers, in the same order."""
    broker = start()
    with broker.client() as client:
        answers = list(client.exchange_many(task, iter(persons)))
    assert persons == [a.subject for a in answers]
    assert {"granted", "SUBJECT_IS_CHILD"} == {outcome(a.answer) for a in answers}


def test_registers_are_asked_about_many_at_once_and_for_nothing_more(
    start: Start, task: Task, persons: list[Subject]
) -> None:
    """One look-up for the data and one for the fact that the obligation names, whatever the number."""
    watched = Watched()
    broker = start(change=watched)
    answers = ask(broker, task, persons[:100])
    assert 100 == len(answers)
    asked = Counter(watched.asked)
    assert {("cpr.person", ("foedselsdato",)), ("eindkomst.indkomst", task.attributes)} == set(asked)
    assert 10 > asked.total()


def test_a_record_seals_nothing_of_the_other_subjects(
    start: Start, task: Task, persons: list[Subject], credentials: Credentials
) -> None:
    """What the request's commitment holds is the subject's own part of the batch, and proves it."""
    broker = start()
    asking = Asking(credentials, task)
    batch = asking.batch(persons[:50])
    with raw.connected(broker) as wire:
        answers = _sent(wire, asking, batch.message)
    values = [s.value.encode() for s in persons[:50]]
    for number, (answer, (_, prepared)) in enumerate(zip(answers, batch.prepared, strict=True)):
        receipt = answer.receipt
        if answer.HasField("error"):
            continue
        sealed = request_bytes(prepared.signature, prepared.body)
        opening = next(o.key for o in receipt.openings if o.name == "request")
        commitments = decode(receipt.entry)[1]
        assert opens(commitments, opening, "request", sealed)
        assert [number] == [i for i, value in enumerate(values) if value in sealed]


def _sent(wire: Wire, asking: Asking, *batches: many_pb2.SubjectBatch) -> list[many_pb2.SubjectAnswer]:
    requests = [pb.ExchangeManyRequest(mandate=asking.mandate)]
    requests += [pb.ExchangeManyRequest(batch=batch) for batch in batches]
    responses = wire.exchanges.ExchangeMany(iter(requests), timeout=raw.TIMEOUT)
    return [answer for response in responses for answer in response.answers]


Spoil = Callable[[many_pb2.SubjectBatch, Asking, Credentials], None]


def _other_subject(batch: many_pb2.SubjectBatch, _asking: Asking, _own: Credentials) -> None:
    body = many_pb2.SubjectBody.FromString(batch.subjects[0])
    body.value = body.value[:-1] + ("1" if body.value[-1] != "1" else "2")
    batch.subjects[0] = body.SerializeToString(deterministic=True)


def _one_more(batch: many_pb2.SubjectBatch, _asking: Asking, _own: Credentials) -> None:
    body = many_pb2.SubjectBody.FromString(batch.subjects[0])
    body.request_id = new_request_id()
    batch.subjects.append(body.SerializeToString(deterministic=True))


def _swapped(batch: many_pb2.SubjectBatch, _asking: Asking, _own: Credentials) -> None:
    first, second, *rest = batch.subjects
    del batch.subjects[:]
    batch.subjects.extend([second, first, *rest])


def _signature_of_mandate(batch: many_pb2.SubjectBatch, asking: Asking, _own: Credentials) -> None:
    batch.envelope.signature = asking.mandate.signature


def _other_caseworker(batch: many_pb2.SubjectBatch, _asking: Asking, own: Credentials) -> None:
    batch.envelope.signature = sign(own, batch.envelope.body, sub="somebody-else")


def _other_mandate(batch: many_pb2.SubjectBatch, _asking: Asking, own: Credentials) -> None:
    header = many_pb2.BatchBody(
        mandate_id=new_request_id(), size=len(batch.subjects), root=Tree(list(batch.subjects)).root
    )
    batch.envelope.body = header.SerializeToString(deterministic=True)
    batch.envelope.signature = sign(own, batch.envelope.body, sub=CASEWORKER)


def _unsigned(batch: many_pb2.SubjectBatch, _asking: Asking, _own: Credentials) -> None:
    batch.envelope.signature = ""


SPOILT: list[tuple[Spoil, str]] = [
    (_other_subject, "BODY_DIGEST_MISMATCH"),
    (_one_more, "BODY_DIGEST_MISMATCH"),
    (_swapped, "BODY_DIGEST_MISMATCH"),
    (_signature_of_mandate, "BODY_DIGEST_MISMATCH"),
    (_other_caseworker, "MANDATE_MISMATCH"),
    (_other_mandate, "MANDATE_MISMATCH"),
    (_unsigned, "ENVELOPE_EMPTY"),
]


@pytest.mark.parametrize(("spoil", "code"), SPOILT, ids=[s.__name__.strip("_") for s, _ in SPOILT])
def test_nothing_is_answered_that_was_not_signed(
    start: Start, task: Task, persons: list[Subject], credentials: Credentials, spoil: Spoil, code: str
) -> None:
    """A batch that was changed after signing reads no register; every refusal is recorded."""
    watched = Watched()
    broker = start(change=watched)
    asking = Asking(credentials, task)
    batch = asking.batch(persons[:5]).message
    spoil(batch, asking, credentials)
    with raw.connected(broker) as wire:
        answers = _sent(wire, asking, batch)
    assert len(batch.subjects) == len(answers) == verdict.size(broker)
    first = answers[0]
    assert first.error.message.startswith(code)
    assert b"" == b"".join(a.data for a in answers if a.HasField("error"))
    assert [] == [n for n, _ in watched.asked if all(a.HasField("error") for a in answers)]


@pytest.mark.parametrize("number", [0, MAX_SUBJECTS + 1])
def test_batch_of_no_or_too_many_subjects_ends_the_call(
    start: Start, task: Task, persons: list[Subject], credentials: Credentials, number: int
) -> None:
    """The error names the bound; the refusal is recorded once."""
    broker = start()
    asking = Asking(credentials, task)
    message = many_pb2.SubjectBatch(envelope=asking.batch(persons[:1]).message.envelope)
    message.subjects.extend([b"x"] * number)
    with raw.connected(broker) as wire:
        said = told(lambda: _sent(wire, asking, message))
    assert ("FIELD_INVALID", 1) == (said.reason, verdict.size(broker))


def test_mandate_that_is_not_signed_by_its_organisation_is_refused(
    start: Start, task: Task, credentials: Credentials
) -> None:
    """Before any subject is looked at; the refusal is recorded."""
    broker = start()
    asking = Asking(credentials, task)
    asking.mandate.signature = asking.mandate.signature[:-4] + "AAAA"
    with raw.connected(broker) as wire:
        said = told(lambda: _sent(wire, asking))
    assert ("SIGNATURE_INVALID", 1) == (said.reason, verdict.size(broker))


def test_request_id_is_used_once_among_many_too(
    start: Start, task: Task, persons: list[Subject], credentials: Credentials
) -> None:
    """A batch that is sent again is refused subject by subject: nothing is released or read twice."""
    watched = Watched()
    broker = start(change=watched)
    asking = Asking(credentials, task)
    batch = asking.batch(persons[:5]).message
    with raw.connected(broker) as wire:
        first = _sent(wire, asking, batch, batch)
    again = first[5:]
    assert ["REQUEST_ID_REUSED"] * 5 == [a.error.message.partition(":")[0] for a in again]
    assert 10 == verdict.size(broker)
    assert {"cpr.person", "eindkomst.indkomst"} == {name for name, _ in watched.asked}
    assert 4 >= len(watched.asked)


def test_one_after_the_other_is_answered_before_the_next_is_sent(
    start: Start, task: Task, persons: list[Subject], credentials: Credentials
) -> None:
    """A caller may wait for the answers to a batch before it decides whom to ask about next."""
    broker = start()
    asking = Asking(credentials, task)

    async def talk() -> int:
        async with AsyncClient(broker.target, broker.site.credentials(raw.UDK)) as client:
            call = client._exchange.ExchangeMany(timeout=raw.TIMEOUT)
            await call.write(pb.ExchangeManyRequest(mandate=asking.mandate))
            answered = 0
            for begin in range(0, 30, 10):
                batch = asking.batch(persons[begin : begin + 10])
                await call.write(pb.ExchangeManyRequest(batch=batch.message))
                while answered < begin + 10:
                    answered += len((await call.read()).answers)
            await call.done_writing()
            assert await call.read() is grpc.aio.EOF
            return answered

    assert 30 == asyncio.run(talk())


def test_caller_that_hangs_up_leaves_no_intention_open(
    start: Start, task: Task, persons: list[Subject], credentials: Credentials
) -> None:
    """What was begun comes to its records."""
    broker = start()
    asking = Asking(credentials, task)
    batch = asking.batch(persons[:100]).message
    requests = [pb.ExchangeManyRequest(mandate=asking.mandate), pb.ExchangeManyRequest(batch=batch)]
    with raw.connected(broker) as wire:
        call = wire.exchanges.ExchangeMany(iter(requests), timeout=raw.TIMEOUT)
        next(iter(call))
        call.cancel()
    end = time.monotonic() + raw.TIMEOUT
    while verdict.size(broker) < 100 and time.monotonic() < end:
        time.sleep(0.02)
    assert 100 == verdict.size(broker)
    assert broker.broker.log.writer
    assert set() == broker.broker.log.writer.open_requests
