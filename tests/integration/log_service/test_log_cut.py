"""The line between a broker and the log is cut: what was sent is found out by sending it again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from audit.errors import LogError
from audit.log import AuditLog
from exchange.wiring.logs import log_settings
from tests.faults import checks
from tests.faults.probe import until
from tests.support import proxy
from tests.support.broker import Site
from tests.support.log_services import attached, fingerprint, served, way
from tests.support.logs import all_still_prove, submission
from tests.support.proxy import Mode


async def test_a_line_that_is_cut_again_and_again_loses_and_doubles_nothing(site: Site) -> None:
    """Each exchange that was acknowledged stands once, at the place that the broker was told."""
    settings = site.settings(
        log_service={
            "address": "127.0.0.1:0",
            "brokers": [fingerprint(site.keys / "broker.pem")],
            "certificate": str(site.keys / "broker.pem"),
            "key": str(site.keys / "broker.key"),
            "ca": str(site.keys / "ca.pem"),
            "grace": 2,
        }
    )
    done, refused = [], 0

    async def caller(log: AuditLog, first: int, stop: asyncio.Event) -> None:
        nonlocal refused
        number = first
        while not stop.is_set():
            number += 1
            try:
                await log.intend(submission(number, outcome="interrupted"), 5)
                done.append(await log.append(submission(number), closes_intention=True, timeout=5))
            except LogError:
                refused += 1
                await asyncio.sleep(0.02)

    async with served(settings) as listening:
        with proxy.before(f"127.0.0.1:{listening.port}") as between:
            async with attached(settings, way(settings, between.address)) as log:
                stop = asyncio.Event()
                callers = [asyncio.create_task(caller(log, 10_000 * k, stop)) for k in range(1, 9)]
                for _ in range(5):
                    await asyncio.sleep(0.3)
                    between.mode = Mode.CUT
                    await asyncio.sleep(0.1)
                    between.mode = Mode.PASS
                    await until(partial(_is_longer, done, len(done)))
                stop.set()
                await asyncio.gather(*callers)
                all_still_prove(log, done)
    AuditLog.open(log_settings(settings)).close()  # interrupts what the grace had not ended for
    indexes = [d.index for d in done]
    assert len(set(indexes)) == len(indexes) > 20
    with checks.at_rest(settings) as at_rest:
        checks.holds(at_rest)
        checks.no_request_stands_twice(at_rest)


def _is_longer(done: Sequence[object], than: int) -> bool:
    return len(done) > than
