"""Logs to replay: one that brokers made with real requests, and ones that are written directly."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.registers import PLANTED_CASES, Registers
from audit.erasure import erasures
from audit.log import AuditLog
from audit.storage import database
from exchange import wiring
from exchange.client import ClientError
from exchange.config import DEFAULT_POLICIES, Settings
from exchange.errors import Failed
from exchange.model.decision import Decision
from exchange.model.request import Found, Lookup
from exchange.model.trace import Draft, Receipt
from exchange.pipeline import Parts
from exchange.policy import policy_set
from exchange.policy.embedded import EmbeddedEngine
from exchange.policy.policy_set import PolicySet
from exchange.ports import Trail
from exchange.workbench.replay import run as replaying
from exchange.workbench.replay.report import Report
from exchange.workbench.replay.span import Bound, Span
from exchange.workbench.replay.worker import Job
from tests.integration.cli.conftest import run as hjemmel
from tests.support import postgres, raw
from tests.support.adapters import Answering, adapted
from tests.support.broker import RunningBroker, Site, running
from tests.support.logs import LogSite
from tests.support.questions import SLUGS, case, granted, question_of
from tests.support.raw import sign, told

PLANTED = len(PLANTED_CASES)
DRY_RUN, REPEATED, UNKNOWN, FAILED, UNDECIDED, INTERRUPTED = range(PLANTED, PLANTED + 6)


def at(name: str) -> int:
    """The index of a planted case."""
    return next(i for i, c in enumerate(PLANTED_CASES) if c.name == name)


Decide = Callable[[Mapping[str, Any]], Decision]


@dataclass(frozen=True)
class Logged:
    """A log that nobody writes to, with its keys."""

    settings: Settings

    def replay(
        self,
        candidate: PolicySet | None = None,
        first: Bound | None = None,
        last: Bound | None = None,
        workers: int | None = None,
        **changes: Any,
    ) -> Report:
        """Replays it."""
        with self.engine() as engine, engine.connect() as connection:
            size: int = connection.execute(sa.text("SELECT size FROM log_head")).scalar_one()
        span = Span.of(size, first, last)
        job = Job(
            self.settings.log.url,
            self.settings.vault.url,
            self.settings.vault.master_key,
            span,
            candidate.bundle if candidate else None,
        )
        return Report("log", size, span, replaying.replay(replace(job, **changes), workers), candidate)

    @contextmanager
    def engine(self, url: str = "") -> Iterator[sa.Engine]:
        """The log's database, or another one."""
        engine = database.connect(url or self.settings.log.url)
        yield engine
        engine.dispose()

    def change(self, statement: str, *, keys: bool = False, **values: object) -> None:
        """Does to a database what only its administrator could."""
        url = self.settings.vault.url if keys else self.settings.log.url
        with self.engine(url) as engine, engine.begin() as connection:
            assert connection.execute(sa.text(statement), values).rowcount

    def erase(self, key_id: str) -> None:
        """Erases what is sealed under a subject's key, as the broker that owns the log would."""
        with self.engine() as engine, engine.begin() as connection:
            erasures.ask(connection, erasures.Scope.SUBJECT, key_id, "gdpr.17.1")
        AuditLog.open(wiring.log_settings(self.settings)).close()

    def cell(self, query: str, **values: object) -> Any:
        """Reads one value."""
        with self.engine() as engine, engine.connect() as connection:
            return connection.execute(sa.text(query), values).scalar_one()


def numbers(report: Report) -> dict[str, int]:
    """How many decisions a candidate has which effect on; those without any are left out."""
    return {effect.value: count.number for effect, count in report.tally.effects.items()}


@pytest.fixture(scope="session")
def policies() -> PolicySet:
    """The policy set that comes with Hjemmel."""
    return policy_set.load(DEFAULT_POLICIES)


@pytest.fixture(scope="session")
def decide(policies: PolicySet) -> Decide:
    """Decides as a broker does."""
    return EmbeddedEngine(policies, timeout=30).decide_now


class Silent:
    """A policy engine that gives no answer."""

    def __init__(self, inner: Any) -> None:
        self.revision = inner.revision

    async def decide(self, _policy_input: Mapping[str, Any]) -> Decision:
        raise Failed.because("POLICY_FAILED")


class Down(Answering):
    """A register that is not there."""

    async def fetch(self, lookup: Lookup) -> tuple[Found, ...]:
        raise ConnectionError


