"""What must hold of every exchange holds of a package's parts; and nobody's record tells of the applicant."""

from __future__ import annotations

import asyncio
import base64
import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from hashlib import sha256

import grpc
import pytest
from hjemmel.exchange.v1 import assemble_pb2 as pb

from adapters.registers.scene import PEOPLE
from audit.erasure.erasing import Erasing
from audit.formats import proof_file
from audit.formats.commitment import opens
from audit.formats.entry import decode
from audit.reading.reader import LogReader, StoredEntry
from exchange import packaged, wiring
from exchange.assembly import Assemblies
from exchange.client import Answer, Client, Credentials, PartAnswered, Summary
from exchange.client.assembling import Assembling
from exchange.model.request import Envelope, Found, Lookup
from exchange.packages.load import load_packages
from exchange.packages.model import Package
from exchange.sealed import subject_bytes
from tests.conftest import Start
from tests.support import raw, verdict
from tests.support.adapters import Answering, Gated, Watched, adapted
from tests.support.broker import RunningBroker, Site
from tests.support.packages import Got, application, assembled
from tests.support.raw import sign, told

WITHIN = 10.0
APPLICANT = "flatmate_first"
NUMBER = PEOPLE[APPLICANT].number
OTHERS = [PEOPLE[f"flatmate_{n}"].number for n in ("second", "third")]


def records(broker: RunningBroker) -> list[StoredEntry]:
    return [broker.broker.log.reader.by_index(i) for i in range(verdict.size(broker))]


def opened(reader: LogReader, stored: StoredEntry) -> dict[str, bytes]:
    """What is sealed with a record."""
    values = reader.opened(stored)
    assert values is not None
    return dict(values.values)


def asking(broker: RunningBroker, credentials: Credentials) -> Assembling:
    """A signed request that would be granted."""
    with broker.client() as client:
        package = client.package("housing-benefit")
    return Assembling(credentials, package, application(package, APPLICANT, consent_reference="SAMTYKKE-9"))


def send(broker: RunningBroker, request: pb.AssembleRequest) -> list[pb.AssembleResponse]:
    with raw.connected(broker) as wire:
        return list(wire.exchanges.Assemble(request, timeout=raw.TIMEOUT))


# 1. No register is read before the intention is durable; no base data leaves before its record is.


def test_intention_of_each_part_is_durable_when_its_register_is_read(start: Start, site: Site) -> None:
    """At every read another process finds in the file an intention for each exchange that is under way."""
    found: list[int] = []

    class Witness(Watched):
        async def before_reading(self) -> None:
            with sqlite3.connect(f"file:{site.folder / 'log.db'}?mode=ro", uri=True) as other:
                [[intended]] = other.execute("SELECT count(*) FROM log_intentions")
            other.close()
            found.append(intended)

    broker = start(change=Witness())
    got = assembled(broker, "housing-benefit", APPLICANT)
    assert got.summary.complete
    assert len(found) > len(got.parts)
    assert all(found)
    with sqlite3.connect(site.folder / "log.db") as other:
        assert [(0,)] == list(other.execute("SELECT count(*) FROM log_intentions"))
    other.close()


# 4 and the signature: nothing is asked that was not signed.


def _other_package(message: pb.AssembleBody) -> None:
    message.package = "nothing"


def _other_digest(message: pb.AssembleBody) -> None:
    message.digest = sha256(b"wider terms").hexdigest()


def _other_applicant(message: pb.AssembleBody) -> None:
    message.applicant_digest = sha256(b"somebody else").digest()


def _no_law_date(message: pb.AssembleBody) -> None:
    message.law_date = ""


def _no_agreements(message: pb.AssembleBody) -> None:
    del message.agreements[:]


def _agreement_for_no_part(message: pb.AssembleBody) -> None:
    message.agreements[0].part = "health"


def _agreement_twice(message: pb.AssembleBody) -> None:
    message.agreements.append(message.agreements[0])


def _case_of_two_lines(message: pb.AssembleBody) -> None:
    message.case_reference = "SAG\n1"


def _consumer_that_is_none(message: pb.AssembleBody) -> None:
    message.consumer = "91000009"


