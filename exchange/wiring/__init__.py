"""The one module that knows every part: puts a broker together from its configuration."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from adapters.catalogue import load_catalogue
from adapters.consents import SqlConsents
from adapters.host.bounds import Bounds
from adapters.host.registers import GuardedRegisters
from adapters.kinds import open_adapters
from adapters.port import Connection
from audit.log import AuditLog
from audit.reading.watching import Watching, WatchSettings
from exchange import body, released, subscription_body
from exchange.assembly import Assemblies
from exchange.assembly import Format as PackageFormat
from exchange.batched import MAX_SUBJECTS
from exchange.config import Settings
from exchange.edge.audit_service import AuditEdge
from exchange.edge.callers import Callers
from exchange.edge.exchange_service import ExchangeEdge
from exchange.edge.looks import Looks
from exchange.edge.package_calls import PackageCalls
from exchange.edge.server import Servers, Tls
from exchange.identity.authenticator import SignatureAuthenticator
from exchange.identity.batched import BatchAuthenticator
from exchange.identity.packaged import PackageAuthenticator, check_applicant
from exchange.identity.participants import FileParticipants
from exchange.many import Format, Many
from exchange.model.catalogue import Catalogue
from exchange.packages.load import load_packages
from exchange.pipeline import Parts, Pipeline
from exchange.policy.keeper import PolicyKeeper
from exchange.recorder import Recorder
from exchange.watch.settings import ChangeSettings
from exchange.watch.subscriptions import Subscriptions
from exchange.wiring import logs, policies, searches
from exchange.wiring.logs import log_settings

__all__ = ["CONSENTS", "PACKAGES", "Broker", "SystemClock", "broker", "log_settings", "register_url", "tls"]

_MANY = Format(subscription_body.read_without, body.read_batched, BatchAuthenticator, MAX_SUBJECTS)
PACKAGES = PackageFormat(body.read_packaged, released.decode, PackageAuthenticator, check_applicant)
_DENMARK = ZoneInfo("Europe/Copenhagen")
CONSENTS = "samtykke"


class SystemClock:
    """Implements `exchange.ports.Clock` with the machine's clock."""

    def now(self) -> datetime:
        """See `exchange.ports.Clock`."""
        return datetime.now(UTC)

    def today(self) -> date:
        """See `exchange.ports.Clock`."""
        return datetime.now(_DENMARK).date()


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker put together: its parts, its log, its policies, and its servers, not yet listening.

    Attributes:
        bundle_port: where OPA servers fetch the policies, where they do; it listens already.
    """

    parts: Parts
    log: AuditLog
    policies: PolicyKeeper
    servers: Servers
    engine_problem: Callable[[], str | None]
    bundle_port: int | None = None

    @property
    def problem(self) -> str | None:
        """Why no exchange can be answered at present, or nothing."""
        return self.log.problem or self.engine_problem()


Replace = Callable[[Parts], Parts]


@asynccontextmanager
async def broker(settings: Settings, replace: Replace = lambda parts: parts) -> AsyncIterator[Broker]:
    """Puts a broker together; what it opened is closed in the reverse order.

    Args:
        settings: the configuration.
        replace: lets tests put other parts in the place of some.

    Raises:
        ConfigError, PolicyError, CatalogueError, PackageError, ParticipantsError, KeyFileError,
            LogStopped: a part cannot do its work; the message says which and why.
    """
    async with AsyncExitStack() as stack:
        catalogue = load_catalogue(own=settings.registers.catalogue or None)
        packages = load_packages(catalogue, settings.packages.folder or None)
        folder_set = policies.first_look(settings)
        authenticator = SignatureAuthenticator(
            FileParticipants(settings.identity.participants),
            settings.server.audience,
            SystemClock().today,
        )
        consents = SqlConsents(register_url(settings, CONSENTS), settings.registers.timeout)
        stack.callback(consents.close)
        registers = open_registers(settings, catalogue)
        stack.push_async_callback(registers.close)
        log = await logs.open_log(settings, stack)
        decides = await policies.follow(settings, folder_set, log, stack)
        parts = replace(
            Parts(
                catalogue=catalogue,
                authenticator=authenticator,
                consents=consents,
                policy=decides.keeper.engine,
                registers=registers,
                trail=Recorder(log),
                clock=SystemClock(),
                read_body=body.read,
                encode_data=released.encode,
                fetch_timeout=settings.registers.timeout,
                feeds=registers,
            )
        )
        callers = Callers(authenticator)
        assemblies = Assemblies(parts, PACKAGES, packages, settings.packages.max_concurrent)
        subscriptions = Subscriptions(parts, authenticator.confirm, _change_settings(settings))
        stack.push_async_callback(subscriptions.close)
        exchange = ExchangeEdge(
            Pipeline(parts),
            Many(parts, _MANY),
            PackageCalls(assemblies, packages),
            subscriptions,
            catalogue,
            callers,
        )
        watching = Watching(log.engine, _watch_settings(settings))
        stack.push_async_callback(watching.close)
        prefer_cosigned = settings.witness.publish == "cosigned"
        looks = Looks(searches.follow(settings, log, stack), log, prefer_cosigned=prefer_cosigned)
        audit = AuditEdge(log.reader, watching, callers, looks, prefer_cosigned=prefer_cosigned)
        servers = Servers(exchange, audit)
        yield Broker(parts, log, decides.keeper, servers, decides.problem, decides.bundle_port)


def _watch_settings(settings: Settings) -> WatchSettings:
    watch = settings.watch
    return WatchSettings(poll=watch.poll, heartbeat=watch.heartbeat, most=watch.streams)


def _change_settings(settings: Settings) -> ChangeSettings:
    changes = settings.changes
    return ChangeSettings(
        poll=changes.poll,
        heartbeat=changes.heartbeat,
        recheck=changes.recheck,
        streams=changes.streams,
        subjects=changes.subjects,
        unacknowledged=changes.unacknowledged,
        longest=timedelta(days=changes.longest),
        oldest=timedelta(days=changes.oldest),
    )


def tls(settings: Settings) -> Tls:
    """The server's part of the configuration that TLS needs."""
    return Tls(settings.server.certificate, settings.server.key, settings.server.client_ca)


