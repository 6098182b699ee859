"""A disk that fails to make a write durable: the log stops, starts over from disk, loses nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.registers import Registers
from tests.faults import checks
from tests.faults.load import Load, questions
from tests.faults.probe import becomes, until
from tests.faults.processes import serve
from tests.support.broker import BrokerProcess, Site

CLIENTS = tuple(f"client-{n}" for n in range(4))


# Which calls fail; strace counts them per thread, and the log's writer is the one thread that syncs.
# Those that fail in a row hit a commit and then the log's attempts to start over.
@pytest.mark.parametrize(
    ("when", "event"),
    [("1+7", "log_commit_failed"), ("8+8", "log_commit_failed"), ("4..7", "log_recovery_failed")],
    ids=["first", "later", "recovery too"],
)
async def test_a_failed_sync_stops_the_log_and_loses_nothing(
    site: Site, generated: Registers, when: str, event: str
) -> None:
    """After fdatasync failed nothing is acknowledged until the log has started over from its disk."""
    errors = site.folder / "errors"
    asking = questions(generated, random.Random(1))
    load = Load(site.credentials("udbetaling-danmark"), asking, site.folder)
    broker = await asyncio.to_thread(serve, site.write_config(), errors)
    try:
        async with load.running(broker.target, CLIENTS):
            await until(lambda: len(load.receipts) > 20)
            async with _failing_sync(broker, when, site.folder / "strace") as failed:
                await until(lambda: event in errors.read_text())
                await until(lambda: load.ends["Failed"] > 0)
                assert failed() > 0
            assert await asyncio.to_thread(becomes, broker.probe, serving=True)
            before = len(load.receipts)
            await until(lambda: len(load.receipts) > before + 20)
    finally:
        broker.kill()
    broker = await asyncio.to_thread(serve, site.write_config(), errors)
    assert 0 == await asyncio.to_thread(broker.terminate)
    with checks.at_rest(site.settings()) as log:
        checks.holds(log)
        checks.acknowledged_is_kept(log, load.receipts)
        checks.no_request_stands_twice(log)


@asynccontextmanager
async def _failing_sync(broker: BrokerProcess, when: str, output: Path) -> AsyncIterator[Callable[[], int]]:
    """Makes some calls of fdatasync in the broker fail with EIO; yields a count of those that did."""
    strace = await asyncio.create_subprocess_exec(
        *("strace", "-f", "-p", str(broker.process.pid), "-o", str(output), "-e", "trace=fdatasync"),
        *("-e", f"inject=fdatasync:error=EIO:when={when}"),
        stderr=asyncio.subprocess.PIPE,
    )
    if strace.stderr is None:
        raise AssertionError("standard error is a pipe")
    await strace.stderr.readline()  # "Process … attached"
    try:
        yield lambda: output.read_text().count("INJECTED")
    finally:
        strace.terminate()  # it lets go of the broker
        await strace.communicate()
