"""A package beside its slowest part: `python -m tests.bench.packages`.

One broker in a process of its own on one core, asked by one caller from the other. In turns, a run asks
for a package and for each of its parts alone, as single exchanges about the same subjects. The client checks
nothing meanwhile. Where parts follow from others, the package is held against its slowest chain as well.

Registers answer at once, or each look-up after a delay, as registers in other houses do; or one of them does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import grpc
from hjemmel.exchange.v1 import exchange_service_pb2 as pb
from hjemmel.exchange.v1.exchange_service_pb2_grpc import ExchangeServiceStub
from rich.console import Console
from rich.table import Table

from adapters import registers
from exchange import wiring
from exchange.client import Client, Credentials, PartAnswered, Question
from exchange.client.assembling import Assembling
from exchange.client.protocol import prepare
from exchange.config import load
from exchange.identity import pki
from exchange.identity.authorities import DEMO_ORGANISATIONS
from exchange.model.request import Lookup, Record
from exchange.packages.model import Package
from exchange.pipeline import Parts
from exchange.ports import Registers
from tests.bench import machine
from tests.bench.processes import LOAD_CORE, server
from tests.support.broker import Site
from tests.support.packages import AGREEMENTS, application

_RESULTS = Path(__file__).parents[2] / ".benchmarks"
_ASKED = (("folkepension", "returnee"), ("housing-benefit", "flatmate_first"))
_WARMING = 5
_DELAYS = ("0", "250:eindkomst", "50", "250")


def main() -> None:
    """Measures and prints; or, with `--serve`, is the broker that is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--persons", type=int, default=10_000)
    parser.add_argument("--delays", nargs="*", default=_DELAYS, help="milliseconds, or MS:REGISTER for one")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", nargs=2, metavar=("CONFIG", "DELAY"))
    options = parser.parse_args()
    if options.serve:
        asyncio.run(_serve(Path(options.serve[0]), options.serve[1]))
        return
    os.sched_setaffinity(0, {LOAD_CORE})
    with tempfile.TemporaryDirectory(prefix="hjemmel-bench-") as folder:
        measured = _measure(Path(folder), options.rounds, options.persons, options.delays)
    document: dict[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.description(),
    }
    document |= {"rounds": options.rounds, "persons": options.persons, "measured": measured}
    _RESULTS.mkdir(exist_ok=True)
    path = _RESULTS / f"packages-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.json"
    path.write_text(json.dumps(document, indent=2) + "\n")
    if options.json:
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        _show(measured)


# The broker that is measured


class Delayed:
    """The real registers, each look-up after a while; or those of one register."""

    def __init__(self, real: Registers, delay: str) -> None:
        """Takes them, and the while (`MS` or `MS:REGISTER`)."""
        self._real = real
        milliseconds, _, self._register = delay.partition(":")
        self._delay = float(milliseconds) / 1000

    async def fetch(self, lookup: Lookup, timeout: float) -> Mapping[str, Sequence[Record]]:
        """See `exchange.ports.Registers`."""
        if self._delay and self._register in {"", lookup.dataset.register}:
            await asyncio.sleep(self._delay)
        return await self._real.fetch(lookup, timeout)


async def _serve(config: Path, delay: str) -> None:
    def change(parts: Parts) -> Parts:
        return replace(parts, registers=Delayed(parts.registers, delay))

    settings, ended = load(config), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with wiring.broker(settings, change) as broker:
        port, _ = await broker.servers.start(settings.server.address, wiring.tls(settings), None)
        await broker.servers.set_serving(serving=True)
        sys.stdout.write(json.dumps({"address": f"127.0.0.1:{port}"}) + "\n")
        sys.stdout.flush()
        await ended.wait()
        await broker.servers.stop(1)


# Who asks


def _measure(folder: Path, rounds: int, persons: int, delays: Sequence[str]) -> list[dict[str, Any]]:
    keys = folder / "keys"
    hosts = ("localhost", "127.0.0.1")
    pki.init(keys, DEMO_ORGANISATIONS, audience="hjemmel.example", origin="hjemmel.example/log", hosts=hosts)
    registers.write(registers.generate(persons), folder / "registers")
    measured = []
    for delay in delays:
        log = folder / f"log-{delay.replace(':', '-')}"
        log.mkdir()
        site = Site(keys, folder / "registers", log)
        arguments = ["--serve", str(site.write_config()), delay]
        with server("tests.bench.packages", arguments, folder / "errors") as broker:
            asking = _Asking(site.credentials("udbetaling-danmark"), broker["address"])
            measured += [{"delay": delay, **asking.measure(*asked, rounds)} for asked in _ASKED]
    return measured


