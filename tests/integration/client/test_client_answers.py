"""Both clients, asked the same, answer the same; each error says what to do and names nobody."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import shutil
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import hjemmel
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.registers import PLANTED_CASES, Registers
from audit.files import KeyFileError
from audit.formats import proof_file
from exchange.client import (
    AsyncClient,
    Client,
    ClientError,
    Credentials,
    Failed,
    InvalidRequest,
    NotAuthenticated,
    Question,
    Refused,
)
from exchange.client.credentials import CredentialsError
from exchange.identity import pki
from exchange.model.catalogue import Catalogue
from exchange.model.request import SubjectKey
from tests.integration.client.callers import Caller, Connect
from tests.support.broker import RunningBroker
from tests.support.questions import SLUGS, case, granted, question_of

NUMBERS = re.compile(r"[0-9]{10}")


def test_product_offers_both_clients_by_name() -> None:
    """`from hjemmel import …` is all that a backend needs to know."""
    assert (Client, AsyncClient, Credentials) == (hjemmel.Client, hjemmel.AsyncClient, hjemmel.Credentials)
    with pytest.raises(AttributeError, match="no attribute 'Server'"):
        _ = hjemmel.Server


def test_both_clients_offer_the_same() -> None:
    """Every public method of one is a method of the other, with the same parameters."""

    def surface(kind: type) -> dict[str, list[str]]:
        methods = inspect.getmembers(kind, inspect.isfunction)
        return {
            n: list(inspect.signature(f).parameters) for n, f in methods if n[0] != "_" or n == "__init__"
        }

    assert surface(Client) == surface(AsyncClient)


def test_answer_holds_exactly_what_was_granted(client: Caller, generated: Registers) -> None:
    """The records have the attributes that were asked for, under the law that was cited, with a receipt."""
    question = granted(generated)
    answer = client.exchange(question)
    assert 24 == len(answer.records)
    assert set(question.attributes) >= {name for record in answer.records for name in record}
    assert () == answer.withheld
    entry = answer.receipt.entry
    assert ("bsl.8", question.agreement, "granted") == (entry.legal_basis, entry.agreement, entry.outcome)
    assert (entry.legal_basis_version, entry.policy_revision) == (
        answer.law.version,
        answer.law.policy_revision,
    )


def test_receipt_is_a_file_that_stands_alone(
    client: Caller, shared: RunningBroker, generated: Registers
) -> None:
    """What the client keeps as proof is verified by the log's public key and nothing else."""
    receipt = client.exchange(granted(generated)).receipt
    file = proof_file.parse(receipt.proof)
    assert file.extra is not None
    head = file.verify(file.extra, shared.site.credentials("udbetaling-danmark").log)
    assert (receipt.index, receipt.checkpoint) == (file.index, head)


def test_rehearsal_tells_without_reading(client: Caller, generated: Registers) -> None:
    """A dry run says what would be granted and what not, and is recorded as what it is."""
    planted = question_of(case(generated, "law-change-after"))
    rehearsal = client.dry_run(planted)
    assert set(planted.attributes) - {"loenindkomst"} == set(rehearsal.granted)
    assert [("loenindkomst", "WORK_INCOME_NO_LONGER_RELEVANT")] == [
        (r.attribute, r.reason.code) for r in rehearsal.refused
    ]
    entry = rehearsal.receipt.entry
    assert ("dry_run", ()) == (entry.kind, entry.attributes_released)


def test_receipt_is_fetched_again_with_its_openings(client: Caller, generated: Registers) -> None:
    """The receipt of an earlier request, against the newest checkpoint, opens the same commitments."""
    first = client.exchange(granted(generated)).receipt
    client.exchange(granted(generated))
    again = client.receipt(first.entry.request_id or "")
    assert (first.index, first.entry) == (again.index, again.entry)
    assert again.checkpoint.size > first.checkpoint.size
    assert set(first.commitments) == set(again.openings)


def test_receipt_that_there_is_not(client: Caller) -> None:
    """A request id that nobody used has no receipt, and the error says so."""
    with pytest.raises(Failed, match="no such thing") as caught:
        client.receipt("01a20016-3c5e-7394-b594-000000000000")
    assert "NOT_FOUND" == caught.value.code


def test_catalogue_is_whole(client: Caller, shared: RunningBroker) -> None:
    """The client lists every dataset that the broker knows, with attributes and keys."""
    catalogue: Catalogue = shared.broker.parts.catalogue
    listed = {d.name: d for d in client.datasets()}
    assert set(catalogue.datasets) == set(listed)
    for name, dataset in catalogue.datasets.items():
        assert {a.name for a in dataset.attributes} == {a.name for a in listed[name].attributes}
        assert {k.kind for k in dataset.keys} == {k.kind for k in listed[name].keys}