Spoil = Callable[[pb.AssembleBody], None]
SPOILT: list[tuple[Spoil, str]] = [
    (_other_package, "PACKAGE_UNKNOWN"),
    (_other_digest, "PACKAGE_CHANGED"),
    (_other_applicant, "BODY_DIGEST_MISMATCH"),
    (_no_law_date, "FIELD_INVALID"),
    (_no_agreements, "FIELD_INVALID"),
    (_agreement_for_no_part, "FIELD_INVALID"),
    (_agreement_twice, "FIELD_INVALID"),
    (_case_of_two_lines, "FIELD_INVALID"),
    (_consumer_that_is_none, "FIELD_INVALID"),
]


@pytest.mark.parametrize(("spoil", "code"), SPOILT, ids=[s.__name__.strip("_") for s, _ in SPOILT])
def test_request_that_does_not_hold_as_a_whole_reads_no_register(
    start: Start, credentials: Credentials, spoil: Spoil, code: str
) -> None:
    """Signed or not: it is refused, once, and recorded; the error holds nothing of the request."""
    watched = Watched()
    broker = start(change=watched)
    request = asking(broker, credentials).request
    body = pb.AssembleBody.FromString(request.envelope.body)
    spoil(body)
    request.envelope.body = body.SerializeToString(deterministic=True)
    request.envelope.signature = sign(credentials, request.envelope.body)
    said = told(lambda: send(broker, request))
    verdict.check_ended(broker, said, code, secrets=(NUMBER, "SAMTYKKE-9"))
    assert ([], 1) == (watched.asked, verdict.size(broker))


def test_changed_package_is_told_with_the_digest_in_force(start: Start, credentials: Credentials) -> None:
    """Who reads the refusal knows which terms to look at."""
    broker = start()
    request = asking(broker, credentials).request
    body = pb.AssembleBody.FromString(request.envelope.body)
    in_force, body.digest = body.digest, sha256(b"other").hexdigest()
    request.envelope.body = body.SerializeToString(deterministic=True)
    request.envelope.signature = sign(credentials, request.envelope.body)
    said = told(lambda: send(broker, request))
    assert in_force in said.fields["digest"]


@pytest.mark.parametrize("change", ["body", "signature", "applicant", "none"])
def test_request_that_was_changed_on_its_way_reads_no_register(
    start: Start, credentials: Credentials, change: str
) -> None:
    """A byte of the body, of the signature, another applicant beside it, or none."""
    watched = Watched()
    broker = start(change=watched)
    request = asking(broker, credentials).request
    if change == "body":
        request.envelope.body = request.envelope.body.replace(b"2025-01-01", b"2024-01-01")
    elif change == "signature":
        request.envelope.signature = request.envelope.signature[:-4] + "AAAA"
    elif change == "applicant":
        request.applicant = request.applicant.replace(NUMBER.encode(), OTHERS[0].encode())
    else:
        request.applicant = b""
    said = told(lambda: send(broker, request))
    code = "SIGNATURE_INVALID" if change == "signature" else "BODY_DIGEST_MISMATCH"
    verdict.check_ended(broker, said, code, secrets=(NUMBER, OTHERS[0]))
    assert ([], 1) == (watched.asked, verdict.size(broker))


def test_request_that_is_sent_again_is_refused_part_by_part(start: Start, credentials: Credentials) -> None:
    """Nothing is read or released twice; nobody is reached whom only data would lead to."""
    watched = Watched()
    broker = start(change=watched)
    request = asking(broker, credentials).request
    first = send(broker, request)
    before, read = verdict.size(broker), len(watched.asked)
    *again, summary = send(broker, request)
    assert read == len(watched.asked)
    codes = {a.answer.part: a.answer.error.message.partition(":")[0] for a in again}
    about = {"person", "income", "ownership", "wealth", "benefits"}
    assert dict.fromkeys(about, "REQUEST_ID_REUSED") == codes
    assert not summary.summary.complete
    assert b"" == b"".join(a.answer.data for a in again)
    assert len(about) == verdict.size(broker) - before
    assert len(first) - 1 == before


# 5 and 6. Nothing of the applicant in what is kept about others.


def test_records_about_others_hold_nothing_of_the_applicant(start: Start, credentials: Credentials) -> None:
    """No sealed byte of a record about anybody else is of the applicant's number, salt or consent."""
    broker = start()
    request = asking(broker, credentials).request
    salt = pb.Applicant.FromString(request.applicant).salt
    send(broker, request)
    secrets = (NUMBER.encode(), salt, b"SAMTYKKE-9", request.applicant)
    subject = subject_bytes("personnummer", NUMBER)
    own: list[bytes] = []
    others: list[bytes] = []
    for stored in records(broker):
        values = opened(broker.broker.log.reader, stored)
        (own if values["subject"] == subject else others).append(b"\x00".join(values.values()))
        assert not any(secret in stored.leaf for secret in secrets)
    assert (5, 4) == (len(own), len(others))  # household, dwelling and both flatmates
    assert all(all(secret in sealed for secret in secrets) for sealed in own)
    assert not any(secret in sealed for sealed in others for secret in secrets)


