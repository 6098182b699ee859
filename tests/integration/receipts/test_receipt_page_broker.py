"""What a broker gives its caller, held to the page: the receipt, and the keys to one's own values."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from adapters.registers import Registers
from exchange.sealed import subject_bytes
from tests.conftest import Start
from tests.integration.receipts.conftest import Verifier
from tests.support.questions import granted
from tests.support.receipts import Given, holds

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_receipt_and_openings_of_an_exchange_hold(
    verifier: Verifier, start: Start, generated: Registers
) -> None:
    """Subject, caseworker and case are the recorded ones, and another case is not."""
    broker, question = start(), granted(generated)
    with broker.client() as client:
        receipt = client.exchange(question).receipt
    given = Given(receipt.proof.encode(), (broker.site.keys / "log.vkey").read_text("utf-8"))
    assert holds(given)
    values = {
        "subject": subject_bytes(question.subject.kind, question.subject.value),
        "caseworker": question.caseworker.encode(),
        "case": question.case_reference.encode(),
    }
    own = [
        {"name": name, "key": base64.b64encode(receipt.openings[name]).decode(), "value": value.decode()}
        for name, value in values.items()
    ]
    assert "holds" == (await verifier.verify(given, json.dumps(own))).verdict
    assert "Boligstøtteloven" in await verifier.text("[data-part=entry]")
    own[2]["value"] += " "
    assert "differs" == (await verifier.verify(given, json.dumps(own))).verdict
    assert "fails" == (await verifier.verify(replace(given, vkey=given.vkey.replace("+", "-")))).verdict
