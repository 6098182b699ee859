"""The register of consents: found by reference, told whether it is this subject's and this case's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.consents import CONSENTS, SqlConsents
from adapters.registers import CONSENTS as TABLE
from adapters.registers import Registers
from exchange.errors import Failed
from exchange.model.request import Consent, SubjectKey

SUBJECT = SubjectKey("personnummer", "7204861234")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """A database of consents with one in it."""
    made = sa.create_engine(f"sqlite:///{tmp_path / 'samtykke.db'}")
    CONSENTS.metadata.create_all(made)
    yield made
    made.dispose()


@pytest.fixture
def consents(engine: sa.Engine) -> Iterator[SqlConsents]:
    """The register on that database."""
    opened = SqlConsents(str(engine.url), timeout=5)
    yield opened
    opened.close()


def put(engine: sa.Engine, **changes: Any) -> None:
    row = {
        "reference": "S-1",
        "consumer": "92000028",
        "purposes": "early-retirement.health,cash-benefit.application",
        "personnummer": SUBJECT.value,
        "caseReference": None,
        "givenTime": "2024-09-02T08:00:00+00:00",
        "expiresTime": None,
        "withdrawnTime": None,
    }
    with engine.begin() as connection:
        connection.execute(CONSENTS.insert(), {**row, **changes})


async def find(consents: SqlConsents, subject: SubjectKey = SUBJECT, case: str = "SAG-1") -> Consent:
    found = await consents.find("S-1", subject, case)
    assert found is not None
    return found


async def test_consent_is_found_whole(engine: sa.Engine, consents: SqlConsents) -> None:
    """Times, purposes and consumer as they stand there."""
    put(engine, expiresTime="2027-01-01T00:00:00+01:00", withdrawnTime="2026-01-01T00:00:00Z")
    found = await find(consents)
    assert datetime(2024, 9, 2, 8, tzinfo=UTC) == found.given_time
    assert datetime(2027, 1, 1, tzinfo=timezone(timedelta(hours=1))) == found.expires_time
    assert datetime(2026, 1, 1, tzinfo=UTC) == found.withdrawn_time
    assert (("early-retirement.health", "cash-benefit.application"), "92000028") == (
        found.purposes,
        found.consumer,
    )


async def test_consent_that_there_is_not(engine: sa.Engine, consents: SqlConsents) -> None:
    """A reference that nobody gave finds nothing; nor does a hostile one."""
    put(engine)
    for reference in ("S-2", "", "%", "s-1", "S-1 ", "' OR '1'='1", "S-1'; DROP TABLE samtykke; --"):
        assert await consents.find(reference, SUBJECT, "SAG-1") is None
    assert await consents.find("S-1", SUBJECT, "SAG-1") is not None


@pytest.mark.parametrize(
    ("subject", "matches"),
    [
        (SUBJECT, True),
        (SubjectKey("personnummer", "7204861235"), False),
        (SubjectKey("cvr_nummer", SUBJECT.value), False),
        (SubjectKey("person_id", SUBJECT.value), False),
    ],
)
async def test_consent_is_one_persons(
    engine: sa.Engine, consents: SqlConsents, subject: SubjectKey, *, matches: bool
) -> None:
    """Only the personnummer that gave it matches, and only as a personnummer."""
    put(engine)
    assert matches == (await find(consents, subject)).subject_matches


@pytest.mark.parametrize(
    ("stored", "asked", "matches"),
    [(None, "SAG-1", True), ("SAG-1", "SAG-1", True), ("SAG-1", "SAG-2", False), ("", "SAG-1", False)],
)
async def test_consent_is_for_one_case_or_for_any(  # fixtures
    engine: sa.Engine, consents: SqlConsents, stored: str | None, asked: str, *, matches: bool
) -> None:
    """Where a case was named, no other one will do."""
    put(engine, caseReference=stored)
    assert matches == (await find(consents, case=asked)).case_matches


@pytest.mark.parametrize(
    "change",
    [
        {"givenTime": "yesterday"},
        {"givenTime": ""},
        {"givenTime": "2024-09-02T08:00:00"},
        {"expiresTime": "never"},
        {"withdrawnTime": "2024-13-01T00:00:00Z"},
        {"withdrawnTime": "2024-01-01T00:00:00"},
    ],
    ids=["given", "given-empty", "given-no-zone", "expires", "withdrawn", "withdrawn-no-zone"],
)
async def test_time_that_is_none_is_a_failure(
    engine: sa.Engine, consents: SqlConsents, change: dict[str, str]
) -> None:
    """A consent whose times cannot be read is not taken for one without them."""
    put(engine, **change)
    with pytest.raises(Failed) as caught:
        await find(consents)
    assert "CONSENT_REGISTER_UNAVAILABLE" == caught.value.reasons[0].code


async def test_register_that_is_down_is_a_failure(tmp_path: Path) -> None:
    """No register is not the same as no consent."""
    consents = SqlConsents(f"sqlite:///{tmp_path / 'nowhere.db'}", timeout=5)
    try:
        with pytest.raises(Failed) as caught:
            await find(consents)
        assert "CONSENT_REGISTER_UNAVAILABLE" == caught.value.reasons[0].code
    finally:
        consents.close()


async def test_register_that_hangs_is_a_failure(engine: sa.Engine) -> None:
    """A database that somebody locks is given up in time."""
    put(engine)
    consents = SqlConsents(str(engine.url), timeout=0.2)
    lock = sa.create_engine(engine.url)
    try:
        with lock.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("BEGIN EXCLUSIVE")
            with pytest.raises(Failed):
                await find(consents)
            connection.exec_driver_sql("ROLLBACK")
    finally:
        consents.close()
        lock.dispose()


async def test_generated_consents_are_found(generated: Registers, register_folder: Path) -> None:
    """Every planted consent is there, for the person who gave it."""
    consents = SqlConsents(f"sqlite:///{register_folder / 'samtykke.db'}", timeout=5)
    try:
        rows = list(generated.tables[TABLE].records())
        assert len(rows) >= 3
        for row in rows:
            subject = SubjectKey("personnummer", str(row["personnummer"]))
            found = await consents.find(str(row["reference"]), subject, "SAG-1")
            assert found is not None
            assert found.subject_matches
            assert (row["withdrawnTime"] is None) == (found.withdrawn_time is None)
    finally:
        consents.close()
