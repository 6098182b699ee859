"""Fixtures that all tests share: keys, generated registers, brokers, a PostgreSQL server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from adapters import registers
from exchange.identity import pki
from exchange.identity.authorities import DEMO_ORGANISATIONS
from tests.support import postgres
from tests.support import tsa as authorities
from tests.support.broker import RunningBroker, Site, running
from tests.support.tsa import Mode, Tsa

Start = Callable[..., RunningBroker]

settings.register_profile("suite", deadline=None)  # no test asserts a time
settings.register_profile("long", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A development PKI, made once."""
    folder = tmp_path_factory.mktemp("keys")
    pki.init(
        folder,
        DEMO_ORGANISATIONS,
        audience="hjemmel.example",
        origin="hjemmel.example/log",
        hosts=("localhost", "127.0.0.1"),
    )
    return folder


@pytest.fixture(scope="session")
def generated() -> registers.Registers:
    """The registers of 200 persons."""
    return registers.generate(200)


@pytest.fixture(scope="session")
def register_folder(generated: registers.Registers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same registers in SQLite."""
    folder = tmp_path_factory.mktemp("registers")
    registers.write(generated, folder)
    return folder


@pytest.fixture
def site(keys: Path, register_folder: Path, tmp_path: Path) -> Site:
    """Keys, registers and a fresh folder for a log: all that a broker is configured with."""
    return Site(keys, register_folder, tmp_path)


@pytest.fixture
def start(site: Site) -> Iterator[Start]:
    """Starts brokers in this process, each in a thread of its own; stops them after the test.

    `start()` gives a broker on the site; `start(replace=…)` swaps parts, `start(log={"url": …})`
    overrides settings by section.
    """
    with running(site) as begin:
        yield begin


@pytest.fixture
def broker(start: Start) -> RunningBroker:
    """A broker with all its real parts: SQLite log, embedded policies, SQL registers."""
    return start()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server of the tests' own."""
    with postgres.server() as server:
        yield server


@pytest.fixture(scope="session")
def tsa_made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tsa]:
    """A timestamp authority with certificates of the tests' own, made once."""
    with authorities.running(tmp_path_factory.mktemp("tsa")) as tsa:
        yield tsa


@pytest.fixture
def tsa(tsa_made: Tsa) -> Tsa:
    """The same, behaving."""
    tsa_made.mode, tsa_made.asked = Mode.STAMP, 0
    tsa_made.was_asked.clear()
    return tsa_made


@pytest.fixture
def postgres_url(postgres_server: postgres.Server) -> str:
    """A fresh database on that server, as an SQLAlchemy URL."""
    return postgres_server.fresh_database()