def register_url(settings: Settings, register: str) -> str:
    """Where a register is; by default it is a file of SQLite."""
    reached = settings.registers.connections.get(register)
    return reached.url if reached else f"sqlite:///{settings.registers.folder / register}.db"


def open_registers(settings: Settings, catalogue: Catalogue) -> GuardedRegisters:
    """The registers of a catalogue behind their host, as the configuration says that they are reached."""
    usual = settings.registers
    adapters = open_adapters(catalogue, lambda register: connection(settings, register), usual.plug_ins)
    return GuardedRegisters(
        catalogue,
        adapters,
        {
            register: _bounds(settings, reached.max_records, reached.max_concurrent)
            for register, reached in usual.connections.items()
        },
        _bounds(settings, 0, 0),
    )


def _bounds(settings: Settings, max_records: int, max_concurrent: int) -> Bounds:
    usual = settings.registers
    return Bounds(
        max_records or usual.max_records,
        max_concurrent or usual.max_concurrent,
        usual.attempts,
        usual.backoff,
        usual.failures,
        usual.pause,
        usual.timeout,
    )


def connection(settings: Settings, register: str) -> Connection:
    """How a register is reached, as its kind of adapter takes it."""
    usual = settings.registers
    reached = usual.connections.get(register)
    url = register_url(settings, register)
    if reached is None:
        return Connection(url, max_records=usual.max_records, max_concurrent=usual.max_concurrent)
    return Connection(
        url,
        reached.options,
        reached.secrets,
        reached.max_records or usual.max_records,
        reached.max_concurrent or usual.max_concurrent,
    )
