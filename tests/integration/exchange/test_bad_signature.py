"""Signatures that do not hold, each refused for its own reason before a byte of the body is believed."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from exchange.client.credentials import Credentials
from exchange.client.protocol import new_request_id
from exchange.identity.pki import public_jwk
from exchange.identity.signing import TYPE
from tests.support import raw, verdict
from tests.support.broker import RunningBroker
from tests.support.raw import ABSENT, Wire, sign, told

INVALID = "SIGNATURE_CLAIMS_INVALID"
LONE_SURROGATE = "\ud800"


class Forgery(NamedTuple):
    """A way to get a signature wrong, and the reason that it must be refused for."""

    name: str
    reason: str
    make: Callable[[Credentials, bytes], str]


def changed(**claims: Any) -> Callable[[Credentials, bytes], str]:
    """Signs with other claims."""
    return lambda own, body: sign(own, body, **claims)


def headed(**header: object) -> Callable[[Credentials, bytes], str]:
    """Signs under another header."""
    return lambda own, body: sign(own, body, header=header)


def now(offset: float) -> int:
    """A time from now, as claims state it."""
    return int(time.time() + offset)


def unsigned(own: Credentials, body: bytes) -> str:
    """`alg: none`, as in RFC 7519 section 6."""
    return sign(own, body, header={"alg": "none"}, signed_by=lambda _message: b"")


def confused(own: Credentials, body: bytes) -> str:
    """HS256 with the public key as the secret, the classic confusion of algorithms."""
    key = own.request_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return sign(own, body, header={"alg": "HS256"}, signed_by=lambda m: hmac.digest(key, m, hashlib.sha256))


def with_rsa(own: Credentials, body: bytes) -> str:
    """An algorithm that verifies in the library, but that the exchange does not allow."""
    key = rsa.generate_private_key(65_537, 2048)
    algorithm = jwt.get_algorithm_by_name("RS256")
    return sign(own, body, header={"alg": "RS256"}, signed_by=lambda m: algorithm.sign(m, key))


def with_eddsa(own: Credentials, body: bytes) -> str:
    """An allowed algorithm, but not the one the named key is registered with."""
    key = ed25519.Ed25519PrivateKey.generate()
    return sign(own, body, header={"alg": "EdDSA"}, signed_by=key.sign)


def with_wrong_key(own: Credentials, body: bytes) -> str:
    """The right header over somebody else's signature."""
    return sign(own, body, signed_by=raw.es256(ec.generate_private_key(ec.SECP256R1())))


def with_own_jwk(own: Credentials, body: bytes) -> str:
    """A key that the header itself brings along (RFC 7515 section 4.1.3) convinces nobody."""
    key = ec.generate_private_key(ec.SECP256R1())
    header = {"jwk": public_jwk(key.public_key(), own.request_key_id)}
    return sign(own, body, header=header, signed_by=raw.es256(key))


def cut(own: Credentials, body: bytes) -> str:
    """The signature's last bytes are missing."""
    return sign(own, body, signed_by=lambda m: raw.es256(own.request_key)(m)[:-4])


def over_a_list(own: Credentials, body: bytes) -> str:
    """The payload is JSON, but no object."""
    header = {"alg": "ES256", "kid": own.request_key_id, "typ": TYPE}
    return raw.compact(header, ["iss", own.cvr, len(body)], raw.es256(own.request_key))


def nested() -> bytes:
    """JSON so deep that reading it must be given up."""
    return raw.part(b'{"a":' * 7_000)


def with_nested_claims(own: Credentials, _body: bytes) -> str:
    """Such JSON for a payload, signed as it should be."""
    signed = sign(own, b"").encode().partition(b".")[0] + b"." + nested()
    return (signed + b"." + raw.part(raw.es256(own.request_key)(signed))).decode()


