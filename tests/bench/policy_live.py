"""How long a change of policy takes to be at work: from saving a file, and from the command to publish it.

`python -m tests.bench.policy_live` prints a table, `--json` a document. Beside each time stands how long
an exchange took meanwhile, against the same without a change: what requests notice of it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from adapters import registers
from adapters.registers import Registers
from exchange.config import DEFAULT_POLICIES
from exchange.identity import pki
from exchange.identity.authorities import DEMO_ORGANISATIONS
from exchange.policy import policy_set
from tests.support.broker import RunningBroker, Site, running
from tests.support.questions import granted

_ROUNDS = 10
_NOW = "2026-11-21T20:00:00Z"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = _measure(Path(folder), options.rounds)
    if options.json:
        sys.stdout.write(json.dumps(measured, indent=2) + "\n")
        return
    table = Table("what", "median", "worst", title=f"{options.rounds} changes each, milliseconds")
    for name, times in measured.items():
        table.add_row(name, f"{statistics.median(times):.1f}", f"{max(times):.1f}")
    Console().print(table)


def _measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    keys = folder / "keys"
    origin, hosts = "hjemmel.example/log", ("localhost", "127.0.0.1")
    pki.init(keys, DEMO_ORGANISATIONS, audience="hjemmel.example", origin=origin, hosts=hosts)
    made = registers.generate(200)
    registers.write(made, folder / "registers")
    policies = Path(shutil.copytree(DEFAULT_POLICIES, folder / "policies"))
    site = Site(keys, folder / "registers", folder)
    with running(site) as start:
        broker = start(policy={"folder": str(policies), "follow": "saved"})
        watcher = _Exchanges(broker, made)
        calm = watcher.during(lambda: time.sleep(2))
        saved: list[float] = []
        changing = watcher.during(lambda: saved.extend(_saved(broker, policies, rounds)))
        published = _published(broker, policies, rounds)
    return {
        "saved until live": saved,
        "published until live": published,
        "an exchange, nothing changing": calm,
        "an exchange, while sets change": changing,
    }


def _saved(broker: RunningBroker, folder: Path, rounds: int) -> list[float]:
    return [_until_live(broker, _changed(folder, n), lambda: None) for n in range(rounds)]


def _published(broker: RunningBroker, folder: Path, rounds: int) -> list[float]:
    """Published beside the broker, as the command does."""
    times = []
    archive = broker.broker.log.policies
    sets = []
    for n in range(rounds, 2 * rounds):
        _changed(folder, n)
        sets.append(policy_set.load(folder))
    time.sleep(2)  # the folder is watched, too: the last of them is in force now
    for policies in sets:
        act = partial(archive.put_in_force, policies.revision, policies.bundle, _NOW, "")
        times.append(_until_live(broker, policies.revision, act))
    return times


def _changed(folder: Path, number: int) -> str:
    """Saves a folder that differs in the title of an agreement; gives its revision."""
    file = folder / "agreements" / "data.json"
    document = orjson.loads(file.read_bytes())
    document["udk-eindkomst"]["title"] = f"Udbetaling Danmark og eIndkomst, {number}"
    file.write_bytes(orjson.dumps(document))
    return policy_set.load(folder).revision


def _until_live(broker: RunningBroker, revision: str, act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    while broker.broker.parts.policy.revision != revision:
        time.sleep(0.001)
    return 1000 * (time.perf_counter() - begun)


class _Exchanges:
    """Asks all the while, and keeps how long each answer took (milliseconds)."""

    def __init__(self, broker: RunningBroker, made: Registers) -> None:
        self._client = broker.client()
        self._question = granted(made)

    def during(self, work: Callable[[], None]) -> list[float]:
        times: list[float] = []
        ended = threading.Event()

        def ask() -> None:
            while not ended.is_set():
                begun = time.perf_counter()
                self._client.exchange(self._question)
                times.append(1000 * (time.perf_counter() - begun))

        asking = threading.Thread(target=ask)
        asking.start()
        work()
        ended.set()
        asking.join()
        return times


if __name__ == "__main__":
    main()
