"""Reading the mandate of a subscription: from its exact bytes to a checked request about nobody yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from hjemmel.exchange.v1 import many_pb2

from exchange import body, delivery
from exchange.errors import FieldViolation
from exchange.model.request import Kind, Request


def read(data: bytes, now: datetime, longest: timedelta) -> tuple[Request, datetime]:
    """Parses and checks a serialised MandateBody with a subscription; gives the request, and when it ends.

    Raises:
        Refused: BODY_MALFORMED, or FIELD_INVALID with the fields to correct.
    """
    request, kind = body.read_mandate(data)
    message = many_pb2.MandateBody.FromString(data)
    violations = []
    ends = now
    if not message.HasField("subscription"):
        violations.append(FieldViolation("subscription", "must say when it ends"))
    else:
        try:
            ends = delivery.moment(message.subscription.end_time)
        except ValueError:
            ends = now
        if not now < ends <= now + longest:
            days = longest.total_seconds() / 86_400
            violations.append(
                FieldViolation("subscription.end_time", f"must lie ahead, by {days:g} days at most")
            )
    if kind != Kind.EXCHANGE:
        violations.append(FieldViolation("matching", "must be absent: a matching is no running case"))
    violations += [
        FieldViolation(name, "must be absent: a subscription tells what holds now")
        for name in ("effect_time", "registration_time")
        if getattr(request, name) is not None
    ]
    if violations:
        raise body.malformed(*violations)
    return request, ends


def read_without(data: bytes) -> tuple[Request, str]:
    """Parses and checks a serialised MandateBody for ExchangeMany; gives the request and the kind of entry.

    Raises:
        Refused: BODY_MALFORMED, or FIELD_INVALID; also where it is one for a subscription.
    """
    request, kind = body.read_mandate(data)
    if many_pb2.MandateBody.FromString(data).HasField("subscription"):
        raise body.malformed(FieldViolation("subscription", "must be absent: send it to Watch"))
    return request, kind