FORGERIES = [
    Forgery("garbage", "SIGNATURE_MALFORMED", lambda _own, _body: "no.jws.at-all"),
    Forgery("one part", "SIGNATURE_MALFORMED", lambda _own, _body: "x" * 500),
    Forgery("not ASCII", "SIGNATURE_MALFORMED", lambda _own, _body: "æ.ø.å"),
    Forgery("a list for a payload", "SIGNATURE_MALFORMED", over_a_list),
    Forgery("a plain JWT", "SIGNATURE_MALFORMED", headed(typ="JWT")),
    Forgery("no typ", "SIGNATURE_MALFORMED", headed(typ=ABSENT)),
    Forgery("a list for a typ", "SIGNATURE_MALFORMED", headed(typ=[TYPE])),
    Forgery("an extension that must be understood", "SIGNATURE_MALFORMED", headed(crit=["x"], x=1)),
    Forgery("an extension of nothing", "SIGNATURE_MALFORMED", headed(crit=[])),
    Forgery("a header within a header", "SIGNATURE_MALFORMED", lambda _o, _b: f"{nested().decode()}.e30.AA"),
    Forgery("claims within claims", "SIGNATURE_MALFORMED", with_nested_claims),
    Forgery("alg none", "SIGNATURE_ALGORITHM_NOT_ALLOWED", unsigned),
    Forgery("alg None", "SIGNATURE_ALGORITHM_NOT_ALLOWED", headed(alg="None")),
    Forgery("no alg", "SIGNATURE_ALGORITHM_NOT_ALLOWED", headed(alg=ABSENT)),
    Forgery("a list for an alg", "SIGNATURE_ALGORITHM_NOT_ALLOWED", headed(alg=["ES256"])),
    Forgery("HS256 confusion", "SIGNATURE_ALGORITHM_NOT_ALLOWED", confused),
    Forgery("RS256", "SIGNATURE_ALGORITHM_NOT_ALLOWED", with_rsa),
    Forgery("EdDSA with a key for ES256", "SIGNATURE_ALGORITHM_NOT_ALLOWED", with_eddsa),
    Forgery("unknown kid", "SIGNATURE_KEY_UNKNOWN", headed(kid="udbetaling-danmark-2")),
    Forgery("another's kid", "SIGNATURE_KEY_UNKNOWN", headed(kid="odense-1")),
    Forgery("a number for a kid", "SIGNATURE_KEY_UNKNOWN", headed(kid=1)),
    Forgery("no kid", "SIGNATURE_KEY_UNKNOWN", headed(kid=ABSENT)),
    Forgery("wrong key", "SIGNATURE_INVALID", with_wrong_key),
    Forgery("a key of its own", "SIGNATURE_INVALID", with_own_jwk),
    Forgery("cut off", "SIGNATURE_INVALID", cut),
    Forgery("expired", "SIGNATURE_EXPIRED", lambda o, b: sign(o, b, iat=now(-400), exp=now(-100))),
    Forgery(
        "not yet valid",
        "SIGNATURE_NOT_YET_VALID",
        lambda o, b: sign(o, b, iat=now(100), exp=now(200)),
    ),
    Forgery("not before later", "SIGNATURE_NOT_YET_VALID", lambda o, b: sign(o, b, nbf=now(100))),
    Forgery("too long", "SIGNATURE_VALID_TOO_LONG", lambda o, b: sign(o, b, exp=now(3600))),
    Forgery(
        "issued long ago", "SIGNATURE_VALID_TOO_LONG", lambda o, b: sign(o, b, iat=now(-3600), exp=now(60))
    ),
    Forgery("wrong audience", "AUDIENCE_MISMATCH", changed(aud="another.example")),
    Forgery("audience as a prefix", "AUDIENCE_MISMATCH", changed(aud="hjemmel.example.evil.example")),
    Forgery("another issuer", "ISSUER_MISMATCH", changed(iss="92000028")),
    Forgery("another body", "BODY_DIGEST_MISMATCH", lambda o, b: sign(o, b + b"\x00")),
    Forgery("no digest at all", "BODY_DIGEST_MISMATCH", changed(body_sha256="")),
    Forgery("a digest that is no ASCII", "BODY_DIGEST_MISMATCH", changed(body_sha256="é" * 64)),
    Forgery("a digest that is no text", "BODY_DIGEST_MISMATCH", changed(body_sha256=["0" * 64])),
    *(
        Forgery(f"no {claim}", INVALID, changed(**{claim: ABSENT}))
        for claim in ("sub", "jti", "iat", "exp", "body_sha256", "iss", "aud")
    ),
    Forgery("no caseworker", INVALID, changed(sub="")),
    Forgery("a caseworker too long", INVALID, changed(sub="s" * 201)),
    Forgery("a caseworker that is no text", INVALID, changed(sub=17)),
    Forgery("a caseworker in half a character", INVALID, changed(sub=LONE_SURROGATE)),
    Forgery("a caseworker with a line break", INVALID, changed(sub="a\nb")),
    Forgery("an id of version 4", INVALID, changed(jti="0b6f5f0c-8f6f-4c57-9a6e-3f1f7cbe1c55")),
    Forgery("an id in capitals", INVALID, changed(jti="01939B3E-7A00-7000-8000-00000000ABCD")),
    Forgery("an id that is no text", INVALID, changed(jti=7)),
    Forgery("an end that is a word", "SIGNATURE_MALFORMED", changed(exp="soon")),
    Forgery("an end that is digits", INVALID, lambda o, b: sign(o, b, exp=str(now(60)))),
    Forgery("an end without end", "SIGNATURE_MALFORMED", changed(exp=float("inf"))),
    Forgery("a begin that is digits", INVALID, lambda o, b: sign(o, b, iat=str(now(0)))),
    Forgery("a begin that is no number", INVALID, changed(iat=float("nan"))),
    Forgery("a begin that is a list", INVALID, changed(iat=[1])),
    Forgery("a not-before without end", "SIGNATURE_MALFORMED", changed(nbf=float("-inf"))),
]


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda f: f.name)
def test_a_signature_that_does_not_hold_is_refused_and_recorded(
    shared: RunningBroker,
    udk: Wire,
    credentials: Credentials,
    body: bytes,
    subject: str,
    forgery: Forgery,
) -> None:
    """Refused for what is wrong with it; the entry holds the caller and nothing of the unproved body."""
    signature = forgery.make(credentials, body)
    said = told(lambda: udk.exchange(body, signature))
    entry = verdict.check_ended(shared, said, forgery.reason, secrets=(subject,))
    asked: tuple[Any, ...] = (entry.caller, entry.consumer, entry.request_id, entry.dataset, entry.purpose)
    assert ("91000008", "91000008", None, "", "") == asked