def test_catalogue_of_many_pages_is_listed_whole(
    client: Caller, shared: RunningBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page after page is asked for, until there is none."""
    monkeypatch.setattr("exchange.edge.exchange_service._PAGE", 3)
    assert sorted(shared.broker.parts.catalogue.datasets) == [d.name for d in client.datasets()]


def test_processor_asks_for_its_principal(
    shared: RunningBroker, connect: Connect, generated: Registers
) -> None:
    """A vendor with a delegation asks in the municipality's name; the entry names both."""
    client = connect(shared.target, shared.site.credentials("kommunesystemer"))
    question = Question(
        dataset="bbr.enhed",
        attributes=("enh026EnhedensSamledeAreal",),
        subject=question_of(case(generated, "family-area")).subject,
        subject_role="property",
        purpose="building-case",
        legal_basis="bbrl.5.1",
        agreement="odense-bbr",
        case_reference="SAG-2025-0018",
        caseworker="system:byggesag",
        consumer="92000028",
    )
    entry = client.exchange(question).receipt.entry
    assert ("92000028", "90000160") == (entry.consumer, entry.processor)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2024, 5, 1, tzinfo=UTC),
        datetime(2024, 5, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        datetime(2024, 5, 1),  # noqa: DTZ001  # the claim is about a time without a zone
    ],
    ids=["utc", "another-zone", "no-zone"],
)
def test_times_mean_the_same_in_every_form(client: Caller, generated: Registers, moment: datetime) -> None:
    """A time with a zone is converted; one without is UTC."""
    question = replace(question_of(case(generated, "income-as-first-reported")), registration_time=moment)
    assert 15 == len(client.exchange(question).records)


REFUSED: list[tuple[type[ClientError], dict[str, Any], str]] = [
    (Refused, {"agreement": "udk-cpr"}, "AGREEMENT_OF_ANOTHER_PARTY"),
    (InvalidRequest, {"dataset": "cpr.nothing"}, "DATASET_UNKNOWN"),
    (InvalidRequest, {"attributes": ("maaned", "nothing")}, "ATTRIBUTE_UNKNOWN"),
    (InvalidRequest, {"attributes": ()}, "FIELD_INVALID"),
    (InvalidRequest, {"subject": SubjectKey("personnummer", "12")}, "FIELD_INVALID"),
    (InvalidRequest, {"subject_role": "neighbour"}, "FIELD_INVALID"),
    (InvalidRequest, {"case_reference": ""}, "FIELD_INVALID"),
    (InvalidRequest, {"purpose": "no purpose"}, "FIELD_INVALID"),
    (NotAuthenticated, {"caseworker": ""}, "SIGNATURE_CLAIMS_INVALID"),
    (Refused, {"consumer": "92000028"}, "DELEGATION_MISSING"),
]


@pytest.mark.parametrize(
    ("kind", "change", "code"), REFUSED, ids=[f"{r[2]}-{next(iter(r[1]))}" for r in REFUSED]
)
def test_error_is_of_its_kind_with_its_receipt(  # fixtures
    client: Caller, generated: Registers, kind: type[ClientError], change: dict[str, object], code: str
) -> None:
    """Each way of being refused has its own exception, recorded, with what to correct."""
    with pytest.raises(kind) as caught:
        client.exchange(granted(generated, **change))
    error = caught.value
    assert code in {r.code for r in error.reasons}
    assert error.receipt is not None
    assert "refused" == error.receipt.entry.outcome
    assert (kind is InvalidRequest) == bool(error.violations)
    assert all(v.field in str(error) and v.description in str(error) for v in error.violations)


def test_messages_name_nobody(shared: RunningBroker, connect: Connect, generated: Registers) -> None:
    """No message of any refusal of the planted cases holds an identifier or the case."""
    clients = {s: connect(shared.target, shared.site.credentials(s)) for s in SLUGS.values()}
    said = 0
    for planted in PLANTED_CASES:
        question = question_of(planted)
        try:
            clients[SLUGS[planted.request.consumer]].exchange(question)
        except ClientError as error:
            said += 1
            texts = [str(error), *(t for r in error.reasons for t in (r.text_en, r.text_da))]
            assert not any(question.subject.value in text for text in texts)
            assert not any(NUMBERS.search(text) or question.case_reference in text for text in texts)
    assert said >= 5


