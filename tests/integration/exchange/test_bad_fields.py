"""Fields of a signed body that are malformed: each is named, with the form that it must have."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hjemmel.exchange.v1.envelope_pb2 import ExchangeBody

from exchange.client.credentials import Credentials
from exchange.model.identifiers import SUBJECT_KEYS
from tests.support import verdict
from tests.support.broker import RunningBroker
from tests.support.raw import Wire, sign, told

Spoil = Callable[[ExchangeBody], object]
UUID = "0b6f5f0c-8f6f-5c57-9a6e-3f1f7cbe1c55"

#: For each kind of identifier, values that look like one and are none.
MALFORMED = {
    "personnummer": [
        "7204863900 ", "720486-3900", "72048639", "72048639000", "9904863900", "7213863900", "3102863900",
        "72o4863900", "٧٢٠٤٨٦٣٩٠٠", "720486\n3900", "%", "' OR 1=1 --",
    ],
    "person_id": [UUID.upper(), UUID.replace("-", ""), f"{{{UUID}}}", f"urn:uuid:{UUID}", UUID[:-1]],
    "dar_adresse_id": [UUID.upper(), UUID[1:], f" {UUID}", f"{UUID}\n"],
    "dar_husnummer_id": [UUID.upper(), UUID[:8]],
    "bbr_enhed_id": [UUID.upper(), f"{UUID}{UUID}"],
    "bbr_bygning_id": [UUID.upper(), UUID.replace("0b", "0g")],
    "bbr_grund_id": [UUID.upper(), "x"],
    "bfe_nummer": ["0", "0100", "12345678901", "-1", "1e5", "1_000", "\uff19"],
    "cvr_nummer": ["91000009", "9200002", "910000088", "DK91000008", "91 00 00 08"],
    "p_nummer": ["900000000", "0900000001", "90000000011", "9000000OO1"],
    "se_nummer": ["91000009", "9200002"],
    "uuid": [UUID.upper(), UUID[:-1], f"{UUID}\n"],
    "number": ["123456789012345678901", "-12", "1 234", "1.234", "\uff11\uff12"],
    "code": ["x" * 65, "a b", "a/b", "a'b", "Sønderborg", "abc\n", "{abc}"],
}  # fmt: skip


def check(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes, spoil: Spoil, *fields: str
) -> None:
    """Spoils a body, signs it, and holds the refusal to naming exactly these fields."""
    message = ExchangeBody.FromString(body)
    spoil(message)
    spoilt = message.SerializeToString()
    said = told(lambda: udk.exchange(spoilt, sign(credentials, spoilt)))
    # A value of one or two characters may stand in any text by chance.
    secrets = (message.subject.value,) if len(message.subject.value) > 3 else ()
    entry = verdict.check_ended(shared, said, "FIELD_INVALID", secrets=secrets)
    assert set(fields) == said.fields.keys()
    assert all(said.fields.values())
    assert ("91000008", "", (), "") == (
        entry.consumer,
        entry.dataset,
        entry.attributes_asked,
        entry.agreement,
    )
    assert entry.request_id is not None


def test_every_kind_of_identifier_is_tried() -> None:
    """No kind is left out below."""
    assert SUBJECT_KEYS.keys() == MALFORMED.keys()


@pytest.mark.parametrize("kind", sorted(SUBJECT_KEYS))
def test_a_malformed_identifier_is_refused_without_repeating_it(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes, kind: str
) -> None:
    """Whatever is no identifier of its kind is refused with the form it must have, before any look-up."""
    for value in ["", *MALFORMED[kind], "x" * 1000]:

        def spoil(message: ExchangeBody, value: str = value) -> None:
            message.subject.kind, message.subject.value = kind, value

        check(shared, udk, credentials, body, spoil, "subject.value")


@pytest.mark.parametrize("kind", ["", "cpr", "Personnummer", "7204863900", "personnummer "])
def test_an_unknown_kind_of_identifier_is_refused(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes, kind: str
) -> None:
    """The kinds there are, are named; the one that was sent is not, for it may be a personnummer."""
    check(shared, udk, credentials, body, lambda m: setattr(m.subject, "kind", kind), "subject.kind")


@pytest.mark.parametrize("field", ["dataset", "purpose", "legal_basis", "agreement"])
@pytest.mark.parametrize(
    "name", ["", "udk-7204863900", "a123456", "1.x", "*", "a b", "a" * 65, "lov/§8", "æ", "a\n"]
)
def test_a_name_that_could_hold_a_personnummer_is_refused(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes, field: str, name: str
) -> None:
    """Names become public: six digits in a row, and everything that is no name, stay out of the log."""
    check(shared, udk, credentials, body, lambda m: setattr(m, field, name), field)


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["maaned", "maaned"],
        [f"a{n}" for n in range(101)],
        ["*"],
        ["maaned", ""],
        ["cpr7204863900"],
        ["a" * 65],
    ],
    ids=["none", "twice", "101", "star", "empty", "digits", "long"],
)
def test_malformed_lists_of_attributes_are_refused(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes, names: list[str]
) -> None:
    """One to a hundred names, each once, and no way to ask for all."""

    def spoil(message: ExchangeBody) -> None:
        del message.attributes[:]
        message.attributes.extend(names)

    check(shared, udk, credentials, body, spoil, "attributes")


def test_a_hundred_attributes_are_judged(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes
) -> None:
    """A hundred names are within the bounds: what is refused is that they are unknown."""
    message = ExchangeBody.FromString(body)
    del message.attributes[:]
    message.attributes.extend(f"a{n}" for n in range(100))
    full = message.SerializeToString()
    said = told(lambda: udk.exchange(full, sign(credentials, full)))
    verdict.check_ended(shared, said, "ATTRIBUTE_UNKNOWN")


@pytest.mark.parametrize(
    "text",
    ["2025-02-30", "2025-2-3", "20250203", "2025-W05-1", "03-02-2025", "2025-02-03T00:00:00Z", "today", " "],
)
def test_a_malformed_law_date_is_refused(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes, text: str
) -> None:
    """A day that does not exist, or is not written YYYY-MM-DD, decides no case."""
    check(shared, udk, credentials, body, lambda m: setattr(m, "law_date", text), "law_date")


@pytest.mark.parametrize("field", ["effect_time", "registration_time"])
@pytest.mark.parametrize(
    "time",
    [
        Timestamp(seconds=-(2**62)),
        Timestamp(seconds=2**62),
        Timestamp(seconds=253402300800),
        Timestamp(nanos=-1),
    ],
)
def test_a_time_outside_the_calendar_is_refused(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes, field: str, time: Timestamp
) -> None:
    """No register is asked for a time that it could not hold."""
    check(shared, udk, credentials, body, lambda m: getattr(m, field).CopyFrom(time), field)


@pytest.mark.parametrize("role", [0, 9, -1])
def test_an_unknown_role_is_refused(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes, role: int
) -> None:
    """What the subject is in the case must be said, in a word that is known."""
    check(shared, udk, credentials, body, lambda m: setattr(m, "subject_role", role), "subject_role")


@pytest.mark.parametrize("consumer", ["", "91000009", "9100000", "NTRDK-91000008"])
def test_a_malformed_consumer_is_refused(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes, consumer: str
) -> None:
    """Whoever the request is for is named by a CVR number that adds up."""
    check(shared, udk, credentials, body, lambda m: setattr(m, "consumer", consumer), "consumer")


@pytest.mark.parametrize("text", ["x" * 201, "a\x00b", "a\nb", "\u202e"])
@pytest.mark.parametrize("field", ["case_reference", "consent_reference"])
def test_a_malformed_reference_is_refused(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes, field: str, text: str
) -> None:
    """References are short and printable; a case must be stated."""
    check(shared, udk, credentials, body, lambda m: setattr(m, field, text), field)


def test_everything_that_is_wrong_is_told_at_once(
    shared: RunningBroker, udk: Wire, credentials: Credentials
) -> None:
    """Whoever sends an almost empty body learns all the fields to correct, in one answer."""
    fields = [
        *("consumer", "dataset", "attributes", "subject.kind", "subject_role", "purpose"),
        *("legal_basis", "agreement", "case_reference"),
    ]
    check(shared, udk, credentials, b"", lambda m: setattr(m, "partial_acceptable", True), *fields)