@dataclass(frozen=True, slots=True)
class _Alone:
    """A part's exchanges, as single ones."""

    part: str
    follows: frozenset[str]
    questions: Sequence[Question]


class _Asking:
    def __init__(self, credentials: Credentials, target: str) -> None:
        self._credentials = credentials
        self._target = target

    def measure(self, name: str, person: str, rounds: int) -> dict[str, Any]:
        """Asks for a package and for its parts in turns."""
        with Client(self._target, self._credentials) as client:
            package = client.package(name)
            parts = [
                p
                for p in client.assemble(package, application(package, person))
                if isinstance(p, PartAnswered)
            ]
        alone = _alone(package, parts, person)
        times: dict[str, list[float]] = {"": [], **{a.part: [] for a in alone}}
        with grpc.secure_channel(self._target, self._credentials.channel()) as channel:
            stub = ExchangeServiceStub(channel)
            for turn in range(rounds + _WARMING):
                seconds = {"": self._package(stub, package, person)}
                seconds |= {a.part: max(self._single(stub, q) for q in a.questions) for a in alone}
                if turn >= _WARMING:
                    for part, took in seconds.items():
                        times[part].append(took * 1000)
        whole = times.pop("")
        usual = {part: median(took) for part, took in times.items()}
        slowest, chain = max(usual.values()), _longest(alone, usual)
        return {
            "package": name,
            "exchanges": len(parts),
            "package_ms": median(whole),
            "package_p95_ms": sorted(whole)[int(len(whole) * 0.95)],
            "slowest_part_ms": slowest,
            "slowest_chain_ms": chain,
            "one_after_the_other_ms": sum(usual[a.part] * len(a.questions) for a in alone),
            "to_slowest_part": median(whole) / slowest,
            "to_slowest_chain": median(whole) / chain,
            "parts_ms": usual,
        }

    def _package(self, stub: ExchangeServiceStub, package: Package, person: str) -> float:
        request = Assembling(self._credentials, package, application(package, person)).request
        begun = time.perf_counter()
        *_, last = stub.Assemble(request)
        took = time.perf_counter() - begun
        if not last.summary.complete:
            raise RuntimeError("the package is not complete")
        return took

    def _single(self, stub: ExchangeServiceStub, question: Question) -> float:
        request = pb.ExchangeRequest(envelope=prepare(self._credentials, question).envelope)
        begun = time.perf_counter()
        stub.Exchange(request)
        return time.perf_counter() - begun


def _alone(package: Package, parts: Sequence[PartAnswered], person: str) -> list[_Alone]:
    own = application(package, person)

    def question(came: PartAnswered) -> Question:
        part = came.part
        return Question(
            dataset=part.dataset,
            attributes=part.attributes,
            subject=came.subject,
            subject_role=part.role,
            purpose=part.purpose,
            legal_basis=part.legal_basis,
            agreement=AGREEMENTS[part.dataset],
            case_reference=own.case_reference,
            caseworker=own.caseworker,
            law_date=own.law_date,
        )

    asked = {p.name: [c for c in parts if c.part.name == p.name] for p in package.terms.parts}
    return [
        _Alone(p.name, p.follows, [question(c) for c in asked[p.name]])
        for p in package.terms.parts
        if asked[p.name]
    ]


def _longest(alone: Sequence[_Alone], usual: Mapping[str, float]) -> float:
    """The time of the slowest chain of parts that follow from each other."""
    until: dict[str, float] = {}
    for one in alone:  # a part stands after those that it follows
        before = max((until[name] for name in one.follows if name in until), default=0.0)
        until[one.part] = before + usual[one.part]
    return max(until.values())


def _show(measured: Sequence[Mapping[str, Any]]) -> None:
    table = Table("package", "n", "look-up", "took", "p95", "part", "chain", "in turn", "to part", "to chain")
    for row in measured:
        figures = ("package_ms", "package_p95_ms", "slowest_part_ms", "slowest_chain_ms")
        table.add_row(
            row["package"],
            str(row["exchanges"]),
            row["delay"],
            *(f"{row[name]:.1f}" for name in (*figures, "one_after_the_other_ms")),
            f"{row['to_slowest_part']:.2f}",
            f"{row['to_slowest_chain']:.2f}",
        )
    console = Console()
    console.print(table)
    console.print("Milliseconds: part and chain are the slowest ones, alone; in turn is one after the other.")


if __name__ == "__main__":
    main()
