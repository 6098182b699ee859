"""Fixtures of the folders that talk to a broker by hand: its conftest imports those it uses."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.registers import Registers
from exchange.client.credentials import Credentials
from tests.support import raw
from tests.support.broker import RunningBroker, Site, running
from tests.support.questions import granted
from tests.support.raw import Wire

pytest.register_assert_rewrite("tests.support.verdict")
from tests.support.verdict import CASE, CASEWORKER  # noqa: E402 - after it is registered


@pytest.fixture(scope="module")
def shared_site(keys: Path, register_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Where the module's broker is."""
    return Site(keys, register_folder, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def shared(shared_site: Site) -> Iterator[RunningBroker]:
    """One broker, all parts real, for the tests of a module that leave it as it was."""
    with running(shared_site) as start:
        yield start()


@pytest.fixture(scope="module")
def udk(shared: RunningBroker) -> Iterator[Wire]:
    """A connection to it as Udbetaling Danmark."""
    with raw.connected(shared) as wire:
        yield wire


@pytest.fixture
def credentials(site: Site) -> Credentials:
    """Udbetaling Danmark's keys."""
    return site.credentials(raw.UDK)


@pytest.fixture(scope="session")
def body(generated: Registers) -> bytes:
    """A body that would be granted."""
    return raw.body_of(granted(generated)).SerializeToString()


@pytest.fixture(scope="session")
def subject(generated: Registers) -> str:
    """The personnummer that it asks about."""
    return granted(generated).subject.value


@pytest.fixture(autouse=True)
def silent_logs(caplog: pytest.LogCaptureFixture, generated: Registers) -> Iterator[None]:
    """Fails a test during which a personal value of the registers or of the request was logged."""
    caplog.set_level(logging.INFO)
    yield
    persons = generated.tables["cpr.person"]
    at = [persons.columns.index(c) for c in ("personnummer", "adresseringsnavn", "darAdresseId")]
    personal = {str(row[i]) for row in persons.rows for i in at if row[i] is not None}
    logged = "\n".join(
        caplog.handler.format(r) + repr(vars(r)) for w in ("setup", "call") for r in caplog.get_records(w)
    )
    found = [value for value in {*personal, CASEWORKER, CASE} if value in logged]
    assert not found, f"{len(found)} personal values were logged"
