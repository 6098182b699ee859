"""Records, receipts and checkpoints: each authority sees its own side, and everybody the same log."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import grpc
import pytest
from hjemmel.audit.v1 import audit_service_pb2 as audit_pb

from adapters.registers import Registers
from audit.formats import checkpoint, merkle
from audit.formats.commitment import opens
from audit.formats.entry import decode
from exchange.client.credentials import Credentials
from exchange.client.protocol import new_request_id, verify_receipt
from exchange.sealed import subject_bytes
from tests.support import raw, verdict
from tests.support.broker import RunningBroker, Site
from tests.support.questions import case, granted, question_of
from tests.support.raw import Wire, sign, told

CPR = "95000088"

# Records and receipts


@pytest.fixture(scope="module")
def record(grpc_server: RunningBroker, grpc_channel: grpc.Channel, body: bytes) -> tuple[int, str]:
    """An exchange that Udbetaling Danmark had: its index and its request id."""
    own = grpc_server.site.credentials(raw.UDK)
    request_id = new_request_id()
    Wire(grpc_channel).exchange(body, sign(own, body, jti=request_id))
    return verdict.last(grpc_server).index, request_id


@pytest.mark.parametrize("by", ["request_id", "index"])
def test_the_asker_gets_its_record_and_its_receipt(
    grpc_server: RunningBroker,
    grpc_channel: grpc.Channel,
    record: tuple[int, str],
    subject: str,
    by: str,
) -> None:
    """By id or by index: the leaf's bytes, a proof that holds, and what opens its own commitments."""
    named: dict[str, Any] = {by: record[0] if by == "index" else record[1]}
    wire = Wire(grpc_channel)
    got = wire.audits.GetRecord(audit_pb.GetRecordRequest(**named))
    receipt = wire.audits.GetReceipt(audit_pb.GetReceiptRequest(**named)).receipt
    assert (record[0], got.entry) == (got.index, receipt.entry)
    assert record[0] == verify_receipt(receipt, grpc_server.broker.log.reader.verifier).index
    openings = {o.name: o.key for o in receipt.openings}
    _, commitments = decode(receipt.entry)
    assert commitments.keys() == openings.keys()
    assert opens(commitments, openings["subject"], "subject", subject_bytes("personnummer", subject))


def test_the_provider_sees_the_record_but_opens_nothing(
    grpc_server: RunningBroker, grpc_channel: grpc.Channel, credentials: Credentials, generated: Registers
) -> None:
    """Whose register was asked may see that and under which law, not about whom."""
    own = credentials
    body = raw.body_of(question_of(case(generated, "family-household"))).SerializeToString()
    request_id = new_request_id()
    Wire(grpc_channel).exchange(body, sign(own, body, jti=request_id))
    with raw.connected(grpc_server, "cpr") as wire:
        got = wire.audits.GetRecord(audit_pb.GetRecordRequest(request_id=request_id))
        receipt = wire.audits.GetReceipt(audit_pb.GetReceiptRequest(request_id=request_id)).receipt
    assert CPR == decode(got.entry)[0].provider
    assert got.entry == receipt.entry
    assert [] == list(receipt.openings)
    verify_receipt(receipt, grpc_server.broker.log.reader.verifier)


def test_a_stranger_cannot_tell_a_record_from_none(
    grpc_server: RunningBroker, record: tuple[int, str]
) -> None:
    """Another authority's record and one that does not exist get the same answer, byte for byte."""
    asked: list[dict[str, Any]] = [
        {"request_id": record[1]},
        {"index": record[0]},
        {"request_id": new_request_id()},
        {"request_id": ""},
        {"request_id": "' OR 1=1 --\x00"},
        {"index": 10**9},
        {"index": -1},
        {"index": -(2**63)},
    ]
    with raw.connected(grpc_server, "odense") as wire:
        answers = set()
        for named in asked:
            for call in (
                lambda n=named: wire.audits.GetRecord(audit_pb.GetRecordRequest(**n)),
                lambda n=named: wire.audits.GetReceipt(audit_pb.GetReceiptRequest(**n)),
            ):
                said = told(call)
                verdict.check_told(said, "NOT_FOUND")
                answers.add(said.said)
    assert 1 == len(answers)


