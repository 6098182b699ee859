"""Many subjects under one mandate beside single exchanges: `python -m tests.bench.many`.

One broker in a process of its own on one core, asked from the other. What is compared is the processor time
that the broker spends on a subject, and how many subjects it answers in a second; the client verifies nothing
meanwhile, so that it is not what is measured. Asked are a person's status, one record, and a person's
income, a record for each month.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import grpc
from hjemmel.exchange.v1 import exchange_service_pb2 as pb
from hjemmel.exchange.v1.exchange_service_pb2_grpc import ExchangeServiceStub
from rich.console import Console
from rich.table import Table

from adapters import registers
from adapters.registers import Registers
from exchange.batched import MAX_SUBJECTS
from exchange.client import Credentials, Question, Subject, Task
from exchange.client.many import Asking
from exchange.client.protocol import prepare
from exchange.identity import pki
from exchange.identity.authorities import DEMO_ORGANISATIONS
from exchange.model.request import SubjectKey
from tests.bench.processes import LOAD_CORE, server
from tests.support.broker import Site
from tests.support.questions import case, question_of

_SINGLE, _MANY = 1_500, 15_000
_AT_ONCE = 64
_QUESTIONS = {"status": "pensioner-residence", "income": "family-income-applicant"}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--persons", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.sched_setaffinity(0, {LOAD_CORE})
    with tempfile.TemporaryDirectory() as folder:
        measured = _measure(Path(folder), options.rounds, options.persons)
    if options.json:
        sys.stdout.write(json.dumps(measured, indent=2) + "\n")
        return
    table = Table("", "", "subjects a second", "broker's µs a subject")
    for name, figures in measured.items():
        for way in ("single", "many"):
            rates, costs = figures[way]["rate"], figures[way]["cost"]
            table.add_row(name, way, f"{median(rates):,.0f}", f"{median(costs):,.0f}")
        table.add_row(name, "ratio", f"{figures['rate_ratio']:.1f}", f"{figures['cost_ratio']:.1f}")
    Console().print(table)


def _measure(folder: Path, rounds: int, persons: int) -> dict[str, Any]:
    keys, log = folder / "keys", folder / "log"
    log.mkdir()
    hosts = ("localhost", "127.0.0.1")
    pki.init(keys, DEMO_ORGANISATIONS, audience="hjemmel.example", origin="hjemmel.example/log", hosts=hosts)
    made = registers.generate(persons)
    registers.write(made, folder / "registers")
    site = Site(keys, folder / "registers", log)
    config = str(site.write_config())
    measured: dict[str, Any] = {}
    with server("exchange.cli.main", ["serve", "--config", config], folder / "errors") as broker:
        for name, planted in _QUESTIONS.items():
            own = site.credentials("udbetaling-danmark")
            asking = _Asking(own, broker["address"], made, question_of(case(made, planted)))
            measured[name] = _compared(asking, broker["pid"], rounds)
    return measured


def _compared(asking: _Asking, pid: int, rounds: int) -> dict[str, Any]:
    measured: dict[str, Any] = {way: {"rate": [], "cost": []} for way in ("single", "many")}
    for turn in range(rounds + 1):  # the first warms up
        for way, work, number in (("single", asking.single, _SINGLE), ("many", asking.many, _MANY)):
            seconds, cost = _timed(pid, work, number)
            if turn:
                measured[way]["rate"].append(number / seconds)
                measured[way]["cost"].append(cost / number * 1e6)
    for figure in ("rate", "cost"):
        single, many = (median(measured[way][figure]) for way in ("single", "many"))
        measured[f"{figure}_ratio"] = many / single if figure == "rate" else single / many
    return measured


def _timed(pid: int, work: Callable[[int], Coroutine[Any, Any, None]], number: int) -> tuple[float, float]:
    """Gives the time that some work took, and the processor time that it cost another process (seconds)."""
    before, begun = _processor(pid), time.monotonic()
    asyncio.run(work(number))
    return time.monotonic() - begun, _processor(pid) - before


def _processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class _Asking:
    def __init__(self, credentials: Credentials, target: str, made: Registers, question: Question) -> None:
        self._credentials = credentials
        self._target = target
        table = made.tables["cpr.person"]
        number, born = table.columns.index("personnummer"), table.columns.index("foedselsdato")
        adults = sorted({str(row[number]) for row in table.rows if str(row[born]) < "2000"})
        self._adults: Iterator[str] = cycle(adults)
        self._question = question

    async def single(self, number: int) -> None:
        questions = [self._about(value) for value in islice(self._adults, number)]
        requests = [pb.ExchangeRequest(envelope=prepare(self._credentials, q).envelope) for q in questions]
        async with grpc.aio.secure_channel(self._target, self._credentials.channel()) as channel:
            stub = ExchangeServiceStub(channel)
            left = iter(requests)

            async def caller() -> None:
                for request in left:
                    await stub.Exchange(request)

            await asyncio.gather(*(caller() for _ in range(_AT_ONCE)))

    async def many(self, number: int) -> None:
        question = self._question
        asking = Asking(
            self._credentials,
            Task(
                dataset=question.dataset,
                attributes=question.attributes,
                key_kind=question.subject.kind,
                purpose=question.purpose,
                legal_basis=question.legal_basis,
                agreement=question.agreement,
                caseworker=question.caseworker,
            ),
        )
        requests = [pb.ExchangeManyRequest(mandate=asking.mandate)]
        for _ in range(number // MAX_SUBJECTS):
            some = [
                Subject(value, question.subject_role, "SAG-2025-1")
                for value in islice(self._adults, MAX_SUBJECTS)
            ]
            requests.append(pb.ExchangeManyRequest(batch=asking.batch(some).message))
        answered = 0
        async with grpc.aio.secure_channel(self._target, self._credentials.channel()) as channel:
            async for response in ExchangeServiceStub(channel).ExchangeMany(iter(requests)):
                answered += len(response.answers)
        if answered != number:
            raise RuntimeError(f"{answered} of {number} subjects were answered")

    def _about(self, value: str) -> Question:
        return Question(
            **{
                **{n: getattr(self._question, n) for n in Question.__dataclass_fields__},
                "subject": SubjectKey("personnummer", value),
            }
        )


if __name__ == "__main__":
    main()
