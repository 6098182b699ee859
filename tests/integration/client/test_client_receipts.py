"""Nobody between the log and the client can change an answer unseen, not with the broker's own key."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hjemmel.exchange.v1.decision_pb2 import Receipt, Refusal
from hjemmel.exchange.v1.exchange_service_pb2 import DryRunResponse, ExchangeResponse

from adapters.registers import Registers
from audit.formats import checkpoint, note, proof_file
from audit.formats.note import Ed25519Signer
from exchange import released
from exchange.client import ReceiptInvalid, Refused
from exchange.pipeline import Parts
from tests.conftest import Start
from tests.integration.client.callers import Caller, Connect
from tests.integration.client.middle import Middle, refuse_with
from tests.support.broker import RunningBroker
from tests.support.questions import case, granted, question_of

OPENINGS = ("case", "caseworker", "request", "response", "subject")


def proof_of(receipt: Receipt) -> proof_file.ProofFile:
    """Reads the proof inside a receipt."""
    return proof_file.parse(receipt.proof)


def with_entry_byte_flipped(receipt: Receipt) -> None:
    """One digit of the recorded time."""
    receipt.entry = re.sub(
        rb'("time":"[0-9]{3})([0-9])', lambda m: m[1] + bytes([m[2][0] ^ 1]), receipt.entry
    )


def with_entry_garbled(receipt: Receipt) -> None:
    """No entry at all."""
    receipt.entry = b"{}"


def with_index_altered(receipt: Receipt) -> None:
    """The entry, said to stand elsewhere."""
    proof = proof_of(receipt)
    receipt.proof = replace(proof, index=proof.index ^ 1).text


def with_hash_altered(receipt: Receipt) -> None:
    """One bit of the audit path."""
    proof = proof_of(receipt)
    first = bytes([proof.hashes[0][0] ^ 1]) + proof.hashes[0][1:]
    receipt.proof = replace(proof, hashes=(first, *proof.hashes[1:])).text


def with_hash_missing(receipt: Receipt) -> None:
    """A path that ends too soon."""
    proof = proof_of(receipt)
    receipt.proof = replace(proof, hashes=proof.hashes[:-1]).text


def with_another_key(receipt: Receipt) -> None:
    """The same tree, signed by a key that only calls itself the log."""
    proof = proof_of(receipt)
    parsed = checkpoint.parse(note.parse(proof.signed_checkpoint).text)
    signer = Ed25519Signer(parsed.origin, Ed25519PrivateKey.generate())
    receipt.proof = replace(proof, signed_checkpoint=parsed.sign(signer)).text


def with_stolen_key_id(receipt: Receipt) -> None:
    """The same tree, signed by another key under the log's own key id."""
    proof = proof_of(receipt)
    parsed = note.parse(proof.signed_checkpoint)
    signature = Ed25519PrivateKey.generate().sign(parsed.text.encode())
    forged = replace(parsed.signatures[0], signature=signature)
    receipt.proof = replace(proof, signed_checkpoint=note.write(parsed.text, [forged])).text


def with_larger_tree(receipt: Receipt) -> None:
    """The log's signature under another size."""
    proof = proof_of(receipt)
    parsed = note.parse(proof.signed_checkpoint)
    head = checkpoint.parse(parsed.text)
    text = replace(head, size=head.size + 1).text
    receipt.proof = replace(proof, signed_checkpoint=note.write(text, parsed.signatures)).text


def with_garbled_proof(receipt: Receipt) -> None:
    """No proof at all."""
    receipt.proof = base64.b64encode(receipt.proof.encode()).decode()


def without_receipt(receipt: Receipt) -> None:
    """An answer without any receipt."""
    receipt.Clear()


def without_openings(receipt: Receipt) -> None:
    """A receipt that cannot be held to anything."""
    del receipt.openings[:]


def without_opening(name: str) -> Callable[[Receipt], None]:
    """A receipt that cannot be held to one of the values."""

    def tamper(receipt: Receipt) -> None:
        kept = [o for o in receipt.openings if o.name != name]
        assert len(receipt.openings) - 1 == len(kept)
        del receipt.openings[:]
        receipt.openings.extend(kept)

    return tamper


def with_wrong_opening(name: str) -> Callable[[Receipt], None]:
    """A receipt with one opening drawn anew."""

    def tamper(receipt: Receipt) -> None:
        opening = next(o for o in receipt.openings if o.name == name)
        opening.key = bytes([opening.key[0] ^ 1]) + opening.key[1:]

    return tamper


TAMPERED = [
    with_entry_byte_flipped,
    with_entry_garbled,
    with_index_altered,
    with_hash_altered,
    with_hash_missing,
    with_another_key,
    with_stolen_key_id,
    with_larger_tree,
    with_garbled_proof,
    without_receipt,
    without_openings,
    *(without_opening(name) for name in OPENINGS),
    *(with_wrong_opening(name) for name in OPENINGS),
]
NAMES = [f.__name__ for f in TAMPERED[:11]]
NAMES += [f"{what}_{name}" for what in ("without_opening", "with_wrong_opening") for name in OPENINGS]


