"""The server of LogService: a UNIX socket, an address with mutual TLS, and health checks on loopback."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from hjemmel.audit.v1 import log_service_pb2
from hjemmel.audit.v1.log_service_pb2_grpc import add_LogServiceServicer_to_server

from audit.files import read_private
from exchange.log_service.addresses import Identity, ServiceAddressError, check_folder, make_way
from exchange.log_service.service import LogEdge

_OPTIONS = (
    ("grpc.so_reuseport", 0),  # a second process on the port is an error, not a silent half
    ("grpc.max_receive_message_length", 16 << 20),
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.keepalive_time_ms", 5_000),
    ("grpc.keepalive_timeout_ms", 5_000),
)
SERVICE: str = log_service_pb2.DESCRIPTOR.services_by_name["LogService"].full_name


@dataclass(frozen=True, slots=True)
class Places:
    """Where to listen: at least at a socket or an address. Empty texts and no path: not there."""

    socket: Path | None
    address: str
    probe: str
    identity: Identity


class LogServer:
    """Serves LogService. The process is alive in health checks; the service is while it owns the log."""

    def __init__(self, edge: LogEdge, places: Places) -> None:
        """Takes the service, and where to listen."""
        self._places = places
        self._health = health.HealthServicer()
        self._main = grpc.aio.server(options=_OPTIONS)
        self._probe = grpc.aio.server(options=_OPTIONS)
        add_LogServiceServicer_to_server(edge, self._main)
        for server in (self._main, self._probe):
            health_pb2_grpc.add_HealthServicer_to_server(self._health, server)

    async def start(self) -> tuple[int | None, int | None]:
        """Begins to listen; gives the ports of the address and of the probe.

        Raises:
            OSError: an address cannot be listened on.
            ServiceAddressError: the socket's folder is open to others, or somebody listens there.
            KeyFileError: the key is missing or open to others.
        """
        places = self._places
        port = probe = None
        if places.socket:
            check_folder(places.socket)
            make_way(places.socket)
        try:
            if places.socket:
                self._main.add_insecure_port(f"unix:{places.socket}")
                places.socket.chmod(0o600)  # its folder keeps others out until then, too
            if places.address:
                port = self._main.add_secure_port(places.address, _credentials(places.identity))
            if places.probe:
                probe = self._probe.add_insecure_port(places.probe)
        except RuntimeError as error:
            wanted = [str(p) for p in (places.socket, places.address, places.probe) if p]
            raise OSError(f"cannot listen on {', '.join(wanted)}: is another process there?") from error
        await self._main.start()
        if places.probe:
            await self._probe.start()
        await self._set("", serving=True)
        await self.set_owning(owning=False)
        return port, probe

    async def set_owning(self, *, owning: bool) -> None:
        """Tells health checks whether brokers are served here."""
        await self._set(SERVICE, serving=owning)

    async def _set(self, service: str, *, serving: bool) -> None:
        status = health_pb2.HealthCheckResponse.ServingStatus
        await self._health.set(service, status.Value("SERVING" if serving else "NOT_SERVING"))

    async def stop(self) -> None:
        """Ends at once: calls were ended before."""
        await self._health.enter_graceful_shutdown()
        await self._main.stop(None)
        await self._probe.stop(None)
        if self._places.socket:
            self._places.socket.unlink(missing_ok=True)


def _credentials(identity: Identity) -> grpc.ServerCredentials:
    try:
        certificate, ca = identity.certificate.read_bytes(), identity.ca.read_bytes()
    except OSError as error:
        raise ServiceAddressError(f"{error.filename} cannot be read ({error.strerror})") from error
    return grpc.ssl_server_credentials(
        [(read_private(identity.key), certificate)], root_certificates=ca, require_client_auth=True
    )
