"""The register of consents in SQL: table `samtykke`, one row a consent."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from exchange.errors import Failed
from exchange.model.request import Consent, SubjectKey

CONSENTS = sa.Table(
    "samtykke",
    sa.MetaData(),
    sa.Column("reference", sa.Text, primary_key=True),
    sa.Column("consumer", sa.Text, nullable=False),
    sa.Column("purposes", sa.Text, nullable=False),  # comma separated
    sa.Column("personnummer", sa.Text, nullable=False),
    sa.Column("caseReference", sa.Text),  # absent: for any case
    sa.Column("givenTime", sa.Text, nullable=False),
    sa.Column("expiresTime", sa.Text),
    sa.Column("withdrawnTime", sa.Text),
)


class SqlConsents:
    """Implements `exchange.ports.ConsentRegister`."""

    def __init__(self, url: str, timeout: float) -> None:
        """Takes the database and how long an answer may take (seconds)."""
        self._engine = sa.create_engine(url, hide_parameters=True)
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="consents")
        self._timeout = timeout

    async def find(self, reference: str, subject: SubjectKey, case_reference: str) -> Consent | None:
        """See `exchange.ports.ConsentRegister`."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout):
                row = await loop.run_in_executor(self._threads, self._read, reference)
        except (TimeoutError, sa.exc.SQLAlchemyError) as error:
            raise Failed.because("CONSENT_REGISTER_UNAVAILABLE") from error
        if row is None:
            return None
        try:
            given, expires, withdrawn = map(_time, (row.givenTime, row.expiresTime, row.withdrawnTime))
        except (TypeError, ValueError) as error:
            raise Failed.because("CONSENT_REGISTER_UNAVAILABLE") from error
        if given is None:
            raise Failed.because("CONSENT_REGISTER_UNAVAILABLE")
        return Consent(
            reference=reference,
            given_time=given,
            expires_time=expires,
            withdrawn_time=withdrawn,
            consumer=row.consumer,
            purposes=tuple(row.purposes.split(",")),
            subject_matches=subject.kind == "personnummer" and subject.value == row.personnummer,
            case_matches=row.caseReference in {None, case_reference},
        )

    def close(self) -> None:
        """Gives the connections back."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._engine.dispose()

    def _read(self, reference: str) -> sa.Row[Any] | None:
        with self._engine.connect() as connection:
            return connection.execute(sa.select(CONSENTS).where(CONSENTS.c.reference == reference)).first()


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone is no instant")
    return moment
