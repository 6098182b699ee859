"""AuditService: an authority's own side of the log, and proofs for everybody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

from hjemmel.audit.v1 import audit_service_pb2 as pb
from hjemmel.audit.v1.audit_service_pb2_grpc import AuditServiceServicer

from audit.errors import LogBusy, LogError, NotFound
from audit.formats.proof_file import ProofFile
from audit.reading.reader import LogReader, StoredEntry
from audit.reading.watching import Watching
from exchange.edge import translate
from exchange.edge.callers import Callers
from exchange.edge.looks import Looks
from exchange.edge.status import Context, abort
from exchange.errors import ExchangeError, Failed, FieldViolation, Refused

_log = logging.getLogger(__name__)
T = TypeVar("T")


class AuditEdge(AuditServiceServicer):
    """Implements `hjemmel.audit.v1.AuditService`."""

    def __init__(
        self,
        reader: LogReader,
        watching: Watching,
        callers: Callers,
        looks: Looks,
        *,
        prefer_cosigned: bool,
    ) -> None:
        """Takes the log, who may look at it, and whether cosigned checkpoints go before newer ones."""
        self._looks = looks
        self._reader = reader
        self._watching = watching
        self._callers = callers
        self._prefer_cosigned = prefer_cosigned

    async def GetRecord(self, request: pb.GetRecordRequest, context: Context) -> pb.GetRecordResponse:
        """Gives a record that the caller takes part in."""
        _, stored = await self._own(request, context)
        return pb.GetRecordResponse(index=stored.index, entry=stored.leaf)

    async def GetReceipt(self, request: pb.GetReceiptRequest, context: Context) -> pb.GetReceiptResponse:
        """Gives a receipt; the openings are for whoever asked, who knows the values anyway."""
        caller, stored = await self._own(request, context)
        openings = {}
        if caller in stored.content.askers():
            opened = await self._read(context, lambda: self._reader.opened(stored))
            openings = dict(opened.openings) if opened else {}
        proof = await self._read(context, lambda: self._proof(stored.index))
        return pb.GetReceiptResponse(receipt=translate.receipt_of(stored.leaf, proof.text, openings))

    async def GetCheckpoint(
        self, _request: pb.GetCheckpointRequest, context: Context
    ) -> pb.GetCheckpointResponse:
        """Gives the newest checkpoint. It and its proofs are public: whoever connects may have them."""
        signed = await self._read(context, self._checkpoint)
        return pb.GetCheckpointResponse(checkpoint=signed)

    async def GetConsistencyProof(
        self, request: pb.GetConsistencyProofRequest, context: Context
    ) -> pb.GetConsistencyProofResponse:
        """Proves that the log only grew."""
        old, new = request.old_size, request.new_size
        hashes = await self._read(context, lambda: self._reader.consistency(old, new))
        return pb.GetConsistencyProofResponse(hashes=hashes)

    async def WatchRecords(
        self, request: pb.WatchRecordsRequest, context: Context
    ) -> AsyncIterator[pb.WatchRecordsResponse]:
        """Streams the caller's own side. Whoever takes part no more is told nothing more."""
        caller = await self._callers.admit(context)
        if request.first_index < 0:
            violation = FieldViolation("first_index", "must not be negative")
            await abort(context, Refused.because("FIELD_INVALID", violation))
        async with aclosing(self._watching.parts(caller, request.first_index)) as parts:
            while True:
                try:
                    part = await anext(parts)
                except StopAsyncIteration:
                    return
                except NotFound:
                    await abort(context, Refused.because("NOT_FOUND"))
                except LogBusy:
                    await abort(context, Refused.because("WATCHED_TOO_OFTEN"))
                except LogError as error:
                    _log.error("log_watch_failed", extra={"error": type(error).__name__})
                    await abort(context, Failed.because("LOG_UNAVAILABLE"))
                await self._callers.admit(context)
                yield translate.part(part)

    async def SearchRecords(
        self, request: pb.SearchRecordsRequest, context: Context
    ) -> pb.SearchRecordsResponse:
        """Searches the caller's own side, a page at a time."""
        caller = await self._callers.admit(context)
        return await self._answered(context, self._looks.search(caller, request))

    async def CountRecords(
        self, request: pb.CountRecordsRequest, context: Context
    ) -> pb.CountRecordsResponse:
        """Counts records of the caller's own side."""
        caller = await self._callers.admit(context)
        return await self._answered(context, self._looks.count(caller, request))

    def end_watching(self) -> None:
        """Ends all streams, so that a broker that stops does not wait for them."""
        self._watching.end()

    def _proof(self, index: int) -> ProofFile:
        return self._reader.proof(index, prefer_cosigned=self._prefer_cosigned)

    def _checkpoint(self) -> str:
        cosigned = self._reader.cosigned_checkpoint() if self._prefer_cosigned else None
        return cosigned or self._reader.signed_checkpoint()

    async def _own(
        self,
        request: pb.GetRecordRequest | pb.GetReceiptRequest,
        context: Context,
    ) -> tuple[str, StoredEntry]:
        caller = await self._callers.admit(context)
        named = request.WhichOneof("record")
        if named is None:
            violation = FieldViolation("record", "must be a request id or an index")
            await abort(context, Refused.because("FIELD_INVALID", violation))
        stored = await self._read(context, lambda: self._named(request))
        if stored is None or caller not in stored.content.parties():
            # As if it were not there (AIP-211); that somebody looked is recorded either way.
            await self._answered(context, self._looks.refused(caller, request))
            await abort(context, Refused.because("NOT_FOUND"))
        return caller, stored

    def _named(self, request: pb.GetRecordRequest | pb.GetReceiptRequest) -> StoredEntry | None:
        try:
            if request.WhichOneof("record") == "request_id":
                return self._reader.by_request(request.request_id)
            return self._reader.by_index(request.index)
        except NotFound:
            return None

    async def _answered(self, context: Context, answer: Awaitable[T]) -> T:
        try:
            return await answer
        except ExchangeError as error:
            await abort(context, error)

    async def _read(self, context: Context, read: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(read)
        except NotFound:
            await abort(context, Refused.because("NOT_FOUND"))
        except Exception as error:  # noqa: BLE001 - the database's own words are for nobody outside
            _log.error("log_read_failed", extra={"error": type(error).__name__})
            await abort(context, Failed.because("LOG_UNAVAILABLE"))
