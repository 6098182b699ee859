"""The file of participants is taken whole or not at all, and read anew when it changes."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from exchange.identity import pki
from exchange.identity.participants import Delegation, FileParticipants, ParticipantsError, read

UDK, ODENSE, VENDOR = "91000008", "92000028", "90000160"
Document = dict[str, Any]
Write = Callable[[Any], Path]


def entry(cvr: str = UDK, **changes: Any) -> Document:
    """One participant, as `hjemmel pki init` writes it."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return {
        "cvr": cvr,
        "name": "Udbetaling Danmark",
        "status": "active",
        "certificates": ["ab" * 32],
        "jwks": {"keys": [pki.public_jwk(key, "one")]},
        "delegations": [],
        **changes,
    }


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file of participants."""

    def make(content: Any) -> Path:
        path = tmp_path / "participants.json"
        new = path.with_suffix(".new")
        new.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        new.replace(path)
        return path

    return make


def test_participants_are_read(write: Write) -> None:
    """Certificates, keys with their algorithm, status and delegations arrive as they were written."""
    ed = ed25519.Ed25519PrivateKey.generate().public_key()
    document = entry(
        jwks={"keys": [*entry()["jwks"]["keys"], pki.public_jwk(ed, "two")]},
        delegations=[
            {
                "processor": VENDOR,
                "datasets": ["bbr.enhed"],
                "purposes": ["building-case"],
                "valid_from": "2024-01-01",
            }
        ],
    )
    found = read(write({"participants": [document, entry(ODENSE, status="revoked")]}))
    assert {UDK, ODENSE} == set(found)
    assert (True, False) == (found[UDK].active, found[ODENSE].active)
    assert {"one": "ES256", "two": "EdDSA"} == {k: v.algorithm_name for k, v in found[UDK].keys.items()}
    assert frozenset({"ab" * 32}) == found[UDK].certificates
    assert [VENDOR] == [d.processor for d in found[UDK].delegations]


def test_what_pki_init_writes_is_read(keys: Path) -> None:
    """The development PKI's own file holds."""
    found = read(keys / "participants.json")
    assert {UDK, ODENSE, VENDOR} <= set(found)
    assert all(p.keys and p.certificates for p in found.values())


def _key(**changes: Any) -> Document:
    return {**entry()["jwks"]["keys"][0], **changes}


def _without(name: str, **changes: Any) -> Document:
    return {k: v for k, v in _key(**changes).items() if k != name}


def _keyed(*keys: Any) -> Document:
    return {"participants": [entry(jwks={"keys": list(keys)})]}


RSA = jwt.algorithms.RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048).public_key(), as_dict=True)
P384 = jwt.algorithms.ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key(), as_dict=True)

WRONG: list[tuple[str, Any, str]] = [
    ("no-json", b"{", "Invalid JSON"),
    ("no-text", b"\xff", "JSON"),
    ("list", [], "the file: "),
    ("empty", {}, "participants"),
    ("more", {"participants": [], "x": 1}, r"x: "),
    (
        "no-name",
        {"participants": [{k: v for k, v in entry().items() if k != "name"}]},
        r"participants\.0\.name",
    ),
    ("cvr", {"participants": [entry("91000009")]}, r"participants\.0\.cvr: .*CVR number"),
    ("second", {"participants": [entry(), entry("1")]}, r"participants\.1\.cvr"),
    ("status", {"participants": [entry(status="paused")]}, r"participants\.0\.status"),
    ("misspelt", {"participants": [entry(revoked=True)]}, r"participants\.0\.revoked"),
    ("twice", {"participants": [entry(), entry()]}, "91000008 is listed twice"),
    ("certificates", {"participants": [entry(certificates="ab")]}, r"participants\.0\.certificates"),
    ("keys", {"participants": [entry(jwks=[])]}, r"participants\.0\.jwks"),
    ("private-key", _keyed(_key(d="AAAA")), r"91000008: key 0 is a private key: remove it"),
    ("no-kid", _keyed(_without("kid")), "91000008: key 0 needs a kid"),
    ("same-kid", _keyed(_key(), _key()), "91000008: key 1 needs a kid of its own"),
    ("number-kid", _keyed(_key(kid=1)), "91000008: key 0"),
    ("no-type", _keyed(_without("kty")), "91000008: key 0"),
    ("bad-x", _keyed(_key(x="!")), "91000008: key 0"),
    ("number-x", _keyed(_key(x=1)), "91000008: key 0"),
    ("no-x", _keyed(_without("x")), "91000008: key 0"),
    ("off-curve", _keyed(_key(x=_key()["y"])), "91000008: key 0"),
    ("unknown-curve", _keyed(_key(crv="P-1")), "91000008: key 0"),
    ("none", _keyed(_key(alg="none")), "91000008: key 0"),
    ("rsa", _keyed({**RSA, "kid": "one", "alg": "RS256"}), "91000008: key 0 .*ES256 or EdDSA"),
    ("p-384", _keyed({**P384, "kid": "one", "alg": "ES384"}), "91000008: key 0 .*ES256 or EdDSA"),
    ("p-384-as-es256", _keyed({**P384, "kid": "one", "alg": "ES256"}), "91000008: key 0"),
    ("secret", _keyed({"kty": "oct", "k": "AAAA", "kid": "one", "alg": "HS256"}), "91000008: key 0"),
    ("secret-as-es256", _keyed({"kty": "oct", "k": "AAAA", "kid": "one", "alg": "ES256"}), "91000008: key 0"),
    (
        "delegation",
        {
            "participants": [
                entry(
                    delegations=[
                        {"processor": "1", "datasets": [], "purposes": [], "valid_from": "2024-01-01"}
                    ]
                )
            ]
        },
        r"participants\.0\.delegations\.0\.processor",
    ),
    (
        "delegation-date",
        {
            "participants": [
                entry(
                    delegations=[{"processor": VENDOR, "datasets": [], "purposes": [], "valid_from": "soon"}]
                )
            ]
        },
        r"participants\.0\.delegations\.0\.valid_from",
    ),
]


