"""What the tests of the client share: one broker, both clients, somebody in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange.client import Credentials
from tests.integration.client import callers
from tests.integration.client.callers import Caller, Connect
from tests.integration.client.middle import Middle, between
from tests.support.broker import RunningBroker, Site, running


@pytest.fixture(scope="session")
def shared(
    keys: Path, register_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningBroker]:
    """One broker for all tests that only ask."""
    with running(Site(keys, register_folder, tmp_path_factory.mktemp("client-site"))) as start:
        yield start()


@pytest.fixture(params=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Makes clients of the kind under test."""
    made: list[Caller] = []

    def make(target: str, credentials: Credentials, timeout: float = 10.0) -> Caller:
        client = callers.connect(request.param, target, credentials, timeout)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(shared: RunningBroker, connect: Connect) -> Caller:
    """Udbetaling Danmark's client, straight to the broker."""
    return connect(shared.target, shared.site.credentials("udbetaling-danmark"))


@pytest.fixture
def middle(shared: RunningBroker) -> Iterator[Middle]:
    """Somebody between the client and the broker, who can tamper with what passes."""
    with between(shared) as intruder:
        yield intruder


@pytest.fixture
def deceived(shared: RunningBroker, middle: Middle, connect: Connect) -> Caller:
    """Udbetaling Danmark's client, connected to the one in between."""
    return connect(middle.target, shared.site.credentials("udbetaling-danmark"))
