"""The kind `grpc`: a register in a process of its own answers like one in the broker's, errors included."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest

from adapters.catalogue import load_catalogue
from adapters.kinds import open_adapters
from adapters.kinds.grpc import open_grpc, serve
from adapters.port import (
    DEADLINE,
    AccessRefused,
    AnswerInvalid,
    AsOf,
    Catalogue,
    Cause,
    Connection,
    Dataset,
    Found,
    Lookup,
    RegisterAdapter,
    RegisterError,
    SchemaChanged,
    Source,
    Throttled,
    Unavailable,
)
from adapters.registers import Registers
from exchange.demo.questions import SLUGS
from tests.support.adapters import Answering, lookup_of
from tests.support.broker import Site, running
from tests.support.questions import case as planted
from tests.support.questions import question_of
from tests.support.services import answer, failure, in_any_order, kept_open, with_source

SQL = load_catalogue()
OVER_GRPC = Catalogue.of(
    tuple(with_source(d, "grpc") for d in SQL.datasets.values() if d.register in {"bbr", "eindkomst"})
)
ENHED = OVER_GRPC.datasets["bbr.enhed"]
PAST = AsOf(datetime(2023, 6, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC))
Serve = Callable[[RegisterAdapter], Connection]


def server_credentials(keys: Path) -> grpc.ServerCredentials:
    pair = ((keys / "broker.key").read_bytes(), (keys / "broker.pem").read_bytes())
    return grpc.ssl_server_credentials([pair], (keys / "ca.pem").read_bytes(), require_client_auth=True)


def connection_to(address: str, keys: Path, **options: str) -> Connection:
    folder = keys / "udbetaling-danmark"
    told = {"ca": str(keys / "ca.pem"), "certificate": str(folder / "cert.pem"), **options}
    return Connection(f"dns:///{address}", told, {"certificate_key": folder / "cert.key"})


def serving_sql(register: str, keys: Path, folder: Path) -> AbstractContextManager[str]:
    datasets = [d for d in SQL.datasets.values() if d.register == register]

    def make() -> RegisterAdapter:
        connection = Connection(f"sqlite:///{folder / register}.db")
        return next(iter(open_adapters(Catalogue.of(tuple(datasets)), lambda _: connection).values()))

    return kept_open(lambda: serve(make(), datasets, "127.0.0.1:0", server_credentials(keys)))


@pytest.fixture
def served(keys: Path) -> Iterator[Serve]:
    """Serves an adapter with the datasets of BBR, over mutual TLS."""
    with ExitStack() as stack:

        def begin(adapter: RegisterAdapter) -> Connection:
            datasets = [d for d in SQL.datasets.values() if d.register == "bbr"]
            make = lambda: serve(adapter, datasets, "127.0.0.1:0", server_credentials(keys))  # noqa: E731
            return connection_to(stack.enter_context(kept_open(make)), keys)

        yield begin


@pytest.mark.parametrize(
    ("name", "kind"), [(d.name, k.kind) for d in OVER_GRPC.datasets.values() for k in d.keys]
)
async def test_answers_are_those_of_the_sql_adapter(
    generated: Registers, register_folder: Path, keys: Path, name: str, kind: str
) -> None:
    """For every key, many at once, now and in the past: the same records of the same types."""
    sql = SQL.datasets[name]
    key = sql.key(kind)
    assert key is not None
    values = sorted({str(r[key.attribute]) for r in generated.tables[name].records()} - {"None"})[:40]
    database = Connection(f"sqlite:///{register_folder / sql.register}.db")
    with serving_sql(sql.register, keys, register_folder) as address:
        for as_of, current in ((PAST, False), (None, True)):
            asked = lookup_of(
                OVER_GRPC.datasets[name],
                sorted(sql.attribute_names),
                kind,
                *values,
                as_of=as_of,
                current=current,
            )
            expected = await answer(Catalogue.of((sql,)), database, replace(asked, dataset=sql))
            found = await answer(Catalogue.of((asked.dataset,)), connection_to(address, keys), asked)
            assert in_any_order(expected) == in_any_order(found)


class Scripted(Answering):
    """An adapter that does what a test says."""

    def __init__(self, answers: Callable[[Lookup], Sequence[Found]]) -> None:
        """Takes what it answers."""
        self.answers = answers
        self.asked: list[Lookup] = []

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        self.asked.append(lookup)
        return self.answers(lookup)


def raising(error: Exception) -> Callable[[Lookup], Sequence[Found]]:
    def answers(_lookup: Lookup) -> Sequence[Found]:
        raise error

    return answers


async def fetched(connection: Connection, dataset: Dataset = ENHED) -> Sequence[Found]:
    adapter = open_grpc("bbr", [dataset], connection)
    try:
        return await adapter.fetch(lookup_of(dataset, ("status",), "bbr_enhed_id", "a"))
    finally:
        await adapter.close()


@pytest.mark.parametrize(
    "error",
    [
        Unavailable(Cause.CONNECTION),
        Unavailable(Cause.PARTIAL),
        Throttled(1.5),
        AccessRefused(Cause.CREDENTIALS_EXPIRED),
        AnswerInvalid(Cause.TIMES),
        AnswerInvalid(Cause.PRESENT_ONLY),
        SchemaChanged(Cause.FIELD_VALUE, "status"),
        SchemaChanged(Cause.FIELD_MISSING),
    ],
)
async def test_errors_of_the_port_arrive_as_what_they_are(served: Serve, error: RegisterError) -> None:
    """Kind, cause, attribute and pause; nothing else."""
    with pytest.raises(RegisterError) as caught:
        await fetched(served(Scripted(raising(error))))
    expected = (type(error), error.cause, error.attribute, getattr(error, "pause", None))
    arrived = caught.value
    assert expected == (type(arrived), arrived.cause, arrived.attribute, getattr(arrived, "pause", None))


async def test_other_errors_arrive_without_their_words(served: Serve) -> None:
    """What an adapter raises beside the port's errors is an error of the server's."""
    with pytest.raises(Unavailable) as caught:
        await fetched(served(Scripted(raising(KeyError("Oda Hemmelig")))))
    assert Cause.SERVER_ERROR is caught.value.cause
    assert "Hemmelig" not in repr(caught.value.__context__)


@pytest.mark.parametrize(
    ("records", "error", "cause"),
    [
        ([Found("a", {"status": 7})], SchemaChanged, Cause.FIELD_TYPE),
        ([Found("a", {"status": "6"})] * 1001, AnswerInvalid, Cause.TOO_MANY),
        ([Found("a", {"status": "6" * 5_000_000})] * 2, AnswerInvalid, Cause.TOO_LARGE),
        ([Found("a", {"status": "6" * 50_000})] * 300, AnswerInvalid, Cause.TOO_LARGE),
    ],
)
async def test_answers_that_are_wrong_or_too_much_are_errors(
    served: Serve, records: list[Found], error: type[RegisterError], cause: Cause
) -> None:
    """Types are held to the catalogue, records and bytes to their limits, in one message or many."""
    with pytest.raises(RegisterError) as caught:
        await fetched(served(Scripted(lambda _: records)))
    assert (error, cause) == (type(caught.value), caught.value.cause)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"source": Source("grpc", {"dataset": "bbr.grund"}, "a test")}, Cause.FIELD_UNKNOWN),
        ({"attributes": tuple(replace(a, name=f"{a.name}2") for a in ENHED.attributes)}, Cause.FIELD_MISSING),
        ({"attributes": tuple(replace(a, type="integer") for a in ENHED.attributes)}, Cause.FIELD_TYPE),
    ],
)
async def test_a_register_that_serves_something_else_is_not_asked(
    served: Serve, change: dict[str, object], cause: Cause
) -> None:
    """The register's own description is held against the catalogue before a subject is named."""
    dataset = replace(ENHED, **change)  # type: ignore[arg-type]
    scripted = Scripted(lambda _: [])
    adapter = open_grpc("bbr", [dataset], served(scripted))
    asked = lookup_of(dataset, (dataset.attributes[2].name,), "bbr_enhed_id", "a")
    with pytest.raises(SchemaChanged) as caught:
        await adapter.fetch(asked)
    await adapter.close()
    assert (cause, []) == (caught.value.cause, scripted.asked)


