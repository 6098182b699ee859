"""Any adapter behind RegistryService: what lets it run on another machine than the broker's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from hjemmel.registry.v1 import registry_service_pb2 as pb
from hjemmel.registry.v1.registry_service_pb2_grpc import (
    RegistryServiceServicer,
    add_RegistryServiceServicer_to_server,
)

from adapters.kinds.grpc import changes
from adapters.kinds.grpc.statuses import DETAILS, status_of
from adapters.port import (
    AsOf,
    Cause,
    ChangeFeed,
    ChangesNotTold,
    Dataset,
    Found,
    Lookup,
    Mandate,
    RegisterAdapter,
    RegisterError,
    Unavailable,
    Value,
)

_BATCH: Final = 200  # records in one message


@asynccontextmanager
async def serve(
    adapter: RegisterAdapter,
    datasets: Sequence[Dataset],
    address: str,
    credentials: grpc.ServerCredentials | None,
) -> AsyncIterator[str]:
    """Serves an adapter until the context ends, then closes it; gives the address with its port.

    Args:
        adapter: what answers.
        datasets: what it was made with.
        address: e.g. `0.0.0.0:8443`, or `unix:/run/register.sock`.
        credentials: mutual TLS; None for a socket of this machine only.

    Raises:
        ValueError: the address leaves this machine without TLS.
    """
    server = grpc.aio.server()
    add_RegistryServiceServicer_to_server(_Served(adapter, datasets), server)
    if credentials is not None:
        port = server.add_secure_port(address, credentials)
    elif address.startswith(("unix:", "127.0.0.1:", "localhost:")):
        port = server.add_insecure_port(address)
    else:
        raise ValueError(f"{address} leaves this machine: give credentials for mutual TLS")
    await server.start()
    try:
        yield address if address.startswith("unix:") else f"{address.rpartition(':')[0]}:{port}"
    finally:
        await server.stop(1)
        await adapter.close()


class _Served(RegistryServiceServicer):
    def __init__(self, adapter: RegisterAdapter, datasets: Sequence[Dataset]) -> None:
        self._adapter = adapter
        self._datasets = {d.name: d for d in datasets}

    async def Describe(self, request: pb.DescribeRequest, context: Any) -> pb.DescribeResponse:  # noqa: ARG002, N802
        return pb.DescribeResponse(
            datasets=[
                pb.ServedDataset(
                    name=d.name,
                    attributes=[pb.ServedAttribute(name=a.name, type=a.type) for a in d.attributes],
                    key_kinds=[k.kind for k in d.keys],
                )
                for d in self._datasets.values()
            ],
            most_keys=self._adapter.most_subjects,
        )

    async def Fetch(self, request: pb.FetchRequest, context: Any) -> AsyncIterator[pb.FetchResponse]:  # noqa: N802
        lookup = self._lookup(request)
        if lookup is None:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no such dataset, attribute or key")
            raise AssertionError("abort raises")
        try:
            found = await self._adapter.fetch(lookup)
        except RegisterError as error:
            await _abort(context, error)
        except Exception:  # noqa: BLE001  # its words could hold keys
            await _abort(context, Unavailable(Cause.SERVER_ERROR))
        for begin in range(0, len(found), _BATCH):
            yield pb.FetchResponse(records=[_record(one) for one in found[begin : begin + _BATCH]])

    async def Watch(self, request: pb.WatchRequest, context: Any) -> AsyncIterator[pb.WatchResponse]:  # noqa: N802
        dataset, feed = self._datasets.get(request.dataset), self._adapter
        if dataset is None or not isinstance(feed, ChangeFeed):
            await _abort(context, ChangesNotTold())
        try:
            after = changes.position(request.after_position) if request.after_position else None
            told = await feed.changes(dataset, request.key_kind, after, request.limit)
        except RegisterError as error:
            await _abort(context, error)
        except Exception:  # noqa: BLE001  # its words could hold keys
            await _abort(context, Unavailable(Cause.SERVER_ERROR))
        for response in changes.responses(told, _BATCH):
            yield response

    def _lookup(self, request: pb.FetchRequest) -> Lookup | None:
        dataset = self._datasets.get(request.dataset)
        if dataset is None or dataset.key(request.key_kind) is None or not request.keys:
            return None
        if len(request.keys) > self._adapter.most_subjects or len(set(request.keys)) < len(request.keys):
            return None
        if not request.attributes or not dataset.attribute_names.issuperset(request.attributes):
            return None
        told = request.mandate
        return Lookup(
            dataset=dataset,
            attributes=tuple(request.attributes),
            kind=request.key_kind,
            values=tuple(request.keys),
            as_of=AsOf(_moment(request.effect_time), _moment(request.registration_time)),
            mandate=Mandate(
                told.consumer,
                told.processor or None,
                told.purpose,
                told.legal_basis,
                told.agreement,
                told.request_id,
            ),
            current=request.current,
        )


async def _abort(context: Any, error: RegisterError) -> NoReturn:
    code, details = status_of(error)
    await context.abort(code, error.cause.value, ((DETAILS, details),))
    raise AssertionError("abort raises")


def _record(found: Found) -> pb.FoundRecord:
    values = {name: _value(value) for name, value in found.record.items()}
    return pb.FoundRecord(key=str(found.key), attributes=values)


def _value(value: Value) -> pb.RecordValue:
    if isinstance(value, bool):
        return pb.RecordValue(boolean=value)
    return pb.RecordValue(integer=value) if isinstance(value, int) else pb.RecordValue(text=value)


def _moment(told: Timestamp) -> datetime:
    return told.ToDatetime(UTC)
