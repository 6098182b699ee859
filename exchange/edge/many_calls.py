"""ExchangeMany behind gRPC: batches in, answers out, in order; never more than two batches under way.

While one batch waits for the log, the next is at work. A caller that reads slowly holds up its own batches
only: what is answered is not read on before it was taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

from hjemmel.exchange.v1 import envelope_pb2, many_pb2
from hjemmel.exchange.v1 import exchange_service_pb2 as pb

from exchange import batched
from exchange.edge import translate
from exchange.edge.callers import certificate_of
from exchange.edge.status import Context, status_of
from exchange.errors import ExchangeError, FieldViolation, Refused
from exchange.many import Mandated, Many, Result
from exchange.model.decision import Decision
from exchange.model.request import Envelope

_UNDER_WAY = 2  # batches of one call
_FULL = 262_144  # bytes of a response, after which another is begun
_Batch = asyncio.Task[tuple[Sequence[str], list[Result]]]


async def answer(
    many: Many, requests: AsyncIterator[pb.ExchangeManyRequest], context: Context
) -> AsyncIterator[pb.ExchangeManyResponse]:
    """Carries a call through.

    Raises:
        ExchangeError: the mandate, or a batch as a whole, is refused.
    """
    certificate = certificate_of(context)
    first = await anext(requests, pb.ExchangeManyRequest())
    mandate = first.mandate
    mandated = await many.begin(certificate, Envelope(mandate.body, mandate.signature))
    batches: asyncio.Queue[_Batch | Exception | None] = asyncio.Queue()
    room = asyncio.Semaphore(_UNDER_WAY)

    async def read() -> None:
        ended: Exception | None = None
        try:
            async for request in requests:
                if request.WhichOneof("part") != "batch":
                    violation = FieldViolation("part", "must be a batch after the first message")
                    ended = Refused.because("FIELD_INVALID", violation)
                    break
                await room.acquire()
                batches.put_nowait(_begun(mandated, mandate, request.batch, context.time_remaining()))
        except Exception as error:  # noqa: BLE001  # told after what was asked before
            ended = error
        batches.put_nowait(ended)

    reading = asyncio.ensure_future(read())
    try:
        while (batch := await batches.get()) is not None:
            if isinstance(batch, Exception):
                raise batch
            for response in _responses(*await asyncio.shield(batch)):
                yield response
            room.release()
    finally:
        reading.cancel()  # batches that were begun come to their records even where the caller has hung up


def _begun(
    mandated: Mandated,
    mandate: envelope_pb2.SignedEnvelope,
    batch: many_pb2.SubjectBatch,
    timeout: float | None,
) -> _Batch:
    async def carried() -> tuple[Sequence[str], list[Result]]:
        subjects = list(batch.subjects)
        signature = batch.envelope.signature
        bodies = batched.requests(mandate, batch.envelope.body, subjects[: batched.MAX_SUBJECTS + 1])
        results = await mandated.exchange([Envelope(body, signature) for body in bodies], timeout)
        return [_request_id(s) for s in subjects], results

    task = asyncio.ensure_future(carried())
    task.add_done_callback(_seen)
    return task


def _responses(ids: Sequence[str], results: Sequence[Result]) -> Iterator[pb.ExchangeManyResponse]:
    """Puts answers together that were decided alike."""
    decision: Decision | None = None
    response = pb.ExchangeManyResponse()
    size = 0
    for request_id, result in zip(ids, results, strict=True):
        decided = None if isinstance(result, ExchangeError) else result.decision
        if response.answers and (decided != decision or size > _FULL):
            yield response
            response, size = pb.ExchangeManyResponse(), 0
        if not response.answers:
            decision = decided
            if decided is not None:
                response.decision.CopyFrom(translate.decision(decided))
        one = _answer(request_id, result)
        size += one.ByteSize()
        response.answers.append(one)
    if response.answers:
        yield response


def _answer(request_id: str, result: Result) -> many_pb2.SubjectAnswer:
    if isinstance(result, ExchangeError):
        return many_pb2.SubjectAnswer(request_id=request_id, error=status_of(result))
    return many_pb2.SubjectAnswer(
        request_id=request_id,
        data=result.data,
        withheld_attributes=[translate.refused(w) for w in result.withheld],
        receipt=translate.receipt(result.receipt),
    )


def _request_id(subject: bytes) -> str:
    try:
        return many_pb2.SubjectBody.FromString(subject).request_id
    except Exception:  # noqa: BLE001  # malformed: its answer says so, in its place
        return ""


def _seen(task: _Batch) -> None:
    if not task.cancelled():
        task.exception()  # recorded already; nobody is left to tell
