"""Measures WatchRecords: `python -m tests.bench.watch [--entries N] [--rounds N]`.

How many records a second one watcher gets, and ten together, as bytes and verified by the client; and what
watchers cost exchanges: calls a second with nobody watching, with ten that have caught up, and with ten that
read the whole log again and again, in turns of the same run. The broker has a core of its own.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import click
import grpc
from hjemmel.audit.v1 import audit_service_pb2 as pb
from hjemmel.audit.v1.audit_service_pb2_grpc import AuditServiceStub

from adapters import registers
from audit.files import read_private, write_private
from exchange.client import Client
from exchange.identity import pki
from exchange.identity.authorities import DEMO_ORGANISATIONS
from tests.bench import machine
from tests.bench.ghz import Ghz, write_protoset
from tests.bench.messages import Signers, questions
from tests.bench.processes import server
from tests.support import public_logs
from tests.support.broker import Site
from tests.support.logs import LogSite

_SLUG = "udbetaling-danmark"
_WATCHERS = 10
_CALLS = 1500


class Bench:
    """One run, in a folder of its own."""

    def __init__(self, folder: Path, entries: int) -> None:
        """Makes keys, registers, and a log whose every entry is on the watcher's side."""
        self._folder = folder
        self._entries = entries
        (folder / "log").mkdir()
        hosts = ("localhost", "127.0.0.1")
        audience, origin = "hjemmel.example", "hjemmel.example/log"
        pki.init(folder / "keys", DEMO_ORGANISATIONS, audience=audience, origin=origin, hosts=hosts)
        self._generated = registers.generate(200)
        registers.write(self._generated, folder / "registers")
        self.site = Site(folder / "keys", folder / "registers", folder / "log")
        log = LogSite(f"sqlite:///{folder}/log/log.db", f"sqlite:///{folder}/log/keys.db", folder)
        write_private(log.settings.signing_key, read_private(self.site.keys / "log.key"))
        public_logs.grow(log, entries)

    def run(self, rounds: int) -> dict[str, Any]:
        """Measures all."""
        config = str(self.site.write_config(watch={"streams": 4 * _WATCHERS}))
        with server("exchange.cli.main", ["serve", "--config", config], self._folder / "errors") as broker:
            target = broker["address"]
            streamed = {
                "one": self._rate(target, 1),
                "ten": self._rate(target, _WATCHERS),
                "one, verified": self._verified(target),
            }
            return {"records a second": streamed, "exchanges": self._exchanges(broker, rounds)}

    def _rate(self, target: str, watchers: int) -> int:
        begun = time.monotonic()
        with ThreadPoolExecutor(watchers) as threads:
            for done in [threads.submit(self._read_all, target) for _ in range(watchers)]:
                done.result()
        return round(watchers * self._entries / (time.monotonic() - begun))

    def _verified(self, target: str) -> int:
        begun = time.monotonic()
        with Client(target, self.site.credentials(_SLUG)) as client:
            next(part for part in client.watch_records() if part.caught_up)
        return round(self._entries / (time.monotonic() - begun))

    def _read_all(self, target: str, stop: threading.Event | None = None, *, live: bool = False) -> None:
        with grpc.secure_channel(target, self.site.credentials(_SLUG).channel()) as channel:
            stream = AuditServiceStub(channel).WatchRecords(pb.WatchRecordsRequest())
            for part in stream:
                if (stop and stop.is_set()) or (not live and part.end_index >= self._entries):
                    stream.cancel()
                    return

    @contextmanager
    def _watched(self, target: str, how: str) -> Iterator[None]:
        """Ten watch meanwhile: live, or from the beginning again and again; or nobody does."""
        stop, threads = threading.Event(), []

        def watch() -> None:
            while not stop.is_set():
                self._read_all(target, stop, live=how == "live")

        for _ in range(0 if how == "none" else _WATCHERS):
            threads.append(threading.Thread(target=watch, daemon=True))
            threads[-1].start()
        if how == "live":
            time.sleep(10)  # until they have caught up
        try:
            yield
        finally:
            stop.set()

    def _exchanges(self, broker: dict[str, Any], rounds: int) -> dict[str, Any]:
        own = self.site.credentials(_SLUG)
        certificate, key = self._folder / "client.pem", self._folder / "client.key"
        certificate.write_bytes(own.certificate)
        key.write_bytes(own.certificate_key)
        protoset, ca = self._folder / "api.protoset", self.site.keys / "ca.pem"
        write_protoset(protoset)
        ghz = Ghz(broker["address"], broker["pid"], protoset, ca, certificate, key)
        asked = questions(self._generated, "mixed")
        rates: dict[str, list[float]] = {"none": [], "live": [], "catching up": []}
        with closing(Signers(self.site.keys / _SLUG, asked)) as signers:
            messages = self._folder / "requests"
            for number in range(rounds + 1):
                for how, found in rates.items():
                    signers.write(messages, _CALLS)
                    with self._watched(broker["address"], how):
                        result = ghz.saturate(messages, _CALLS, 64)
                    if number:  # the first round is to warm up
                        found.append(result.rate)
                    time.sleep(1)  # those who watched learn that it is over
        ratios = {
            how: median(a / b for a, b in zip(found, rates["none"], strict=True))
            for how, found in rates.items()
        }
        return {"rates": rates, "ratio to nobody watching": ratios}


@click.command()
@click.option("--entries", default=60_000, show_default=True)
@click.option("--rounds", default=5, show_default=True)
def main(entries: int, rounds: int) -> None:
    """Measure what watchers get, and what they cost."""
    with tempfile.TemporaryDirectory(prefix="hjemmel-watch-") as folder:
        found = Bench(Path(folder), entries).run(rounds)
    print(json.dumps({"machine": machine.description(), **found}, indent=2))


if __name__ == "__main__":
    main()
