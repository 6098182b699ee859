"""Timestamps (RFC 3161) over checkpoints: what is asked of an authority, and what its token proves.

A token says that the bytes of a signed checkpoint existed at a time, and with them every entry that the
checkpoint commits to. The authority sees a hash and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client import VerificationError as TokenError

from audit.errors import FormatError, VerificationError
from audit.timestamps import der

Roots = tuple[x509.Certificate, ...]

#: How far a token's time may lie from our own clock when it arrives.
PLAUSIBLE = timedelta(minutes=5)
_SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")


@dataclass(frozen=True, slots=True)
class Question:
    """What an authority is asked.

    Attributes:
        signed_checkpoint: what is to be stamped.
        nonce: that the answer must repeat.
        der: the TimeStampReq.
    """

    signed_checkpoint: str
    nonce: int
    der: bytes


@dataclass(frozen=True, slots=True)
class Token:
    """A token over a checkpoint.

    Attributes:
        der: the TimeStampToken.
        time: when the checkpoint existed; whole seconds, rounded down as rfc3161-client does.
        signer: the authority, as the certificate names it that the token says it was signed with.
    """

    der: bytes
    time: datetime
    signer: str


def ask(signed_checkpoint: str) -> Question:
    """Makes the question, with a fresh nonce."""
    builder = TimestampRequestBuilder().data(signed_checkpoint.encode()).hash_algorithm(HashAlgorithm.SHA256)
    request = builder.build()
    if request.nonce is None:
        raise AssertionError("a request is built with a nonce")
    return Question(signed_checkpoint, request.nonce, request.as_bytes())


def accept(response: bytes, question: Question, roots: Roots, now: datetime) -> Token:
    """Takes an authority's answer, if it answers this question and can be believed.

    Raises:
        FormatError: it is no answer.
        VerificationError: it is refused, of another question, not under a root, or its time cannot be.
    """
    answer = _decode(der.in_order(response))
    # 1. Granted, signed under a root, for this purpose (RFC 3161 section 2.3), to this nonce.
    _verify(answer, question.signed_checkpoint, roots, question.nonce)
    # 2. Of this checkpoint.
    token = _read(answer, question.signed_checkpoint)
    # 3. Of now: a token of another time answers no question of today.
    if abs(token.time - now) > PLAUSIBLE:
        raise VerificationError(f"the token's time, {rfc3339(token.time)}, is far from this machine's clock")
    return token


def verify(token: bytes, signed_checkpoint: str, roots: Roots) -> Token:
    """Checks a token that was kept, by the certificates as they held at its time.

    Raises:
        FormatError: it is no token.
        VerificationError: it is of something else, or not under a root.
    """
    answer = _decode(der.granted(token))
    _verify(answer, signed_checkpoint, roots, None)
    return _read(answer, signed_checkpoint)


def read(token: bytes, signed_checkpoint: str) -> Token:
    """Reads a token without asking who signed it.

    Raises:
        FormatError: it is no token.
        VerificationError: it is of something else.
    """
    return _read(_decode(der.granted(token)), signed_checkpoint)


def read_roots(path: Path) -> Roots:
    """Reads the root certificates of authorities, PEM.

    Raises:
        FormatError: the file cannot be read, or holds none.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except OSError as error:
        raise FormatError(
            f"{path} cannot be read ({error.strerror}): it holds the roots of timestamps"
        ) from error
    except ValueError as error:
        raise FormatError(f"{path} holds no certificates in PEM form") from error


def rfc3339(time: datetime) -> str:
    """Writes a time as it is kept and shown."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _decode(response: bytes) -> TimeStampResponse:
    try:
        return decode_timestamp_response(response)
    except ValueError as error:
        raise FormatError("not a timestamp in DER (RFC 3161)") from error


def _verify(
    answer: TimeStampResponse, signed_checkpoint: str, roots: Sequence[x509.Certificate], nonce: int | None
) -> None:
    try:
        verifier = VerifierBuilder(roots=list(roots), nonce=nonce).build()
        verifier.verify(answer, sha256(signed_checkpoint.encode()).digest())
    except (TokenError, ValueError) as error:  # ValueError: a part is missing or malformed
        raise VerificationError(f"the timestamp does not hold: {_first_words(error)}") from error


def _read(answer: TimeStampResponse, signed_checkpoint: str) -> Token:
    try:
        info, [signer] = answer.tst_info, answer.signed_data.signer_infos
        imprint = (info.message_imprint.hash_algorithm, info.message_imprint.message)
        certificates = [x509.load_der_x509_certificate(c) for c in answer.signed_data.certificates]
    except ValueError as error:
        raise FormatError("the timestamp lacks a part (RFC 3161)") from error
    if imprint != (_SHA256, sha256(signed_checkpoint.encode()).digest()):
        raise VerificationError("the timestamp is of something else than the checkpoint")
    named = [c for c in certificates if (c.issuer, c.serial_number) == (signer.issuer, signer.serial_number)]
    name = named[0].subject.rfc4514_string() if named else ""
    return Token(answer.time_stamp_token(), info.gen_time, name)


def _first_words(error: Exception) -> str:
    """What OpenSSL found, without its places in the source."""
    text = str(error)
    return (
        text.rpartition('data: "')[2].partition('"')[0]
        if 'data: "' in text
        else text.partition(": ErrorStack")[0]
    )
