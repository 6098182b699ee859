"""The fixtures of pytest-grpc, over a running broker and its mutual TLS."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import grpc
import pytest
from hjemmel.exchange.v1.exchange_service_pb2_grpc import ExchangeServiceStub

from tests.support import raw
from tests.support.adapters import Watched
from tests.support.broker import RunningBroker, Site, running

Connect = Callable[..., grpc.Channel]


@pytest.fixture(scope="module")
def watched() -> Watched:
    """The real registers, counting."""
    return Watched()


@pytest.fixture(scope="module")
def grpc_server(shared_site: Site, watched: Watched) -> Iterator[RunningBroker]:
    """The broker in the place of the plug-in's bare server."""
    with running(shared_site) as start:
        yield start(change=watched)


@pytest.fixture(scope="module")
def grpc_addr(grpc_server: RunningBroker) -> str:
    """Where it listens."""
    return grpc_server.target


@pytest.fixture(scope="module")
def grpc_stub_cls() -> type[ExchangeServiceStub]:
    """The service that most tests call."""
    return ExchangeServiceStub


@pytest.fixture(scope="module")
def grpc_channel(grpc_create_channel: Connect, shared_site: Site) -> Iterator[grpc.Channel]:
    """A connection as Udbetaling Danmark."""
    with grpc_create_channel(shared_site.credentials(raw.UDK).channel()) as channel:
        yield channel