def play(start: Callable[..., RunningBroker], generated: Registers) -> Settings:
    """Has brokers record every planted case, then each other way in which an exchange ends.

    A dry run, the same request id again, a question about an unknown dataset, a register that fails, an
    engine that gives no answer, an exchange that was interrupted.
    """
    broker = start()
    for name in (c.name for c in PLANTED_CASES):
        planted = case(generated, name)
        slug = SLUGS[planted.request.consumer]
        with broker.client(slug) as client, suppress(ClientError):  # refused, as planted
            client.exchange(question_of(planted))
    question = granted(generated)
    with broker.client() as client:
        client.dry_run(question)
    with raw.connected(broker) as wire:
        body = raw.body_of(question).SerializeToString()
        used = broker.broker.log.reader.by_index(PLANTED).entry.request_id
        again = sign(broker.site.credentials(raw.UDK), body, jti=used)
        assert "REQUEST_ID_REUSED" == told(lambda: wire.exchange(body, again)).reason
    with broker.client() as client, suppress(ClientError):
        client.exchange(replace(question, dataset="cpr.nothing"))
    broker.stop()
    for change in (adapted("eindkomst", Down()), lambda parts: replace(parts, policy=Silent(parts.policy))):
        broker = start(change=change)
        with broker.client() as client, suppress(ClientError):
            client.exchange(question)
        broker.stop()
    broker = start(change=_tearing)
    with broker.client() as client, suppress(ClientError):
        client.exchange(question)
    broker.stop()
    AuditLog.open(wiring.log_settings(broker.settings)).close()
    return broker.settings


class Torn:
    """A log that takes intentions and nothing after them."""

    def __init__(self, inner: Trail) -> None:
        self._inner = inner

    async def intend(self, draft: Draft, timeout: float | None = None) -> None:
        await self._inner.intend(draft, timeout)

    async def record(self, draft: Draft, *, closes_intention: bool, timeout: float | None = None) -> Receipt:
        raise Failed.because("LOG_UNAVAILABLE")


def _tearing(parts: Parts) -> Parts:
    return replace(parts, trail=Torn(parts.trail))


@pytest.fixture(scope="session")
def played(
    keys: Path, register_folder: Path, generated: Registers, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with such a log, on SQLite."""
    folder = tmp_path_factory.mktemp("played")
    with running(Site(keys, register_folder, folder)) as start:
        play(start, generated)
    return folder


@pytest.fixture
def kept(played: Path, keys: Path, register_folder: Path, tmp_path: Path) -> Logged:
    """A copy of it, to spoil."""
    for name in ("log.db", "keys.db"):
        shutil.copy(played / name, tmp_path / name)
    return Logged(Site(keys, register_folder, tmp_path).settings())


@pytest.fixture(scope="session")
def played_on_postgres(
    keys: Path,
    register_folder: Path,
    generated: Registers,
    postgres_server: postgres.Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Logged:
    """The same on PostgreSQL; not to be spoilt."""
    overrides = {
        "log": {"url": postgres_server.fresh_database()},
        "vault": {"url": postgres_server.fresh_database()},
    }
    site = Site(keys, register_folder, tmp_path_factory.mktemp("played"))
    with running(site) as start:
        return Logged(play(lambda **more: start(**overrides, **more), generated))


@pytest.fixture(params=["sqlite", "postgresql"])
def logged(request: pytest.FixtureRequest) -> Logged:
    """Such a log on each of the two."""
    name = "kept" if request.param == "sqlite" else "played_on_postgres"
    found: Logged = request.getfixturevalue(name)
    return found


@pytest.fixture
def written(tmp_path: Path, policies: PolicySet) -> Callable[..., Logged]:
    """Writes a log directly, of submissions, with the policy set archived."""

    def write(*submissions: Any, archive: bool = True) -> Logged:
        site = LogSite.at(tmp_path)

        async def append() -> None:
            with site.opened() as log:
                for submission in submissions:
                    await log.append(submission, closes_intention=False)

        asyncio.run(append())
        if archive:
            insert = "INSERT INTO policy_revisions (revision, bundle) VALUES (:revision, :bundle)"
            site.execute(insert, revision=policies.revision, bundle=policies.bundle)
        log = {"url": site.url, "signing_key": str(site.settings.signing_key)}
        vault = {"url": site.keys_url, "master_key": str(site.settings.master_key)}
        return Logged(Settings(log=log, vault=vault))

    return write


@pytest.fixture
def in_line(kept: Logged, tmp_path: Path, keys: Path, register_folder: Path) -> Path:
    """A configuration that leads to the copy."""
    return Site(keys, register_folder, tmp_path).write_config()


run = hjemmel  # as the tests of the command line call it
