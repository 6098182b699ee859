"""Deliveries of a subscription beside single exchanges: `python -m tests.bench.changes`.

One broker in a process of its own on one core, asked from the other. All subjects are followed; then all of
them change at once, in one transaction of the register. What is compared is the processor time that the
broker spends on a delivery, its feed included, and on a single exchange about the same attributes, and how
many of either it does in a second. The client verifies nothing meanwhile, so that it is not what is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import grpc
import sqlalchemy as sa
from hjemmel.exchange.v1 import exchange_service_pb2 as pb
from hjemmel.exchange.v1 import watch_pb2
from hjemmel.exchange.v1.exchange_service_pb2_grpc import ExchangeServiceStub
from rich.console import Console
from rich.table import Table

from adapters import registers
from adapters.kinds.values import sortable
from exchange.client import Credentials, Following, Question, Subject
from exchange.client.changes import Stream
from exchange.client.protocol import prepare
from exchange.identity import pki
from exchange.identity.authorities import DEMO_ORGANISATIONS
from exchange.model.request import SubjectKey
from tests.bench.processes import LOAD_CORE, server
from tests.support.broker import Site
from tests.support.changes import TASK, adults

_AT_ONCE = 64
_SETTINGS = {"changes": {"poll": 0.2, "unacknowledged": 10_000}}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--persons", type=int, default=5_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.sched_setaffinity(0, {LOAD_CORE})
    with tempfile.TemporaryDirectory() as folder:
        measured = asyncio.run(_measure(Path(folder), options.rounds, options.persons))
    if options.json:
        sys.stdout.write(json.dumps(measured, indent=2) + "\n")
        return
    table = Table("", "a second", "broker's µs each")
    for name in ("single", "delivery"):
        rates, costs = measured[name]["rate"], measured[name]["cost"]
        table.add_row(name, f"{median(rates):,.0f}", f"{median(costs):,.0f}")
    table.add_row("ratio", f"{measured['rate_ratio']:.1f}", f"{measured['cost_ratio']:.1f}")
    Console().print(table, f"{measured['subjects']} subjects")


async def _measure(folder: Path, rounds: int, persons: int) -> dict[str, Any]:
    keys, log = folder / "keys", folder / "log"
    log.mkdir()
    hosts = ("localhost", "127.0.0.1")
    pki.init(keys, DEMO_ORGANISATIONS, audience="hjemmel.example", origin="hjemmel.example/log", hosts=hosts)
    made = registers.generate(persons)
    registers.write(made, folder / "registers")
    subjects = adults(made)
    site = Site(keys, folder / "registers", log)
    own = site.credentials("udbetaling-danmark")
    measured: dict[str, Any] = {n: {"rate": [], "cost": []} for n in ("single", "delivery")}
    config = str(site.write_config(**_SETTINGS))
    with server("exchange.cli.main", ["serve", "--config", config], folder / "errors") as broker:
        async with grpc.aio.secure_channel(broker["address"], own.channel()) as channel:
            stub = ExchangeServiceStub(channel)
            following = _Following(stub, own, subjects)
            await following.deliveries(len(subjects))  # each is read once when it is added
            for turn in range(rounds):
                requests = list(_requests(own, subjects))
                for name, work in (
                    ("single", _singles(stub, requests)),
                    ("delivery", _changed(folder / "registers", following, subjects, turn)),
                ):
                    before, begun = _processor(broker["pid"]), time.monotonic()
                    await work
                    seconds, cost = time.monotonic() - begun, _processor(broker["pid"]) - before
                    measured[name]["rate"].append(len(subjects) / seconds)
                    measured[name]["cost"].append(cost / len(subjects) * 1e6)
            following.call.cancel()
    for figure in ("rate", "cost"):
        single, delivery = (median(measured[n][figure]) for n in ("single", "delivery"))
        measured[f"{figure}_ratio"] = delivery / single if figure == "rate" else single / delivery
    measured["subjects"] = len(subjects)
    return measured


class _Following:
    def __init__(self, stub: ExchangeServiceStub, own: Credentials, subjects: list[Subject]) -> None:
        ends = datetime.now(UTC) + timedelta(days=1)
        stream = Stream(own, Following(TASK, ends, dict.fromkeys(subjects, b"")))
        self._acknowledged: asyncio.Queue[int] = asyncio.Queue()
        self._delivered = 0

        async def said() -> AsyncIterator[watch_pb2.WatchRequest]:
            for request in stream.opening():
                yield request
            while True:
                number = await self._acknowledged.get()
                acknowledged = watch_pb2.WatchAcknowledgement(deliveries=number)
                yield watch_pb2.WatchRequest(acknowledgement=acknowledged)

        self.call = stub.Watch(said())
        self._responses = aiter(self.call)

    async def deliveries(self, number: int) -> None:
        while number:
            response = await anext(self._responses)
            if response.WhichOneof("part") == "delivery":
                assert not response.delivery.HasField("error")
                number -= 1
                self._delivered += 1
                if self._delivered % 1000 == 0:
                    self._acknowledged.put_nowait(self._delivered)
        self._acknowledged.put_nowait(self._delivered)


async def _changed(folder: Path, following: _Following, subjects: list[Subject], turn: int) -> None:
    """Everybody moves, in one transaction: to a place that nobody lived at before."""
    engine = sa.create_engine(f"sqlite:///{folder / 'cpr.db'}", poolclass=sa.pool.NullPool)
    table = sa.Table("person", sa.MetaData(), autoload_with=engine)
    wanted = {s.value for s in subjects}
    now, home = sortable(datetime.now(UTC)), f"0a3f50a0-0000-32b8-8000-{turn:012x}"
    current = table.c.registreringTil.is_(None)
    with engine.begin() as connection:
        rows = [dict(r) for r in connection.execute(sa.select(table).where(current)).mappings()]
        moved = [r for r in rows if r["personnummer"] in wanted]
        mine = table.c.personnummer.in_(sorted(wanted))
        connection.execute(sa.update(table).where(current, mine).values(registreringTil=now))
        connection.execute(
            sa.insert(table), [{**r, "registreringFra": now, "darAdresseId": home} for r in moved]
        )
    engine.dispose()
    await following.deliveries(len(subjects))


def _requests(own: Credentials, subjects: list[Subject]) -> Iterator[pb.ExchangeRequest]:
    question = Question(
        dataset=TASK.dataset,
        attributes=TASK.attributes,
        subject=SubjectKey(TASK.key_kind, ""),
        subject_role="applicant",
        purpose=TASK.purpose,
        legal_basis=TASK.legal_basis,
        agreement=TASK.agreement,
        case_reference="",
        caseworker=TASK.caseworker,
    )
    for one in subjects:
        asked = replace(
            question, subject=SubjectKey(TASK.key_kind, one.value), case_reference=one.case_reference
        )
        yield pb.ExchangeRequest(envelope=prepare(own, asked).envelope)


async def _singles(stub: ExchangeServiceStub, requests: list[pb.ExchangeRequest]) -> None:
    left = iter(requests)

    async def caller() -> None:
        for request in left:
            await stub.Exchange(request)

    await asyncio.gather(*(caller() for _ in range(_AT_ONCE)))


def _processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
