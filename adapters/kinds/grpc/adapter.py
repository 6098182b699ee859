"""The gRPC adapter: asks a register in a process of its own, and believes nothing that it says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NoReturn

import grpc
from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp
from hjemmel.registry.v1 import registry_service_pb2 as pb
from hjemmel.registry.v1.registry_service_pb2_grpc import RegistryServiceStub

from adapters.kinds.entry import Entry
from adapters.kinds.grpc import changes
from adapters.kinds.grpc.channel import channel_to, max_bytes
from adapters.kinds.grpc.statuses import DETAILS, error_of
from adapters.kinds.values import Convert, converter
from adapters.port import (
    DEADLINE,
    AnswerInvalid,
    Cause,
    Changes,
    Connection,
    Dataset,
    Found,
    Lookup,
    Record,
    RegisterError,
    SchemaChanged,
    Value,
)

_SUBJECTS: Final = 500
_TIMEOUT: Final = 60.0  # seconds, where nobody says how long


class GrpcAdapter:
    """Reads the datasets of one register from its RegistryService."""

    most_subjects = _SUBJECTS

    def __init__(self, datasets: Sequence[Dataset], connection: Connection) -> None:
        """Reads the entries and the files of TLS; connects with the first call.

        Raises:
            ValueError: an entry or the connection says something that cannot be.
        """
        self._names = {d.name: _name(d) for d in datasets}
        self._converters: Mapping[str, Mapping[str, Convert]] = {
            d.name: {a.name: converter(a.type, None) for a in d.attributes} for d in datasets
        }
        self._max_bytes = max_bytes(connection)
        self._max_records = connection.max_records
        self._connection = connection
        channel_to(connection, check_only=True)
        self._channel: grpc.aio.Channel | None = None
        self._served: pb.DescribeResponse | None = None

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        """See `adapters.port.RegisterAdapter`."""
        try:
            stub = RegistryServiceStub(self._opened())
            most = await self._checked(stub, lookup)
            parts = [lookup.values[i : i + most] for i in range(0, len(lookup.values), most)]
            return [found for part in parts for found in await self._part(stub, lookup, part)]
        except grpc.aio.AioRpcError as error:
            _raise(error, lookup)

    async def changes(self, dataset: Dataset, kind: str, after: int | None, limit: int) -> Changes:
        """See `adapters.port.ChangeFeed`."""
        stub = RegistryServiceStub(self._opened())
        request = changes.request(self._names[dataset.name], kind, after, limit)
        return await changes.read(stub, request, self._max_bytes, _time_left())

    async def close(self) -> None:
        """See `adapters.port.RegisterAdapter`."""
        if self._channel is not None:
            await self._channel.close()

    def _opened(self) -> grpc.aio.Channel:
        if self._channel is None:
            self._channel = channel_to(self._connection)
        return self._channel

    async def _checked(self, stub: RegistryServiceStub, lookup: Lookup) -> int:
        """Sees to it that what is asked for is served as the catalogue describes it; gives keys a call."""
        if self._served is None:
            self._served = await stub.Describe(pb.DescribeRequest(), timeout=_time_left())
        name = self._names[lookup.dataset.name]
        served = next((d for d in self._served.datasets if d.name == name), None)
        if served is None or lookup.kind not in served.key_kinds:
            self._forget(SchemaChanged(Cause.FIELD_UNKNOWN))
        types = {a.name: a.type for a in served.attributes}
        for attribute in lookup.dataset.attributes:
            if attribute.name not in lookup.attributes:
                continue
            if attribute.name not in types:
                self._forget(SchemaChanged(Cause.FIELD_MISSING, attribute.name))
            if attribute.type != types[attribute.name]:
                self._forget(SchemaChanged(Cause.FIELD_TYPE, attribute.name))
        return max(1, min(self._served.most_keys, _SUBJECTS))

    def _forget(self, error: RegisterError) -> NoReturn:
        self._served = None  # it may be mended by the next call
        raise error

    async def _part(self, stub: RegistryServiceStub, lookup: Lookup, keys: Sequence[str]) -> list[Found]:
        call = stub.Fetch(_request(lookup, self._names[lookup.dataset.name], keys), timeout=_time_left())
        found: list[Found] = []
        size = 0
        try:
            async for response in call:
                size += response.ByteSize()
                if size > self._max_bytes:
                    raise AnswerInvalid(Cause.TOO_LARGE)
                if len(found) + len(response.records) > self._max_records * len(keys):
                    raise AnswerInvalid(Cause.TOO_MANY)
                found += [Found(r.key, self._record(r, lookup)) for r in response.records]
        finally:
            call.cancel()
        return found

    def _record(self, told: pb.FoundRecord, lookup: Lookup) -> Record:
        converters = self._converters[lookup.dataset.name]
        return {
            name: _value(told.attributes[name], converters[name], name)
            for name in lookup.attributes
            if name in told.attributes
        }


def _value(told: pb.RecordValue, convert: Convert, attribute: str) -> Value:
    kind = told.WhichOneof("kind")
    if kind is None:
        raise SchemaChanged(Cause.FIELD_TYPE, attribute)
    try:
        return convert(getattr(told, kind))
    except (ValueError, TypeError):
        raise SchemaChanged(Cause.FIELD_TYPE, attribute) from None


def _name(dataset: Dataset) -> str:
    entry = Entry(dataset.source.options, dataset.source.place)
    name = entry.text("dataset", dataset.name)
    entry.end()
    return name


def _request(lookup: Lookup, name: str, keys: Sequence[str]) -> pb.FetchRequest:
    mandate = lookup.mandate
    return pb.FetchRequest(
        dataset=name,
        attributes=lookup.attributes,
        key_kind=lookup.kind,
        keys=keys,
        effect_time=_timestamp(lookup.as_of.effect),
        registration_time=_timestamp(lookup.as_of.registration),
        current=lookup.current,
        mandate=pb.FetchMandate(
            consumer=mandate.consumer,
            processor=mandate.processor or "",
            purpose=mandate.purpose,
            legal_basis=mandate.legal_basis,
            agreement=mandate.agreement,
            request_id=mandate.request_id,
        ),
    )


def _timestamp(moment: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(moment)
    return made


def _time_left() -> float:
    until = DEADLINE.get()
    return _TIMEOUT if until is None else max(until - asyncio.get_running_loop().time(), 0.001)


def _raise(error: grpc.aio.AioRpcError, lookup: Lookup) -> NoReturn:
    code = error.code()
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        raise TimeoutError from None
    if isinstance(error.__cause__, DecodeError):
        raise AnswerInvalid(Cause.NOT_DECODED) from None
    details = dict(error.trailing_metadata() or ()).get(DETAILS)
    told = details if isinstance(details, bytes) else None
    raise error_of(code, told, lookup.dataset.attribute_names) from None
