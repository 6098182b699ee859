"""The signature over a request: a JWS whose payload states who asks, when, and what exactly.

The body travels beside it as bytes; the JWS holds the body's SHA-256. It is an ordinary JWT (RFC 7519)
for any library in any language. See docs/adr/0003-signed-requests.md.
"""

from __future__ import annotations

import time
from hashlib import sha256
from typing import Any

import jwt

from exchange.model.request import Statement

#: Signature algorithms for requests; no others are looked at.
ALGORITHMS = ("ES256", "EdDSA")
TYPE = "hjemmel-request+jwt"
LIFETIME = 300  # seconds between iat and exp, at most
SKEW = 30  # seconds that clocks may differ


def sign(key: Any, key_id: str, algorithm: str, statement: Statement, audience: str, body: bytes) -> str:
    """Signs a request as its issuer.

    Args:
        key: private key of `cryptography`.
        key_id: the key's name in the issuer's JWKS.
        algorithm: ES256 or EdDSA.
        statement: who asks, and the request id.
        audience: name of the exchange.
        body: the exact bytes that will be sent.
    """
    now = int(time.time())
    claims = {
        "iss": statement.issuer,
        "sub": statement.caseworker,
        "jti": statement.request_id,
        "iat": now,
        "exp": now + LIFETIME,
        "aud": audience,
        "body_sha256": sha256(body).hexdigest(),
    }
    return jwt.encode(claims, key, algorithm, headers={"kid": key_id, "typ": TYPE})