@pytest.fixture
def filled(shared: RunningBroker, generated: Registers) -> None:
    """Gives the log some entries, so that every path has hashes."""
    with shared.client() as client:
        client.exchange(granted(generated))
        client.exchange(granted(generated))


@pytest.mark.usefixtures("filled")
def test_untampered_answer_passes(deceived: Caller, generated: Registers) -> None:
    """The one in between changes nothing: the answer holds, so that the other tests can fail."""
    assert 24 == len(deceived.exchange(granted(generated)).records)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("tamper", TAMPERED, ids=NAMES)
def test_tampered_receipt_of_an_answer_is_found(
    deceived: Caller, middle: Middle, generated: Registers, tamper: Callable[[Receipt], None]
) -> None:
    """Whatever part of a receipt is changed, no data is given."""
    middle.answers["Exchange"] = lambda answer: tamper(answer.receipt)
    with pytest.raises(ReceiptInvalid):
        deceived.exchange(granted(generated))


def test_flipped_byte_of_the_data_is_found(deceived: Caller, middle: Middle, generated: Registers) -> None:
    """The data is held to the digest that was recorded."""

    def tamper(answer: ExchangeResponse) -> None:
        answer.data = answer.data[:-1] + bytes([answer.data[-1] ^ 1])

    middle.answers["Exchange"] = tamper
    with pytest.raises(ReceiptInvalid, match="not the one that was recorded"):
        deceived.exchange(granted(generated))


@pytest.mark.parametrize("change", [-1, 1], ids=["fewer", "more"])
def test_another_number_of_records_is_found(
    deceived: Caller, middle: Middle, generated: Registers, change: int
) -> None:
    """A record more or less than was released is not passed on."""

    def tamper(answer: ExchangeResponse) -> None:
        records = released.decode(answer.data)
        answer.data = released.encode(records[:-1] if change < 0 else (*records, records[0]))

    middle.answers["Exchange"] = tamper
    with pytest.raises(ReceiptInvalid):
        deceived.exchange(granted(generated))


@pytest.mark.parametrize("whole", [True, False], ids=["whole-answer", "receipt"])
def test_another_exchanges_answer_is_found(
    deceived: Caller, middle: Middle, generated: Registers, *, whole: bool
) -> None:
    """An honest answer to an earlier question of the same caller is not the answer to this one."""
    earlier: list[ExchangeResponse] = []

    def tamper(answer: ExchangeResponse) -> None:
        if earlier:
            if whole:
                answer.CopyFrom(earlier[0])
            else:
                answer.receipt.CopyFrom(earlier[0].receipt)
        earlier.append(ExchangeResponse.FromString(answer.SerializeToString()))

    middle.answers["Exchange"] = tamper
    deceived.exchange(granted(generated))
    with pytest.raises(ReceiptInvalid, match="another request"):
        deceived.exchange(granted(generated))


def test_decision_that_was_not_recorded_is_found(
    deceived: Caller, middle: Middle, generated: Registers
) -> None:
    """The law's version and the policies that decided are the recorded ones."""

    def tamper(answer: ExchangeResponse) -> None:
        answer.decision.policy_revision = "0" * 64

    middle.answers["Exchange"] = tamper
    with pytest.raises(ReceiptInvalid, match="decision"):
        deceived.exchange(granted(generated))


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    "tamper",
    [t for t, n in zip(TAMPERED, NAMES, strict=True) if "response" not in n],
    ids=[n for n in NAMES if "response" not in n],
)
def test_tampered_receipt_of_a_rehearsal_is_found(
    deceived: Caller, middle: Middle, generated: Registers, tamper: Callable[[Receipt], None]
) -> None:
    """A dry run is proved like an exchange."""
    middle.answers["DryRun"] = lambda answer: tamper(answer.receipt)
    with pytest.raises(ReceiptInvalid):
        deceived.dry_run(granted(generated))


def test_rehearsal_that_grants_more_than_recorded_is_found(
    deceived: Caller, middle: Middle, generated: Registers
) -> None:
    """What a dry run says would be granted is what the log says."""

    def tamper(answer: DryRunResponse) -> None:
        answer.decision.granted_attributes.append("personnummer")

    middle.answers["DryRun"] = tamper
    with pytest.raises(ReceiptInvalid, match="decision"):
        deceived.dry_run(granted(generated))


