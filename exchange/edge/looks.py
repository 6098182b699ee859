"""Looks into the log by authorities: each recorded before it is answered, refused ones included."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NoReturn, TypeVar

import sqlalchemy as sa
from hjemmel.audit.v1 import audit_service_pb2 as pb

from audit.errors import FormatError, LogBusy, LogError
from audit.formats.entry import Submission
from audit.log import AuditLog
from audit.queries import looks
from audit.queries.criteria import Order, Viewer
from audit.queries.looks import Asker
from audit.queries.queries import Counts, Page, Queries, Unrecorded
from exchange.edge import criteria
from exchange.errors import Failed, FieldViolation, Refused
from exchange.model.identifiers import is_request_id
from exchange.model.request import timestamp

_log = logging.getLogger(__name__)
_PAGE = 50
_MOST = 1000
_TIMEOUT = 10.0  # seconds that the log may take to record a look
_NO_GROUND = "record.named"  # of a look at one record, which states none
T = TypeVar("T")


class Looks:
    """Searches for authorities, each on its own side."""

    def __init__(self, queries: Queries, log: AuditLog, *, prefer_cosigned: bool) -> None:
        """Takes what searches, where it is recorded, and which checkpoints proofs lead to."""
        self._queries = queries
        self._log = log
        self._prefer_cosigned = prefer_cosigned

    async def search(self, caller: str, request: pb.SearchRecordsRequest) -> pb.SearchRecordsResponse:
        """Gives a page of what is found.

        Raises:
            Refused: a field cannot be.
            Failed: the log or its index does not answer.
        """
        asker, wanted = self._asker(caller, request.ground), criteria.read(request.criteria)
        if not 0 <= request.page_size <= _MOST:
            raise Refused.because("FIELD_INVALID", FieldViolation("page_size", f"must be 0 to {_MOST}"))
        order = Order.OLDEST if request.oldest_first else Order.NEWEST
        size, token = request.page_size or _PAGE, request.page_token
        page, index = await self._recorded(
            lambda: self._queries.search(
                asker, wanted, order, size, token, prefer_cosigned=self._prefer_cosigned
            ),
            FieldViolation("page_token", "must be the next_page_token of the same search"),
        )
        return _page(page, index)

    async def count(self, caller: str, request: pb.CountRecordsRequest) -> pb.CountRecordsResponse:
        """Counts what is found.

        Raises:
            Refused: a field cannot be.
            Failed: the log or its index does not answer.
        """
        asker, wanted = self._asker(caller, request.ground), criteria.read(request.criteria)
        try:
            name = pb.CountBy.Name(request.count_by).removeprefix("COUNT_BY_").lower()
        except ValueError:
            violation = FieldViolation("count_by", "must be one of those that there are")
            raise Refused.because("FIELD_INVALID", violation) from None
        by = "" if request.count_by == pb.COUNT_BY_UNSPECIFIED else name
        counts, index = await self._recorded(
            lambda: self._queries.count(asker, wanted, by), FieldViolation("criteria", "cannot be searched")
        )
        return _counts(counts, index)

    async def refused(self, caller: str, request: pb.GetRecordRequest | pb.GetReceiptRequest) -> None:
        """Records a look at a record that is not the caller's, or that is not there: they look the same.

        Raises:
            Failed: the log does not take it.
        """
        if request.WhichOneof("record") == "index":
            named = f"index {request.index}"
        else:
            named = request.request_id if is_request_id(request.request_id) else "no request id"
        now = timestamp(datetime.now(UTC))
        await self._append(looks.refused(Asker(Viewer(caller), _NO_GROUND), named, now))

    def _asker(self, caller: str, ground: str) -> Asker:
        try:
            return Asker(Viewer(caller), ground)
        except FormatError as error:
            raise Refused.because("FIELD_INVALID", FieldViolation("ground", str(error))) from error

    async def _recorded(self, make: Callable[[], Unrecorded[T]], violation: FieldViolation) -> tuple[T, int]:
        """Makes a search, records it, and gives the answer and the entry's index."""
        try:
            made = await asyncio.to_thread(make)
            index = await self._append(made.submission)
            return await asyncio.to_thread(made.recorded, index), index
        except FormatError as error:
            raise Refused.because("FIELD_INVALID", violation) from error
        except (LogError, sa.exc.SQLAlchemyError) as error:
            _failed(error)

    async def _append(self, submission: Submission) -> int:
        try:
            done = await self._log.append(submission, closes_intention=False, timeout=_TIMEOUT)
        except LogBusy as error:
            raise Failed.because("LOG_BUSY") from error
        except LogError as error:
            _failed(error)
        return done.index


def _failed(error: Exception) -> NoReturn:
    _log.error("log_search_failed", extra={"error": type(error).__name__})
    raise Failed.because("LOG_UNAVAILABLE") from error


def _page(page: Page, index: int) -> pb.SearchRecordsResponse:
    response = pb.SearchRecordsResponse(
        next_page_token=page.next_token,
        total_size=page.count,
        searched_size=page.searched,
        unsearched=[pb.IndexRange(first_index=a, last_index=b) for a, b in page.unsearched],
        query_index=index,
    )
    for stored, proof in page.records:
        found = response.records.add(index=stored.index)
        found.receipt.entry, found.receipt.proof = stored.leaf, proof.text
    return response


def _counts(counts: Counts, index: int) -> pb.CountRecordsResponse:
    return pb.CountRecordsResponse(
        total_size=counts.count,
        counts=[pb.RecordCount(value=value, count=count) for value, count in counts.by],
        searched_size=counts.searched,
        unsearched=[pb.IndexRange(first_index=a, last_index=b) for a, b in counts.unsearched],
        query_index=index,
    )
