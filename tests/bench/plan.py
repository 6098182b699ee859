"""The course of the benchmark: echo and exchange in turns, then half the load, then step by step."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import grpc
from hjemmel.exchange.v1 import exchange_service_pb2 as pb
from hjemmel.exchange.v1 import exchange_service_pb2_grpc as pb_grpc

from adapters import registers
from audit.log import load_signer
from audit.storage import database
from audit.verification.verify import verify_log
from exchange.client import Client, Credentials
from exchange.identity import pki
from exchange.identity.authorities import DEMO_ORGANISATIONS
from tests.bench import machine
from tests.bench.ghz import BenchError, Ghz, Result, write_protoset
from tests.bench.messages import Signers, questions, read_all, write_all
from tests.bench.processes import server
from tests.support.broker import Site

Progress = Callable[[str], None]
_SLUG = "udbetaling-danmark"
_BROKER = "exchange.cli.main"
_LONGEST_FILE = 20_000  # requests; they are signed for five minutes


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    persons: int
    rounds: int
    seconds: float  # of one run
    alone: int  # calls that are made one after the other
    receipts: int  # how many are fetched and verified
    concurrency: int = 64


FULL = Size(persons=10_000, rounds=5, seconds=8, alone=1000, receipts=200)
QUICK = Size(persons=200, rounds=3, seconds=3, alone=300, receipts=50)


class Bench:
    """One run of the benchmark, in a folder of its own."""

    def __init__(self, folder: Path, size: Size, workload: str) -> None:
        """Takes an empty folder, how much to measure, and what to ask."""
        self._folder = folder
        self._size = size
        self._workload = workload
        self._errors = folder / "errors"
        self._asked: list[str] = []

    def run(self, progress: Progress) -> dict[str, Any]:
        """Measures all.

        Raises:
            BenchError: a call failed, or the log does not hold what was answered.
        """
        size = self._size
        progress(f"registers of {size.persons:,} persons")
        site = self._site()
        generated = registers.generate(size.persons)
        registers.write(generated, site.registers)
        with closing(Signers(site.keys / _SLUG, questions(generated, self._workload))) as signers:
            self._sign = partial(self._signed, signers)
            document = self._compare(site, progress)
            capacity = document["exchange"]["rate"]["median"]
            document["steps"] = self._steps(site, capacity, progress)
        return document

    def _compare(self, site: Site, progress: Progress) -> dict[str, Any]:
        """Both servers run all the while, and are called in turns."""
        config = str(site.write_config())
        with ExitStack() as stack:
            start = partial(server, errors=self._errors)
            broker = stack.enter_context(start(_BROKER, ["serve", "--config", config]))
            exchange = self._ghz(site, broker)
            answers, sizes = self._collect(site, broker["address"])
            echo = stack.enter_context(start("tests.bench.echo", [config, str(answers)]))
            bare = self._ghz(site, echo)
            document = {
                "workload": self._workload,
                "size": asdict(self._size),
                "bytes": sizes,
                **self._rounds(bare, exchange, progress),
            }
            progress("half of the capacity")
            capacity = document["exchange"]["rate"]["median"]
            document["half"] = asdict(self._at_half(exchange, capacity))
            progress("receipts")
            document["verified"] = self._verify(site, broker["address"])
        return document

    def _site(self) -> Site:
        keys, log = self._folder / "keys", self._folder / "log"
        log.mkdir()
        hosts = ("localhost", "127.0.0.1")
        pki.init(
            keys,
            DEMO_ORGANISATIONS,
            audience="hjemmel.example",
            origin="hjemmel.example/log",
            hosts=hosts,
        )
        write_protoset(self._folder / "api.protoset")
        return Site(keys, self._folder / "registers", log)

    def _ghz(self, site: Site, ready: dict[str, Any]) -> Ghz:
        own = site.keys / _SLUG
        credentials = Credentials.load(own)
        certificate, key = self._folder / "client.pem", self._folder / "client.key"
        certificate.write_bytes(credentials.certificate)
        key.write_bytes(credentials.certificate_key)
        ca, protoset = site.keys / "ca.pem", self._folder / "api.protoset"
        return Ghz(ready["address"], ready["pid"], protoset, ca, certificate, key)

    def _signed(self, signers: Signers, calls: int) -> Path:
        path = self._folder / "requests"
        self._asked += signers.write(path, calls)
        return path

    def _collect(self, site: Site, target: str) -> tuple[Path, dict[str, float]]:
        """Makes some calls, keeps their answers for the echo, and tells how large they are."""
        credentials = site.credentials(_SLUG).channel()
        requests = [pb.ExchangeRequest.FromString(m) for m in read_all(self._sign(30))]
        with grpc.secure_channel(target, credentials) as channel:
            stub = pb_grpc.ExchangeServiceStub(channel)
            answers = [stub.Exchange(r) for r in requests]
        path = self._folder / "answers"
        write_all(path, [a.SerializeToString() for a in answers])
        sizes = {
            "request": sum(r.ByteSize() for r in requests) / len(requests),
            "response": sum(a.ByteSize() for a in answers) / len(answers),
        }
        return path, sizes

    def _rounds(self, bare: Ghz, exchange: Ghz, progress: Progress) -> dict[str, Any]:
        size, concurrency = self._size, self._size.concurrency
        progress("warming up")
        messages = self._sign(2000)
        exchange_rate = exchange.saturate(messages, 2000, concurrency).rate
        echo_rate = bare.saturate(messages, 4000, concurrency).rate
        echoes: list[Result] = []
        exchanges: list[Result] = []
        for number in range(1, size.rounds + 1):
            progress(f"round {number} of {size.rounds}")
            messages = self._sign(min(int(exchange_rate * size.seconds), _LONGEST_FILE))
            echoes.append(bare.saturate(messages, int(echo_rate * size.seconds), concurrency))
            count = min(int(exchange_rate * size.seconds), _LONGEST_FILE)
            exchanges.append(exchange.saturate(messages, count, concurrency))
            exchange_rate = exchanges[-1].rate
        ratios = [b.rate / a.rate for a, b in zip(echoes, exchanges, strict=True)]
        return {
            "echo": _spread(echoes),
            "exchange": _spread(exchanges),
            "ratio": {"median": median(ratios), "least": min(ratios), "most": max(ratios)},
        }

    def _at_half(self, exchange: Ghz, capacity: float) -> Result:
        rate = int(capacity / 2)
        calls = min(int(rate * self._size.seconds * 1.5), _LONGEST_FILE)
        return exchange.pace(self._sign(calls), calls, rate)

    def _verify(self, site: Site, target: str) -> dict[str, int]:
        """Verifies some receipts as their owner would, and the whole log as an auditor would."""
        sample = random.sample(self._asked, self._size.receipts)
        with Client(target, site.credentials(_SLUG)) as client:
            receipts = [client.receipt(request_id) for request_id in sample]
        if any(r.entry.outcome != "granted" for r in receipts):
            raise BenchError("a request that was answered is not recorded as granted")
        settings = site.settings()
        verifier = load_signer(settings.log.origin, settings.log.signing_key).verifier
        engine = database.connect(settings.log.url)
        try:
            found = verify_log(engine, verifier)
        finally:
            engine.dispose()
        if not found.holds or found.entries != len(self._asked):
            raise BenchError(f"{found.entries} entries for {len(self._asked)}: {found.findings}")
        return {"receipts": len(receipts), "entries": found.entries}

    def _steps(self, site: Site, capacity: float, progress: Progress) -> dict[str, Any]:
        size = self._size
        calls = min(int(capacity * size.seconds), _LONGEST_FILE)
        runs: dict[str, tuple[Callable[[Ghz], Result], list[str]]] = {
            "alone": (lambda g: g.saturate(self._sign(size.alone), size.alone, 1), []),
            "half": (lambda g: self._at_half(g, capacity), []),
            "saturated": (lambda g: g.saturate(self._sign(calls), calls, size.concurrency), []),
            "profiled": (
                lambda g: g.saturate(self._sign(calls // 3), calls // 3, size.concurrency),
                ["profile"],
            ),
        }
        measured = {}
        for name, (run, options) in runs.items():
            progress(f"step by step, {name}")
            measured[name] = self._traced(site, run, options)
        return measured

    def _traced(self, site: Site, run: Callable[[Ghz], Result], options: list[str]) -> dict[str, Any]:
        output = self._folder / "steps"
        arguments = [str(site.folder / "hjemmel.toml"), str(output), *options]
        with server("tests.bench.steps", arguments, self._errors) as broker:
            ghz = self._ghz(site, broker)
            ghz.saturate(self._sign(300), 300, 8)
            os.kill(broker["pid"], signal.SIGUSR1)  # that was to warm up: measure from here on
            before = machine.cpu_by_thread(broker["pid"])
            result = run(ghz)
            after = machine.cpu_by_thread(broker["pid"])
        told = json.loads(output.read_text())
        spent: dict[str, float] = {}
        for thread, used in after.items():
            name = _thread(told["threads"].get(thread, "gRPC"))
            cost = (used - before.get(thread, 0.0)) / result.calls * 1e6
            spent[name] = spent.get(name, 0.0) + cost
        steps = {**told, "result": asdict(result), "cpu": spent}
        del steps["threads"]
        return steps


def _thread(name: str) -> str:
    kinds = {"MainThread": "event loop", "log-writer": "log writer"}
    return kinds.get(name, "registers" if name.startswith("register-") else "gRPC")


def _spread(results: list[Result]) -> dict[str, Any]:
    return {
        "rounds": [asdict(r) for r in results],
        **{
            name: {
                "median": median(getattr(r, name) for r in results),
                "least": min(getattr(r, name) for r in results),
                "most": max(getattr(r, name) for r in results),
            }
            for name in ("rate", "p50", "p99", "cost", "busy")
        },
    }