def test_receipt_of_an_exchange_does_not_prove_a_rehearsal(
    shared: RunningBroker, middle: Middle, connect: Connect, generated: Registers
) -> None:
    """Who is told that nothing was read learns when a register was read after all."""
    credentials = shared.site.credentials("udbetaling-danmark")
    with grpc.secure_channel(shared.target, credentials.channel()) as channel:
        read: Any = channel.unary_unary(
            "/hjemmel.exchange.v1.ExchangeService/Exchange",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=ExchangeResponse.FromString,
        )

        def instead(request: object) -> DryRunResponse:
            answer: ExchangeResponse = read(request)
            return DryRunResponse(decision=answer.decision, receipt=answer.receipt)

        middle.replace["DryRun"] = instead
        with pytest.raises(ReceiptInvalid, match="exchange"):
            connect(middle.target, credentials).dry_run(granted(generated))


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    "tamper",
    [t for t, n in zip(TAMPERED, NAMES, strict=True) if "response" not in n and n != "without_receipt"],
    ids=[n for n in NAMES if "response" not in n and n != "without_receipt"],
)
def test_tampered_receipt_of_a_refusal_is_found(
    deceived: Caller, middle: Middle, generated: Registers, tamper: Callable[[Receipt], None]
) -> None:
    """A refusal that claims to be recorded is held to its record like a grant."""
    middle.refusals = lambda refusal: tamper(refusal.receipt)
    with pytest.raises(ReceiptInvalid):
        deceived.exchange(question_of(case(generated, "child-income-by-role")))


def test_refusal_without_receipt_claims_none(deceived: Caller, middle: Middle, generated: Registers) -> None:
    """A refusal whose receipt was taken away stays a refusal, and offers no proof."""
    middle.refusals = lambda refusal: refusal.ClearField("receipt")
    with pytest.raises(Refused) as caught:
        deceived.exchange(question_of(case(generated, "child-income-by-role")))
    assert caught.value.receipt is None


def test_grant_is_not_passed_off_as_a_refusal(deceived: Caller, middle: Middle, generated: Registers) -> None:
    """A caller that is told "refused" with the receipt of a grant learns that it was granted."""
    refusal = Refusal()
    refusal.reasons.add(code="AGREEMENT_ENDED")
    middle.answers["Exchange"] = lambda answer: refusal.receipt.CopyFrom(answer.receipt)
    middle.instead["Exchange"] = refuse_with(refusal, grpc.StatusCode.PERMISSION_DENIED)
    with pytest.raises(ReceiptInvalid, match="granted"):
        deceived.exchange(granted(generated))


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("tamper", TAMPERED[:10], ids=NAMES[:10])
def test_tampered_receipt_that_was_fetched_is_found(
    deceived: Caller, middle: Middle, generated: Registers, tamper: Callable[[Receipt], None]
) -> None:
    """A receipt fetched later is verified like the first one."""
    answer = deceived.exchange(granted(generated))
    middle.answers["GetReceipt"] = lambda fetched: tamper(fetched.receipt)
    with pytest.raises(ReceiptInvalid):
        deceived.receipt(answer.receipt.entry.request_id or "")


def test_fetched_receipt_of_another_request_is_found(
    deceived: Caller, middle: Middle, generated: Registers
) -> None:
    """Who asks for one receipt is not given another one, however true."""
    first = deceived.exchange(granted(generated)).receipt.entry.request_id or ""
    second = deceived.exchange(granted(generated)).receipt.entry.request_id or ""
    held: list[Receipt] = []

    def tamper(fetched: object) -> None:
        receipt = fetched.receipt  # type: ignore[attr-defined]  # a GetReceiptResponse
        if held:
            receipt.CopyFrom(held[0])
        held.append(Receipt.FromString(receipt.SerializeToString()))

    middle.answers["GetReceipt"] = tamper
    assert first == deceived.receipt(first).entry.request_id
    with pytest.raises(ReceiptInvalid, match="another request"):
        deceived.receipt(second)


def test_attributes_that_the_log_does_not_know_of_are_found(
    start: Start, connect: Connect, generated: Registers
) -> None:
    """A broker that slips in an attribute betrays itself: its own record does not name it."""

    def leaky(parts: Parts) -> Parts:
        return replace(
            parts,
            encode_data=lambda records: released.encode([{**r, "cprStatus": "bopael"} for r in records]),
        )

    broker = start(change=leaky)
    client = connect(broker.target, broker.site.credentials("udbetaling-danmark"))
    with pytest.raises(ReceiptInvalid, match="does not record as released"):
        client.exchange(granted(generated))


def test_data_that_cannot_be_read_is_no_answer(start: Start, connect: Connect, generated: Registers) -> None:
    """A broker that records the digest of rubbish has not answered."""
    broker = start(change=lambda parts: replace(parts, encode_data=lambda _: b"\xff\xff"))
    client = connect(broker.target, broker.site.credentials("udbetaling-danmark"))
    with pytest.raises(ReceiptInvalid, match="cannot be read"):
        client.exchange(granted(generated))