async def test_the_mandate_and_the_times_travel(served: Serve) -> None:
    """The register sees in whose name and for what it is asked, and as of when."""
    scripted = Scripted(lambda _: [])
    asked = lookup_of(ENHED, ("status",), "bbr_enhed_id", "a", as_of=PAST)
    await answer(Catalogue.of((ENHED,)), served(scripted), asked)
    [seen] = scripted.asked
    assert replace(asked, dataset=SQL.datasets["bbr.enhed"]) == seen


class Waiting(Answering):
    """An adapter that answers never, and tells when it is let go."""

    def __init__(self) -> None:
        """Begins waiting."""
        self.cancelled = asyncio.Event()
        self.deadline: float | None = None

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        try:
            await asyncio.sleep(3600)
        finally:
            self.cancelled.set()
        return []


async def test_a_call_whose_time_is_over_is_let_go_on_both_sides(keys: Path) -> None:
    """The caller learns of the time-out, and the register's own work is cancelled."""
    waiting = Waiting()
    datasets = [d for d in SQL.datasets.values() if d.register == "bbr"]
    async with serve(waiting, datasets, "127.0.0.1:0", server_credentials(keys)) as address:
        asked = lookup_of(ENHED, ("status",), "bbr_enhed_id", "a")
        code, _ = await failure(Catalogue.of((ENHED,)), connection_to(address, keys), asked, timeout=0.5)
        assert "REGISTER_TIMEOUT" == code
        await asyncio.wait_for(waiting.cancelled.wait(), 10)


