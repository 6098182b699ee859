"""ExchangeService: the pipeline behind gRPC."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from hjemmel.exchange.v1 import assemble_pb2, envelope_pb2, watch_pb2
from hjemmel.exchange.v1 import exchange_service_pb2 as pb
from hjemmel.exchange.v1.exchange_service_pb2_grpc import ExchangeServiceServicer

from exchange.edge import many_calls, translate, watch_calls
from exchange.edge.callers import Callers, certificate_of
from exchange.edge.package_calls import PackageCalls
from exchange.edge.status import Context, abort
from exchange.errors import ExchangeError, FieldViolation, Refused
from exchange.many import Many
from exchange.model.catalogue import Catalogue
from exchange.model.request import Envelope
from exchange.pipeline import Pipeline
from exchange.watch.subscriptions import Subscriptions

_PAGE = 50
_MAX_PAGE = 200
T = TypeVar("T")


class ExchangeEdge(ExchangeServiceServicer):
    """Implements `hjemmel.exchange.v1.ExchangeService`."""

    def __init__(
        self,
        pipeline: Pipeline,
        many: Many,
        packages: PackageCalls,
        subscriptions: Subscriptions,
        catalogue: Catalogue,
        callers: Callers,
    ) -> None:
        """Takes who answers each kind of call, the catalogue, and who may look at it."""
        self._pipeline = pipeline
        self._many = many
        self._packages = packages
        self._subscriptions = subscriptions
        self._catalogue = catalogue
        self._callers = callers
        self._names = sorted(catalogue.datasets)

    async def Exchange(self, request: pb.ExchangeRequest, context: Context) -> pb.ExchangeResponse:
        """Answers one request."""
        certificate = certificate_of(context)
        exchange = self._pipeline.exchange(certificate, _envelope(request.envelope), context.time_remaining())
        try:
            answer = await _to_the_end(exchange)
        except ExchangeError as error:
            await abort(context, error)
        return pb.ExchangeResponse(
            data=answer.data,
            decision=translate.decision(answer.decision),
            withheld_attributes=[translate.refused(w) for w in answer.withheld],
            receipt=translate.receipt(answer.receipt),
        )

    async def ExchangeMany(
        self, request_iterator: AsyncIterator[pb.ExchangeManyRequest], context: Context
    ) -> AsyncIterator[pb.ExchangeManyResponse]:
        """Answers about many subjects."""
        try:
            async for response in many_calls.answer(self._many, request_iterator, context):
                yield response
        except ExchangeError as error:
            await abort(context, error)

    async def Watch(
        self, request_iterator: AsyncIterator[watch_pb2.WatchRequest], context: Context
    ) -> AsyncIterator[watch_pb2.WatchResponse]:
        """Tells what changes."""
        try:
            async for response in watch_calls.answer(self._subscriptions, request_iterator, context):
                yield response
        except ExchangeError as error:
            await abort(context, error)

    def end_watching(self) -> None:
        """Ends all subscriptions, so that a broker that stops does not wait for them."""
        self._subscriptions.end()

    async def DryRun(self, request: pb.DryRunRequest, context: Context) -> pb.DryRunResponse:
        """Tells what would be decided."""
        rehearsal = self._pipeline.dry_run(certificate_of(context), _envelope(request.envelope))
        try:
            answer = await _to_the_end(rehearsal)
        except ExchangeError as error:
            await abort(context, error)
        return pb.DryRunResponse(
            decision=translate.decision(answer.decision), receipt=translate.receipt(answer.receipt)
        )

    async def ListDatasets(
        self, request: pb.ListDatasetsRequest, context: Context
    ) -> pb.ListDatasetsResponse:
        """Lists datasets by name; a page token is the name that the last page ended with."""
        await self._callers.admit(context)
        size = min(request.page_size or _PAGE, _MAX_PAGE)
        if size < 0:
            violation = FieldViolation("page_size", "must not be negative")
            await abort(context, Refused.because("FIELD_INVALID", violation))
        names = [n for n in self._names if n > request.page_token]
        return pb.ListDatasetsResponse(
            datasets=[translate.dataset(self._catalogue.datasets[n]) for n in names[:size]],
            next_page_token=names[size - 1] if len(names) > size else "",
        )

    async def GetDataset(self, request: pb.GetDatasetRequest, context: Context) -> pb.GetDatasetResponse:
        """Describes a dataset."""
        await self._callers.admit(context)
        dataset = self._catalogue.datasets.get(request.name)
        if dataset is None:
            await abort(context, Refused.because("NOT_FOUND"))
        return pb.GetDatasetResponse(dataset=translate.dataset(dataset))

    async def Assemble(
        self, request: assemble_pb2.AssembleRequest, context: Context
    ) -> AsyncIterator[assemble_pb2.AssembleResponse]:
        """Answers for a package."""
        try:
            async for response in self._packages.assemble(request, context):
                yield response
        except ExchangeError as error:
            await abort(context, error)

    async def ListPackages(
        self, request: assemble_pb2.ListPackagesRequest, context: Context
    ) -> assemble_pb2.ListPackagesResponse:
        """Lists packages by name; a page token is the name that the last page ended with."""
        await self._callers.admit(context)
        try:
            return self._packages.listed(request)
        except ExchangeError as error:
            await abort(context, error)

    async def GetPackage(
        self, request: assemble_pb2.GetPackageRequest, context: Context
    ) -> assemble_pb2.GetPackageResponse:
        """Describes a package."""
        await self._callers.admit(context)
        try:
            return self._packages.got(request)
        except ExchangeError as error:
            await abort(context, error)


def _envelope(message: envelope_pb2.SignedEnvelope) -> Envelope:
    return Envelope(message.body, message.signature)


async def _to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Lets an exchange come to its record even where the caller has hung up."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_seen)
        raise


def _seen(task: asyncio.Future[Any]) -> None:
    if not task.cancelled():
        task.exception()  # recorded already; nobody is left to tell