def test_record_proves_the_signature_and_how_its_subject_was_reached(
    start: Start, credentials: Credentials
) -> None:
    """With a member's record alone: who signed for which terms, and which part and attribute led there."""
    broker = start()
    send(broker, asking(broker, credentials).request)
    reader = broker.broker.log.reader
    about = [r for r in records(broker) if OTHERS[0].encode() in opened(reader, r)["subject"]]
    signature, _, body = opened(reader, about[0])["request"].partition(b"\x00")
    message, signed, terms, part = packaged.read(body)
    claims = json.loads(raw_part(signature.decode(), 1))
    assert claims["body_sha256"] == sha256(message.body).hexdigest()
    assert signed.digest == sha256(message.terms.encode()).hexdigest()
    assert ("member-income", "household.personnummer") == (part.name, str(part.key.source))
    assert about[0].entry.request_id == packaged.request_id(claims["jti"], part.name, message.index)
    household = packaged.request_id(claims["jti"], part.key.source.part, 0)
    assert "cpr.person" == reader.by_request(household).entry.dataset
    assert "housing-benefit" == terms.package


def raw_part(jws: str, number: int) -> bytes:
    part = jws.split(".")[number]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_erasing_the_applicant_leaves_the_others_as_they_were(start: Start) -> None:
    """Nothing of the applicant opens any more; every receipt holds, and the others' open as before."""
    broker = start()
    got = assembled(broker, "housing-benefit", APPLICANT)
    log = broker.broker.log
    _erase(broker, NUMBER)
    for came in got.parts:
        receipt = came.answer.receipt
        assert receipt is not None
        kept = proof_file.parse(receipt.proof)
        kept.verify(kept.extra or b"", log.reader.verifier)
        log.reader.proof(receipt.index).verify(kept.extra or b"", log.reader.verifier)
        values = log.reader.opened(log.reader.by_index(receipt.index))
        assert came.part.about_applicant == (values is None)
        if values is not None:
            commitments = decode(kept.extra or b"")[1]
            assert opens(commitments, receipt.openings["request"], "request", values.values["request"])
            assert NUMBER.encode() not in b"".join(values.values.values())


def _erase(broker: RunningBroker, number: str) -> None:
    log = broker.broker.log
    erasing = Erasing(log.engine, log.reader._keys)
    asked = erasing.ask(erasing.subject(subject_bytes("personnummer", number)), "gdpr.17.1.d")
    assert asked is not None
    end = time.monotonic() + WITHIN
    while not erasing.done(asked) and time.monotonic() < end:
        time.sleep(0.02)
    assert erasing.done(asked)


# Registers that lie


STRANGER = PEOPLE["pensioner"].number


class Inventive(Answering):
    """A register of persons that says of a stranger that they live with the applicant."""

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        known = {
            "personnummer": STRANGER,
            "darAdresseId": "00000000-0000-4000-8000-000000000001",
            "foedselsdato": "1954-06-21",
            "status": "bopael_i_danmark",
            "civilstand": "ugift",
        }
        record = {n: known[n] for n in lookup.attributes if n in known}
        return [Found(value, record) for value in lookup.values]


def test_stranger_whom_a_register_invents_has_a_record_that_says_so(start: Start) -> None:
    """It is recorded as what happened: the stranger's own, naming the part and attribute that led there."""
    broker = start(change=adapted("cpr", Inventive()))
    got = assembled(broker, "housing-benefit", APPLICANT)
    [member] = got.of("member-income")
    assert STRANGER == member.subject.value
    reader = broker.broker.log.reader
    stored = reader.by_request(member.request_id)
    values = opened(reader, stored)
    _, _, body = values["request"].partition(b"\x00")
    _, _, _, part = packaged.read(body)
    assert "household.personnummer" == str(part.key.source)
    assert subject_bytes("personnummer", STRANGER) == values["subject"]
    assert NUMBER.encode() not in b"".join(values.values())
    assert ("granted", "housing-benefit.income") == (stored.entry.outcome, stored.entry.purpose)


