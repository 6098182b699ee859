"""What a status of HTTP says about a register, in the errors of the port."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from adapters.port import AccessRefused, AnswerInvalid, Cause, RegisterError, Throttled, Unavailable

_USUAL_PAUSE = 1.0  # seconds, where a register that throttles does not say how long
_LONGEST_PAUSE = 3600.0
_INVALID: Mapping[int, Cause] = {  # all others too: a redirection would show the credentials to somebody else
    HTTPStatus.PARTIAL_CONTENT: Cause.PARTIAL,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Cause.TOO_LARGE,
}


def error_of(status: int, headers: Mapping[str, str]) -> RegisterError:
    """Gives the error that an answer other than 200 is. No word of its body is looked at."""
    asks_for_pause = status == HTTPStatus.SERVICE_UNAVAILABLE and "Retry-After" in headers
    if status == HTTPStatus.TOO_MANY_REQUESTS or asks_for_pause:
        return Throttled(pause_in(headers))
    if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable(Cause.SERVER_ERROR)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return AccessRefused(_refusal(status, headers))
    return AnswerInvalid(_INVALID.get(status, Cause.SERVER_ERROR))


def _refusal(status: int, headers: Mapping[str, str]) -> Cause:
    if status == HTTPStatus.FORBIDDEN:
        return Cause.NOT_AUTHORISED
    told = headers.get("WWW-Authenticate", "").lower()  # "invalid_token" alone may mean revoked or malformed
    return Cause.CREDENTIALS_EXPIRED if "expired" in told else Cause.CREDENTIALS_REFUSED


def pause_in(headers: Mapping[str, str]) -> float:
    """Reads Retry-After, seconds or a date (RFC 9110 section 10.2.3)."""
    told = headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit():
        return min(float(told[:9]), _LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(told)
    except (ValueError, TypeError):
        return _USUAL_PAUSE
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - datetime.now(UTC)).total_seconds(), 0.0), _LONGEST_PAUSE)
