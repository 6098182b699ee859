"""Watch behind gRPC: what a subscriber sends is heeded while it is told what changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from hjemmel.exchange.v1 import watch_pb2

from exchange.edge import translate
from exchange.edge.callers import certificate_of
from exchange.edge.status import Context, status_of
from exchange.errors import ExchangeError, Failed, FieldViolation, Refused
from exchange.watch.subscription import Delivery, Heartbeat
from exchange.watch.subscriptions import Subscribing, Subscriptions


async def answer(
    subscriptions: Subscriptions, requests: AsyncIterator[watch_pb2.WatchRequest], context: Context
) -> AsyncIterator[watch_pb2.WatchResponse]:
    """Carries a call through.

    Raises:
        ExchangeError: the mandate, or a batch as a whole, is refused; or the subscription cannot go on.
    """
    first = await anext(requests, watch_pb2.WatchRequest())
    opening = first.opening
    async with subscriptions.open(certificate_of(context), opening.mandate, opening.cursor) as subscribing:
        heeding = asyncio.ensure_future(_heed(subscribing, requests))
        try:
            async with aclosing(subscribing.subscription.told()) as told:
                async for one in told:
                    yield _response(one)
        finally:
            heeding.cancel()


async def _heed(subscribing: Subscribing, requests: AsyncIterator[watch_pb2.WatchRequest]) -> None:
    """Heeds what the subscriber sends until it sends no more, which ends the subscription."""
    subscription = subscribing.subscription
    try:
        async for request in requests:
            match request.WhichOneof("part"):
                case "batch":
                    await subscribing.add(request.batch)
                case "begin":
                    subscription.begin()
                case "removal":
                    subscription.remove(request.removal.request_ids)
                case "acknowledgement":
                    subscription.acknowledge(request.acknowledgement.deliveries)
                case _:
                    form = "must be a batch, begin, a removal or an acknowledgement after the opening"
                    raise Refused.because("FIELD_INVALID", FieldViolation("part", form))  # noqa: TRY301
    except ExchangeError as error:
        subscription.end(error)
    except Exception:  # noqa: BLE001  # the connection broke, or what came is no message
        subscription.end(Failed.because("INTERNAL"))
    else:
        subscription.end()


def _response(told: Delivery | Heartbeat) -> watch_pb2.WatchResponse:
    response = watch_pb2.WatchResponse(cursor=told.cursor)
    if isinstance(told, Heartbeat):
        response.heartbeat.read_time.FromDatetime(told.time)
        return response
    result = told.result
    made = response.delivery
    made.subject_id = told.subject
    made.change.CopyFrom(told.change)
    if isinstance(result, ExchangeError):
        made.error.CopyFrom(status_of(result))
        return response
    made.data = result.data
    made.decision.CopyFrom(translate.decision(result.decision))
    made.withheld_attributes.extend(translate.refused(w) for w in result.withheld)
    made.receipt.CopyFrom(translate.receipt(result.receipt))
    return response
