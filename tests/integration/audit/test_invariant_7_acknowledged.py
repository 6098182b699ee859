"""Invariant 7: an acknowledged entry is never lost, altered, reordered or given a second index.

The way to break it: write as fast as the log takes it, kill the writing process without warning in the
middle of a commit, take the log over, and hold every acknowledgement ever given to what is there.
"""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from audit.errors import NotFound
from audit.formats import proof_file
from audit.log import AuditLog
from tests.support.logs import LogSite, request_id

ROUNDS = 2
ROOT = Path(__file__).parents[3]


def killed_writer(site: LogSite, first: int, acknowledgements: int) -> list[list[str]]:
    """Runs a writer, kills it after so many acknowledgements, gives what it had been told."""
    arguments = [str(site.folder), site.url, site.keys_url, str(first)]
    command = [sys.executable, "-m", "tests.support.log_writer", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(acknowledgements)]
        process.kill()
        lines += process.stdout.readlines()  # what was on its way when it died counts as told
    return [line.decode().split() for line in lines if line.endswith(b"\n")]


def hold_to(log: AuditLog, told: list[list[str]]) -> None:
    """Holds what the writers were told to what the log has."""
    indexes: dict[int, str] = {}
    for kind, number, *rest in told:
        stored = log.reader.by_request(request_id(int(number)))
        if kind == "intended":
            assert stored.entry.outcome in {"granted", "interrupted"}
            continue
        index, receipt = int(rest[0]), proof_file.parse(bytes.fromhex(rest[1]).decode())
        assert number == indexes.setdefault(index, number)  # no index twice
        assert (index, index, receipt.extra) == (stored.index, receipt.index, stored.leaf)
        assert "granted" == stored.entry.outcome
        old = receipt.verify(stored.leaf, log.reader.verifier)
        new = log.reader.checkpoint()
        assert old.size <= new.size
        log.reader.proof(index).verify(stored.leaf, log.reader.verifier)


def test_invariant_7_killing_the_writer_loses_nothing_acknowledged(log_site: LogSite) -> None:
    """However often the writer is killed, all that it acknowledged stands where it said, and holds."""
    draw = random.Random(20261121)
    told: list[list[str]] = []
    for turn in range(ROUNDS):
        told += killed_writer(log_site, 1_000_000 * (turn + 1), draw.randrange(20, 150))
        log_site.open().close()  # takes it over, as a broker that starts again does
        report = log_site.verify(sealed=False)
        assert ((), 0) == (report.findings, report.open_intentions)
    with log_site.opened() as log:
        hold_to(log, told)
    recorded = {number for kind, number, *_ in told if kind == "recorded"}
    assert len(recorded) > 10
    assert {"granted", "interrupted"} >= set(report.by_outcome)
    assert report.by_outcome["granted"] >= len(recorded)


def test_invariant_7_unacknowledged_entries_are_whole_or_absent(sqlite_site: LogSite) -> None:
    """What the writer was still committing when it died is there with its proof, or not at all."""
    told = killed_writer(sqlite_site, 0, 200)
    with sqlite_site.opened() as log:
        size = log.reader.checkpoint().size
        for index in range(size):
            stored = log.reader.by_index(index)
            assert stored.entry.request_id is not None
            assert index == log.reader.by_request(stored.entry.request_id).index
            log.reader.proof(index).verify(stored.leaf, sqlite_site.verifier)
            assert log.reader.opened(stored) is not None
        with pytest.raises(NotFound):
            log.reader.by_index(size)
    assert size >= len([t for t in told if t[0] == "recorded"])