class Malformed(Answering):
    """A register of persons whose personnumre are none."""

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        known = {"personnummer": "somebody", "darAdresseId": "00000000-0000-4000-8000-000000000001"}
        return [
            Found(value, {n: known[n] for n in lookup.attributes if n in known}) for value in lookup.values
        ]


def test_identifier_that_is_none_is_refused_and_recorded(start: Start) -> None:
    """What a register gives is looked up only in the form that a caller's own word must have."""
    watched = Watched()
    broker = start(change=lambda parts: watched(adapted("cpr", Malformed())(parts)))
    got = assembled(broker, "housing-benefit", APPLICANT)
    assert "FIELD_INVALID" == got.error("member-income").code
    assert 1 == [name for name, _ in watched.asked].count("eindkomst.indkomst")
    assert ("member-income", "FIELD_INVALID") in got.missing
    entry = broker.broker.log.reader.by_request(got.of("member-income")[0].request_id).entry
    assert ("refused", ("FIELD_INVALID",)) == (entry.outcome, entry.reasons)


# Callers that do not wait


def test_caller_that_hangs_up_leaves_no_intention_open(start: Start, credentials: Credentials) -> None:
    """What was begun comes to its record."""
    gated = Gated()
    broker = start(change=gated)
    request = asking(broker, credentials).request
    with raw.connected(broker) as wire:
        call = wire.exchanges.Assemble(request, timeout=raw.TIMEOUT)
        assert gated.reached.wait(WITHIN)
        _until(lambda: len(_open(broker)) == 5)
        call.cancel()
    gated.open(broker.loop)
    _until(lambda: not _open(broker))
    assert {"granted"} == {r.entry.outcome for r in records(broker)}
    assert 5 <= verdict.size(broker)


def test_nothing_more_is_begun_for_nobody(start: Start, credentials: Credentials) -> None:
    """Once nobody listens, at most what is under way goes on: with room for one, one."""
    broker = start()
    request = asking(broker, credentials).request
    catalogue = broker.broker.parts.catalogue
    assemblies = Assemblies(broker.broker.parts, wiring.PACKAGES, load_packages(catalogue), 1)

    async def hang_up() -> int:
        envelope = Envelope(request.envelope.body, request.envelope.signature)
        assembly = await assemblies.begin(credentials.certificate, envelope, request.applicant, None)
        results = assembly.results()
        await anext(results)
        assembly.stop()
        return len([result async for result in results])

    assert 1 >= broker.run(hang_up())
    assert 2 >= verdict.size(broker)
    assert not _open(broker)


def test_deadline_that_passes_begins_nothing_more(start: Start, credentials: Credentials) -> None:
    """The register is given no longer than the caller waits; every part that was begun is recorded."""
    broker = start(change=adapted("cpr", Slow()), registers={"timeout": 60})
    request = asking(broker, credentials).request
    with raw.connected(broker) as wire, pytest.raises(grpc.RpcError) as error:
        list(wire.exchanges.Assemble(request, timeout=3))
    assert grpc.StatusCode.DEADLINE_EXCEEDED is error.value.code()
    _until(lambda: verdict.size(broker) == 5)
    outcomes = {r.entry.dataset: r.entry.outcome for r in records(broker)}
    assert ("failed", "granted") == (outcomes["cpr.person"], outcomes["skat.formue"])
    assert not _open(broker)


class Slow(Answering):
    """A register that takes its time."""

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        await asyncio.sleep(3600)
        return []


def _open(broker: RunningBroker) -> set[str]:
    assert broker.broker.log.writer
    return set(broker.broker.log.writer.open_requests)


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    assert holds()


# Processors


def test_processor_without_delegation_gets_nothing(start: Start) -> None:
    """A vendor that asks in Udbetaling Danmark's name is refused part by part; no register is read."""
    watched = Watched()
    broker = start(change=watched)
    with broker.client("kommunesystemer") as client:
        got = _asked(client, client.package("housing-benefit"))
    assert {"DELEGATION_MISSING"} == {p.answer.code for p in got.parts if not isinstance(p.answer, Answer)}
    assert ([], 5) == (watched.asked, verdict.size(broker))


def _asked(client: Client, package: Package) -> Got:
    asked = application(package, APPLICANT, consumer="91000008")
    *parts, summary = client.assemble(package, asked)
    assert isinstance(summary, Summary)
    return Got([p for p in parts if isinstance(p, PartAnswered)], summary)
