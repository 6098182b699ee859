"""The gRPC servers: one for authorities behind mutual TLS, one for health checks on loopback."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from hjemmel.audit.v1 import audit_service_pb2, audit_service_pb2_grpc
from hjemmel.exchange.v1 import exchange_service_pb2, exchange_service_pb2_grpc

from audit.files import read_private
from exchange.edge import reflection
from exchange.edge.audit_service import AuditEdge
from exchange.edge.exchange_service import ExchangeEdge

_OPTIONS = (
    ("grpc.so_reuseport", 0),  # a second broker on the port is an error, not a silent half
    ("grpc.max_receive_message_length", 64 * 1024),  # no request needs more
    ("grpc.max_metadata_size", 16 * 1024),
)
SERVICES = tuple(
    file.DESCRIPTOR.services_by_name[name].full_name
    for file, name in (
        (exchange_service_pb2, "ExchangeService"),
        (audit_service_pb2, "AuditService"),
    )
)


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of the broker's certificate and key, and of the authority that issues the callers'."""

    certificate: Path
    key: Path
    client_ca: Path


def check_free(address: str) -> None:
    """Checks that an address can be listened on, before anything is opened that another broker may hold.

    Raises:
        OSError: it is taken, or is no address of this machine.
    """
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((host, int(port)), family=family).close()
    except OSError as error:
        raise OSError(
            f"cannot listen on {address} ({error.strerror}): is another broker running there?"
        ) from error


class Servers:
    """The servers of one broker process."""

    def __init__(self, exchange: ExchangeEdge, audit: AuditEdge) -> None:
        """Takes the services."""
        self._exchange = exchange
        self._audit = audit
        self._health = health.HealthServicer()
        self._main = grpc.aio.server(options=_OPTIONS)
        self._probe = grpc.aio.server(options=_OPTIONS)
        exchange_service_pb2_grpc.add_ExchangeServiceServicer_to_server(exchange, self._main)
        audit_service_pb2_grpc.add_AuditServiceServicer_to_server(audit, self._main)
        for server in (self._main, self._probe):
            health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        reflection.enable((*SERVICES, "grpc.health.v1.Health"), self._main)

    async def start(self, address: str, tls: Tls, probe: str | None) -> tuple[int, int | None]:
        """Begins to listen; gives the ports.

        Raises:
            OSError: an address cannot be listened on.
            KeyFileError: the key is missing or open to others.
        """
        credentials = grpc.ssl_server_credentials(
            [(read_private(tls.key), tls.certificate.read_bytes())],
            root_certificates=tls.client_ca.read_bytes(),
            require_client_auth=True,
        )
        try:
            port = self._main.add_secure_port(address, credentials)
            probe_port = self._probe.add_insecure_port(probe) if probe else None
        except RuntimeError as error:
            raise OSError(f"cannot listen on {address} or {probe}: is another broker running?") from error
        await self._main.start()
        if probe:
            await self._probe.start()
        return port, probe_port

    async def set_serving(self, *, serving: bool) -> None:
        """Tells health checks whether exchanges can be answered."""
        status = (
            health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        )
        for service in ("", *SERVICES):
            await self._health.set(service, status)

    async def stop(self, grace: float) -> None:
        """Takes no new calls, lets those under way end within a time (seconds)."""
        await self._health.enter_graceful_shutdown()
        self._exchange.end_watching()
        self._audit.end_watching()
        await self._main.stop(grace)
        await self._probe.stop(grace)
