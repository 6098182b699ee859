"""What happens to PostgreSQL while a driver works with it: to the line, a backend, the server, its disk.

    line      the connection is cut
    session   its backend is ended (pg_terminate_backend)
    server    all of the server's processes are killed (SIGKILL), and it is started again
    disk      the disk with the tables is full, for a while
    backend   a system call of a backend fails, which may bring the whole server down

The first four happen at a statement: before it is sent, when half of it was, while it is carried out, or
after that and before its answer arrives. Of an unanswered commit nobody knows whether it happened.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import sqlalchemy as sa

from tests.faults.harness import line
from tests.faults.harness.driver import Order
from tests.faults.harness.fault import KILL, Fault
from tests.faults.harness.line import AFTER, BEFORE, HALFWAY, MEANWHILE, Connection
from tests.faults.harness.strace import Tracer, hold
from tests.support.postgres import Server

_KINDS: dict[str, tuple[str, ...]] = {
    "line": (BEFORE, HALFWAY, MEANWHILE, AFTER),
    "session": (BEFORE, MEANWHILE, AFTER),
    "server": (BEFORE, MEANWHILE, AFTER),
    "disk": (BEFORE,),
}
BACKEND = "backend"
PLACES = frozenset({*_KINDS, BACKEND})
CALLS: dict[str, tuple[str, ...]] = {"fdatasync": ("EIO", KILL), "pwrite64": ("EIO", "ENOSPC", KILL)}
_FULL_FOR = 0.3  # seconds
_RECOVERS = 20.0  # seconds that a server may take
_BLOCK = bytes(4096)
_LOOK = 0.01


@dataclass(frozen=True, slots=True)
class Struck:
    """A driver's order on a server that something happens to."""

    order: Order
    fell: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many statements a scene makes, and how many system calls the backend that makes most."""

    statements: int
    calls: Mapping[str, int]


def faults(counted: Counted, *, disk: bool) -> Iterator[list[Fault]]:
    """All faults that there could be; a list for each kind."""
    for place, kinds in _KINDS.items():
        if place != "disk" or disk:
            for kind in kinds:
                yield [Fault(place, "", n, kind) for n in range(1, counted.statements + 1)]
    for call, kinds in CALLS.items():
        for kind in kinds:
            yield [Fault(BACKEND, call, n, kind) for n in range(1, counted.calls.get(call, 0) + 1)]


@contextmanager
def breaking(server: Server, disk: Path | None, order: Order, fault: Fault) -> Iterator[Struck]:
    """Lets something happen to a server while an order is carried out; it runs again at the end."""
    try:
        if fault.place == BACKEND:
            with _traced(server, order, fault) as struck:
                yield struck
        else:
            strike = _strike(fault, server, disk)
            with line.before(server.port, fault.number, fault.kind, strike) as between:
                yield Struck(_through(order, between.port), lambda: between.struck)
    finally:
        _running_again(server)


def count(server: Server, order: Order, play: Callable[[Order], None]) -> Counted:
    """Counts what there is to break while an order is carried out."""
    output = order.folder / "backends"
    tracer = hold(_postmaster(server), output, tuple(CALLS), (), options=("-f",))
    with line.before(server.port, 0, BEFORE, lambda _: None) as between:
        play(_through(order, between.port))
    tracer.let_go()
    return Counted(between.statements, tracer.counts())


def _through(order: Order, port: int) -> Order:
    urls = [sa.make_url(url).set(port=port) for url in (order.site.url, order.site.keys_url)]
    texts = [url.update_query_dict({"sslmode": "disable", "gssencmode": "disable"}) for url in urls]
    log, keys = (url.render_as_string(hide_password=False) for url in texts)
    return replace(order, site=replace(order.site, url=log, keys_url=keys))


def _strike(fault: Fault, server: Server, disk: Path | None) -> Callable[[Connection], None]:
    def session(connection: Connection) -> None:
        with psycopg.connect(_administrator(server), autocommit=True) as administrator:
            administrator.execute("SELECT pg_terminate_backend(%s, 1000)", (connection.backend,))

    def killed(_connection: Connection) -> None:
        server.kill()
        server.start()

    def full(_connection: Connection) -> None:
        if disk is None:
            raise AssertionError("there is a disk to be filled")
        ballast = disk / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:  # until there is no room
                file.write(_BLOCK)
        threading.Timer(_FULL_FOR, ballast.unlink).start()

    strikes = {"line": Connection.cut, "session": session, "server": killed, "disk": full}
    return strikes[fault.place]


@contextmanager
def _traced(server: Server, order: Order, fault: Fault) -> Iterator[Struck]:
    tracer = hold(_postmaster(server), order.folder / "backends", (fault.call,), (), fault, options=("-f",))
    watch = threading.Thread(target=_let_go_once, args=(tracer,), daemon=True)
    watch.start()
    try:
        yield Struck(order, lambda: _has_fallen(tracer))
    finally:
        tracer.let_go()
        watch.join()


def _let_go_once(tracer: Tracer) -> None:
    """Lets go as soon as one call has failed: each new backend would be hit again."""
    while tracer.process.poll() is None and not _has_fallen(tracer):
        time.sleep(_LOOK)
    with suppress(ProcessLookupError):
        tracer.process.terminate()


def _has_fallen(tracer: Tracer) -> bool:
    return tracer.injected() or "killed by SIGKILL" in tracer.output.read_text(errors="replace")


def _running_again(server: Server) -> None:
    """Waits for a server to recover. One that a tracer left stopped never would: it is started anew."""
    end = time.monotonic() + _RECOVERS
    while True:
        try:
            psycopg.connect(_administrator(server)).close()
        except psycopg.OperationalError:
            if time.monotonic() > end and server.lives():
                server.kill()
            if not server.lives():
                server.start()
            time.sleep(_LOOK)
        else:
            return


def _administrator(server: Server) -> str:
    return f"host=127.0.0.1 port={server.port} user=postgres dbname=postgres sslmode=disable"


def _postmaster(server: Server) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])
