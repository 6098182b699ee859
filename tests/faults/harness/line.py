"""The line between a driver and PostgreSQL: it counts statements, and something happens at one of them.

Speaks as much of the protocol (version 3) as it takes to see where a statement ends: with a `Query`, or
with the `Sync` after its parts. Statements are counted over all connections, in the order of their arrival.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

BEFORE, HALFWAY, MEANWHILE, AFTER = "before", "halfway", "meanwhile", "after"
_ENDS = {b"Q", b"S", b"H", b"X"}  # a query, a sync; a flush and a farewell are passed on as well
_COUNTED = {b"Q", b"S"}
_READY, _KEY = b"Z", b"K"
_PATIENCE = 10.0  # seconds


@dataclass(slots=True)
class Connection:
    """One connection of a driver.

    Attributes:
        backend: id of the server's process at the other end.
    """

    client: socket.socket
    server: socket.socket
    backend: int = 0
    withheld: bool = False
    settled: threading.Event = field(default_factory=threading.Event)

    def cut(self) -> None:
        """Ends it in both directions."""
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Line:
    """A proxy.

    Attributes:
        port: where it listens.
        statements: how many have come so far.
        struck: whether it has come to the one.
    """

    def __init__(self, port: int, number: int, moment: str, strike: Callable[[Connection], None]) -> None:
        """Takes the server's port, the statement, the moment in its life, and what happens then."""
        self._target = ("127.0.0.1", port)
        self._number = number
        self._moment = moment
        self._strike = strike
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[Connection] = []
        self._pumps: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]
        self.statements = 0
        self.struck = False

    def run(self) -> None:
        """Takes connections until it is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(self._target)
                except OSError:
                    client.close()
                    continue
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = Connection(client, server)
                self._connections.append(connection)
                for pump in (self._questions, self._answers):
                    thread = threading.Thread(target=self._pumped, args=(pump, connection), daemon=True)
                    self._pumps.append(thread)
                    thread.start()

    def stop(self) -> None:
        """Takes no more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Ends everything, once `run` has ended."""
        self._listener.close()
        for connection in self._connections:
            connection.cut()
        for pump in self._pumps:
            pump.join(_PATIENCE)
        for connection in self._connections:
            connection.client.close()
            connection.server.close()

    @staticmethod
    def _pumped(pump: Callable[[Connection], None], connection: Connection) -> None:
        with suppress(OSError, EOFError):
            pump(connection)
        connection.settled.set()
        connection.cut()

    def _questions(self, connection: Connection) -> None:
        (length,) = struct.unpack("!i", start := _exactly(connection.client, 4))
        connection.server.sendall(start + _exactly(connection.client, length - 4))
        pending = b""
        while True:
            kind, message = _message(connection.client)
            pending += message
            if kind not in _ENDS:
                continue
            if kind in _COUNTED and self._is_the_one():
                self._at_the_one(connection, pending)
            else:
                connection.server.sendall(pending)
            pending = b""

    def _answers(self, connection: Connection) -> None:
        while True:
            kind, message = _message(connection.server)
            if kind == _KEY:
                (connection.backend,) = struct.unpack("!i", message[5:9])
            if not connection.withheld:
                connection.client.sendall(message)
            elif kind == _READY:
                connection.settled.set()

    def _is_the_one(self) -> bool:
        with self._lock:
            self.statements += 1
            return self.statements == self._number

    def _at_the_one(self, connection: Connection, statement: bytes) -> None:
        self.struck = True
        if self._moment == HALFWAY:
            connection.server.sendall(statement[: len(statement) // 2])
        elif self._moment != BEFORE:
            connection.withheld = self._moment == AFTER
            connection.server.sendall(statement)
        if self._moment == AFTER:
            connection.settled.wait(_PATIENCE)
        self._strike(connection)
        if self._moment == BEFORE:
            connection.server.sendall(statement)


def _message(source: socket.socket) -> tuple[bytes, bytes]:
    head = _exactly(source, 5)
    (length,) = struct.unpack("!i", head[1:])
    return head[:1], head + _exactly(source, length - 4)


def _exactly(source: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        chunk = source.recv(size - len(found))
        if not chunk:
            raise EOFError
        found += chunk
    return found


@contextmanager
def before(port: int, number: int, moment: str, strike: Callable[[Connection], None]) -> Iterator[Line]:
    """Stands before a server; see `Line`."""
    line = Line(port, number, moment, strike)
    thread = threading.Thread(target=line.run, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        line.stop()
        thread.join(_PATIENCE)
        line.close()