def test_what_was_sent_is_kept_although_nobody_vouches_for_it(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes
) -> None:
    """The envelope of a forgery is sealed with its entry, so that it can be shown what was tried."""
    signature = unsigned(credentials, body)
    told(lambda: udk.exchange(body, signature))
    opened = shared.broker.log.reader.opened(verdict.last(shared))
    assert opened is not None
    assert {"request"} == opened.values.keys()
    assert signature.encode() + b"\x00" + body == opened.values["request"]


def test_a_forgery_uses_up_no_request_id(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes
) -> None:
    """A stranger who guesses an id cannot spoil it: the true request is granted after the forgery."""
    request_id = new_request_id()
    forged = sign(credentials, body, jti=request_id, exp=now(3600))
    assert "SIGNATURE_VALID_TOO_LONG" == told(lambda: udk.exchange(body, forged)).reason
    udk.exchange(body, sign(credentials, body, jti=request_id))
    assert ("granted", request_id) == (
        verdict.last(shared).entry.outcome,
        verdict.last(shared).entry.request_id,
    )


def test_clocks_may_differ_by_half_a_minute(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes
) -> None:
    """A signer whose clock is somewhat fast or slow is understood."""
    udk.exchange(body, sign(credentials, body, iat=now(20), exp=now(200)))
    udk.exchange(body, sign(credentials, body, iat=now(-200), exp=now(-20)))
    assert "granted" == verdict.last(shared).entry.outcome