@pytest.mark.parametrize(("slug", "code"), [("nedlagt-styrelse", "PARTICIPANT_REVOKED")], ids=["revoked"])
def test_revoked_participant_may_not_even_look(
    shared: RunningBroker, connect: Connect, generated: Registers, slug: str, code: str
) -> None:
    """Who no longer takes part is told so, asking or only looking at the catalogue."""
    client = connect(shared.target, shared.site.credentials(slug))
    for call in (client.datasets, lambda: client.exchange(granted(generated))):
        with pytest.raises(NotAuthenticated) as caught:
            call()
        assert code == caught.value.code


def test_request_key_of_the_other_algorithm_signs_too(site_with_ed25519: Path, shared: RunningBroker) -> None:
    """An Ed25519 key is read like one of P-256, and named with its algorithm."""
    loaded = Credentials.load(site_with_ed25519)
    assert isinstance(loaded.request_key, Ed25519PrivateKey)
    assert {f.name for f in fields(Credentials)} >= {"request_key", "algorithm"}
    assert "EdDSA" == loaded.algorithm


@pytest.fixture
def folder(keys: Path, tmp_path: Path) -> Path:
    """A copy of an organisation's folder, to spoil."""
    copy = tmp_path / "keys"
    shutil.copytree(keys, copy)
    return copy / "udbetaling-danmark"


@pytest.fixture
def site_with_ed25519(folder: Path) -> Path:
    """A folder whose request key is of Ed25519."""
    key = Ed25519PrivateKey.generate()
    (folder / "request.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    document = json.loads((folder / "client.json").read_text("utf-8"))
    document["algorithm"] = pki.public_jwk(key.public_key(), "one")["alg"]
    (folder / "client.json").write_text(json.dumps(document), "utf-8")
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "cvr",
        "certificate",
        "certificate_key",
        "request_key",
        "request_key_id",
        "algorithm",
        "audience",
        "ca",
        "log_vkey",
    ],
)
def test_credentials_lacking_a_field_say_which(folder: Path, name: str) -> None:
    """Each field of client.json is needed, and its absence named."""
    document = json.loads((folder / "client.json").read_text("utf-8"))
    del document[name]
    (folder / "client.json").write_text(json.dumps(document), "utf-8")
    with pytest.raises(CredentialsError, match=f"lacks the field '{name}'"):
        Credentials.load(folder)


@pytest.mark.parametrize("name", ["client.json", "cert.pem", "../ca.pem", "../log.vkey"])
def test_credentials_lacking_a_file_say_which(folder: Path, name: str) -> None:
    """A missing file is named."""
    (folder / name).unlink()
    with pytest.raises(CredentialsError, match=rf"{Path(name).name} cannot be read"):
        Credentials.load(folder)


@pytest.mark.parametrize("name", ["cert.key", "request.key"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_private_key_open_to_others_is_refused(folder: Path, name: str, mode: int) -> None:
    """A private key that others may read is no private key; the message says what to run."""
    (folder / name).chmod(mode)
    with pytest.raises(KeyFileError, match=rf"{name}.*chmod 600"):
        Credentials.load(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("client.json", "not json"),
        ("client.json", "[]"),
        ("client.json", '{"request_key": 1}'),
        ("request.key", "not a key"),
        ("../log.vkey", "not a vkey"),
    ],
)
def test_malformed_credentials_say_where(folder: Path, name: str, content: str) -> None:
    """A file that is not what it should be is an error with the folder's name, whatever it holds."""
    (folder / name).write_text(content, "utf-8")
    with pytest.raises(CredentialsError, match="udbetaling-danmark"):
        Credentials.load(folder)


@pytest.mark.parametrize("kind", ["rsa", "p-384"])
def test_request_key_of_another_kind_is_refused(folder: Path, kind: str) -> None:
    """Neither an RSA key nor one of another curve signs a request."""
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP384R1())
    (folder / "request.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(CredentialsError, match="P-256 or Ed25519"):
        Credentials.load(folder)


def test_algorithm_that_is_not_the_keys_is_refused(folder: Path) -> None:
    """A key is used with its own algorithm only, and the error says which that is."""
    document = json.loads((folder / "client.json").read_text("utf-8"))
    document["algorithm"] = "EdDSA"
    (folder / "client.json").write_text(json.dumps(document), "utf-8")
    with pytest.raises(CredentialsError, match="ES256"):
        Credentials.load(folder)


async def test_async_client_asks_many_at_once(shared: RunningBroker, generated: Registers) -> None:
    """Twenty questions under way on one connection are all answered, and the client closes itself."""
    credentials = shared.site.credentials("udbetaling-danmark")
    async with AsyncClient(shared.target, credentials) as client:
        answers = await asyncio.gather(*(client.exchange(granted(generated)) for _ in range(20)))
    assert 20 == len({a.receipt.index for a in answers})