async def test_the_deadline_is_passed_on(keys: Path) -> None:
    """Where the host says how long there is, the register is told: it ends the call by itself."""
    waiting = Waiting()
    datasets = [d for d in SQL.datasets.values() if d.register == "bbr"]
    async with serve(waiting, datasets, "127.0.0.1:0", server_credentials(keys)) as address:
        token = DEADLINE.set(asyncio.get_running_loop().time() + 0.5)
        with pytest.raises(TimeoutError):
            await fetched(connection_to(address, keys))
        DEADLINE.reset(token)
        await asyncio.wait_for(waiting.cancelled.wait(), 10)


async def test_only_who_has_a_certificate_is_answered(keys: Path, served: Serve) -> None:
    """A plain connection to a register with mutual TLS reaches nobody; nor does one to nobody."""
    scripted = Scripted(lambda _: [])
    address = served(scripted).url
    for url in (address, "dns:///127.0.0.1:9"):
        with pytest.raises(Unavailable) as caught:
            await fetched(Connection(url, {"unsafe_plain_grpc": "true"}))
        assert Cause.CONNECTION is caught.value.cause
    assert [] == scripted.asked


@pytest.mark.parametrize(
    ("url", "options", "said"),
    [
        ("https://register.example", {}, "url must be dns:"),
        ("dns:///register.example:1", {}, "options.ca is missing"),
        ("dns:///register.example:1", {"ca": "/x", "certificate": "/x"}, "secrets.certificate_key"),
        ("dns:///register.example:1", {"unsafe_plain_grpc": "1"}, "must be true or false"),
        ("unix:/run/x.sock", {"max_bytes": "x"}, "max_bytes must be"),
        ("unix:/run/x.sock", {"tls": "no"}, "options.tls is not known"),
    ],
)
def test_what_a_connection_cannot_be_is_told_at_the_start(
    url: str, options: dict[str, str], said: str
) -> None:
    """The message says which setting, and what it may be."""
    with pytest.raises(ValueError, match=said):
        open_grpc("bbr", [ENHED], Connection(url, options))


async def test_a_register_is_not_served_beyond_this_machine_without_tls() -> None:
    """Whoever forgets the credentials serves nobody."""
    with pytest.raises(ValueError, match="mutual TLS"):
        async with serve(Waiting(), [], "0.0.0.0:0", None):
            raise AssertionError("it is served")


def test_an_exchange_reads_a_register_over_grpc(
    keys: Path, register_folder: Path, tmp_path: Path, generated: Registers
) -> None:
    """By configuration alone a broker asks a register in another process, and releases the same."""
    case = planted(generated, "family-area")
    (tmp_path / "catalogue").mkdir()
    entry = Path("adapters/catalogue/bbr.toml").read_text()
    entry = re.sub('kind = "sql", table = "[a-z]+"', 'kind = "grpc"', entry)
    (tmp_path / "catalogue" / "bbr.toml").write_text(entry)
    released = []
    with serving_sql("bbr", keys, register_folder) as address:
        told = connection_to(address, keys)
        connection = {
            "url": told.url,
            "options": dict(told.options),
            "secrets": {name: str(path) for name, path in told.secrets.items()},
        }
        for name, registers in (
            ("sql", {}),
            ("grpc", {"catalogue": str(tmp_path / "catalogue"), "connections": {"bbr": connection}}),
        ):
            (tmp_path / name).mkdir()
            with (
                running(Site(keys, register_folder, tmp_path / name)) as start,
                start(registers=registers).client(SLUGS[case.request.consumer]) as client,
            ):
                released.append(client.exchange(question_of(case)).records)
    assert released[0]
    assert released[0] == released[1]
