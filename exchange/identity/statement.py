"""Verifying the signature over a request. What it is made of: see `exchange.identity.signing`."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import Any

import jwt

from exchange.errors import ExchangeError, Refused
from exchange.identity.participants import Participant
from exchange.identity.signing import ALGORITHMS, LIFETIME, SKEW, TYPE
from exchange.model.identifiers import is_request_id
from exchange.model.request import Envelope, Statement

_CLAIMS = ["iss", "sub", "jti", "iat", "exp", "aud", "body_sha256"]
_MAX_CASEWORKER = 200


def verify(envelope: Envelope, issuer: Participant, audience: str) -> Statement:
    """Verifies that a participant signed exactly this body for this exchange, just now.

    Raises:
        Refused: with the reason that failed first.
    """
    # 1. Header: a known kind of token, an allowed algorithm, a registered key (RFC 8725 section 3.1).
    try:
        header = _header(envelope.signature)
    except (ValueError, RecursionError) as error:
        raise Refused.because("SIGNATURE_MALFORMED") from error
    if header.get("typ") != TYPE or "crit" in header:  # no extension is understood
        raise Refused.because("SIGNATURE_MALFORMED")
    if header.get("alg") not in ALGORITHMS:
        raise Refused.because("SIGNATURE_ALGORITHM_NOT_ALLOWED")
    key = issuer.keys.get(str(header.get("kid")))
    if key is None:
        raise Refused.because("SIGNATURE_KEY_UNKNOWN")
    if header["alg"] != key.algorithm_name:
        raise Refused.because("SIGNATURE_ALGORITHM_NOT_ALLOWED")
    # 2. Signature and registered claims (RFC 7519 section 4.1).
    try:
        claims = jwt.decode(
            envelope.signature,
            key,
            algorithms=[key.algorithm_name],
            audience=audience,
            issuer=issuer.cvr,
            leeway=SKEW,
            options={"require": _CLAIMS},
        )
    except (jwt.PyJWTError, RecursionError) as error:
        raise _translated(error) from error
    # 3. Our own claims.
    if not _well_formed(claims):
        raise Refused.because("SIGNATURE_CLAIMS_INVALID")
    if claims["exp"] - claims["iat"] > LIFETIME:
        raise Refused.because("SIGNATURE_VALID_TOO_LONG")
    # 4. The body is the one that was signed.
    if claims["body_sha256"] != sha256(envelope.body).hexdigest():
        raise Refused.because("BODY_DIGEST_MISMATCH")
    return Statement(issuer.cvr, claims["sub"], claims["jti"])


def key_id(signature: str) -> str:
    """Reads which key a signature that was verified names."""
    return str(_header(signature).get("kid"))


def _well_formed(claims: dict[str, Any]) -> bool:
    caseworker: str = claims["sub"]
    return (
        is_request_id(claims["jti"])
        and 0 < len(caseworker) <= _MAX_CASEWORKER
        and caseworker.isprintable()
        and all(isinstance(claims[time], int | float) for time in ("iat", "exp"))  # and no text of digits
    )


def _header(signature: str) -> dict[str, Any]:
    """Reads the header to find the key; `jwt.decode` reads and checks it again with the rest.

    Raises:
        ValueError: it is no base64url of a JSON object.
    """
    encoded = signature.partition(".")[0]
    header = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    if not isinstance(header, dict):
        raise ValueError("a header is an object")  # noqa: TRY004  # bad input, no bug
    return header


def _translated(error: Exception) -> ExchangeError:
    for kind, code in _ERRORS:
        if isinstance(error, kind):
            return Refused.because(code)
    return Refused.because("SIGNATURE_CLAIMS_INVALID")


_ERRORS: tuple[tuple[type[Exception], str], ...] = (
    (jwt.InvalidSignatureError, "SIGNATURE_INVALID"),
    (jwt.ExpiredSignatureError, "SIGNATURE_EXPIRED"),
    (jwt.ImmatureSignatureError, "SIGNATURE_NOT_YET_VALID"),
    (jwt.InvalidAudienceError, "AUDIENCE_MISMATCH"),
    (jwt.InvalidIssuerError, "ISSUER_MISMATCH"),
    (jwt.InvalidAlgorithmError, "SIGNATURE_ALGORITHM_NOT_ALLOWED"),
    (jwt.MissingRequiredClaimError, "SIGNATURE_CLAIMS_INVALID"),
    (jwt.DecodeError, "SIGNATURE_MALFORMED"),
    (RecursionError, "SIGNATURE_MALFORMED"),
)