def test_a_record_must_be_named(grpc_channel: grpc.Channel) -> None:
    """Asking for no record in particular does not give the first one."""
    said = told(lambda: Wire(grpc_channel).audits.GetRecord(audit_pb.GetRecordRequest()))
    verdict.check_told(said, "FIELD_INVALID")
    assert {"record"} == said.fields.keys()


def test_an_authority_that_was_acted_for_sees_what_its_processor_did(
    grpc_server: RunningBroker, generated: Registers
) -> None:
    """The consumer gets the receipt of a request that only its processor sent, refused or not."""
    own = grpc_server.site.credentials("kommunesystemer")
    body = raw.body_of(granted(generated), "92000028").SerializeToString()
    with raw.connected(grpc_server, "kommunesystemer") as wire:
        told(lambda: wire.exchange(body, sign(own, body)))
    index = verdict.last(grpc_server).index
    with raw.connected(grpc_server, "odense") as wire:
        got = wire.audits.GetRecord(audit_pb.GetRecordRequest(index=index))
    assert ("90000160", "92000028") == (decode(got.entry)[0].caller, decode(got.entry)[0].consumer)


def test_an_answer_is_what_the_log_says_it_was(
    grpc_server: RunningBroker, grpc_channel: grpc.Channel, credentials: Credentials, body: bytes
) -> None:
    """The digest of the very bytes that arrived opens the entry's commitment to the answer."""
    response = Wire(grpc_channel).exchange(body, sign(credentials, body))
    openings = {o.name: o.key for o in response.receipt.openings}
    _, commitments = decode(response.receipt.entry)
    assert opens(commitments, openings["response"], "response", sha256(response.data).digest())


# Checkpoints


def test_anybody_who_connects_can_hold_two_checkpoints_to_each_other(
    grpc_server: RunningBroker, grpc_channel: grpc.Channel, credentials: Credentials, body: bytes
) -> None:
    """The log between two checkpoints only grew, as the proof shows to whoever computes it."""
    wire = Wire(grpc_channel)
    verifier = grpc_server.broker.log.reader.verifier
    for _ in range(3):
        wire.exchange(body, sign(credentials, body))
    old = checkpoint.verify(wire.audits.GetCheckpoint(audit_pb.GetCheckpointRequest()).checkpoint, verifier)
    for _ in range(5):
        wire.exchange(body, sign(credentials, body))
    with raw.connected(grpc_server, "fjordbanken") as stranger:
        signed = stranger.audits.GetCheckpoint(audit_pb.GetCheckpointRequest()).checkpoint
        new = checkpoint.verify(signed, verifier)
        request = audit_pb.GetConsistencyProofRequest(old_size=old.size, new_size=new.size)
        hashes = list(stranger.audits.GetConsistencyProof(request).hashes)
    assert old.size + 5 == new.size
    merkle.verify_consistency(old.size, new.size, hashes, old.root, new.root)


@pytest.mark.parametrize(("old", "new"), [(5, 2), (-1, 1), (0, 10**9), (1, -1), (-(2**63), 2**63 - 1)])
def test_a_proof_between_sizes_that_never_were_is_not_found(
    grpc_channel: grpc.Channel, record: tuple[int, str], old: int, new: int
) -> None:
    """Nothing is proved about trees that the log never had."""
    request = audit_pb.GetConsistencyProofRequest(old_size=old, new_size=new)
    verdict.check_told(told(lambda: Wire(grpc_channel).audits.GetConsistencyProof(request)), "NOT_FOUND")


def test_a_log_that_cannot_be_read_says_so_without_saying_how(
    start: Callable[..., RunningBroker], site: Site
) -> None:
    """Where the database is gone, the caller hears that the log is, and nothing of the database."""
    broker = start()
    site.folder.joinpath("log.db").rename(site.folder / "aside.db")
    with raw.connected(broker) as wire:
        said = told(lambda: wire.audits.GetCheckpoint(audit_pb.GetCheckpointRequest()))
    verdict.check_told(said, "LOG_UNAVAILABLE", secrets=("log.db", "sqlite", str(site.folder)))
    site.folder.joinpath("aside.db").rename(site.folder / "log.db")