@pytest.mark.parametrize(("content", "said"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_wrong_file_is_refused_whole_with_the_place(write: Write, content: Any, said: str) -> None:
    """The error names the file, and the participant and key or field that is wrong."""
    with pytest.raises(ParticipantsError, match=rf"participants\.json: .*{said}"):
        read(write(content))


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A broker does not start without its participants."""
    with pytest.raises(ParticipantsError, match=r"nowhere\.json cannot be read"):
        FileParticipants(tmp_path / "nowhere.json")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time as the participants see it."""
    now = [1000.0]
    monkeypatch.setattr("exchange.identity.participants.time.monotonic", lambda: now[0])
    return now


def test_change_takes_effect_within_a_second(write: Write, clock: list[float]) -> None:
    """A revocation needs no restart; between two looks, the file is not even asked for."""
    watched = FileParticipants(write({"participants": [entry()]}))
    assert watched.find(UDK) is not None
    write({"participants": [entry(status="revoked"), entry(ODENSE)]})
    clock[0] += 1.1
    found = watched.find(UDK)
    assert found is not None
    assert not found.active
    assert watched.find(ODENSE) is not None
    assert watched.find("90000055") is None


def test_wrong_change_leaves_the_last_good_file_in_force(
    write: Write, clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    """A file that does not hold changes nothing, is told in the log once, and is taken once it holds."""
    watched = FileParticipants(write({"participants": [entry()]}))
    write(b"{")
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            clock[0] += 1.1
            found = watched.find(UDK)
            assert found is not None
            assert found.active
    assert ["participants_refused"] == [r.message for r in caplog.records]
    write({"participants": [entry(status="revoked")]})
    clock[0] += 1.1
    found = watched.find(UDK)
    assert found is not None
    assert not found.active


def test_removed_file_leaves_the_last_one_in_force(write: Write, clock: list[float]) -> None:
    """While a file is being replaced, nobody is locked out."""
    path = write({"participants": [entry()]})
    watched = FileParticipants(path)
    path.unlink()
    clock[0] += 1.1
    assert watched.find(UDK) is not None


def test_file_put_back_is_read(write: Write, clock: list[float]) -> None:
    """An older file that is put back counts as a change, whatever its time says."""
    path = write({"participants": [entry()]})
    watched = FileParticipants(path)
    write({"participants": [entry(ODENSE)]})
    os.utime(path, (0, 0))
    clock[0] += 1.1
    assert (None, True) == (watched.find(UDK), watched.find(ODENSE) is not None)


DELEGATION = Delegation(
    processor=VENDOR,
    datasets=("bbr.enhed",),
    purposes=("building-case",),
    valid_from=date(2024, 1, 1),
    valid_to=date(2024, 12, 31),
)


@pytest.mark.parametrize(
    ("processor", "dataset", "purpose", "day", "covered"),
    [
        (VENDOR, "bbr.enhed", "building-case", date(2024, 1, 1), True),
        (VENDOR, "bbr.enhed", "building-case", date(2024, 12, 31), True),
        (VENDOR, "bbr.enhed", "building-case", date(2023, 12, 31), False),
        (VENDOR, "bbr.enhed", "building-case", date(2025, 1, 1), False),
        (UDK, "bbr.enhed", "building-case", date(2024, 6, 1), False),
        (VENDOR, "bbr.bygning", "building-case", date(2024, 6, 1), False),
        (VENDOR, "bbr.enhed", "curiosity", date(2024, 6, 1), False),
    ],
)
def test_delegation_covers_its_terms_only(
    processor: str, dataset: str, purpose: str, day: date, *, covered: bool
) -> None:
    """One processor, its datasets and purposes, from the first day to the last."""
    assert covered == DELEGATION.covers(processor, dataset, purpose, day)


def test_delegation_without_an_end_goes_on() -> None:
    """Where no last day is set, there is none."""
    endless = DELEGATION.model_copy(update={"valid_to": None})
    assert endless.covers(VENDOR, "bbr.enhed", "building-case", date(2999, 1, 1))
