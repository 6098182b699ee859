"""The asynchronous client follows changes, too; silence is told from death."""

from __future__ import annotations

import os
import signal
import threading

from exchange.client import Alive, Answer, AsyncClient, Changed, Client, Following, Subject
from tests.conftest import Start
from tests.integration.changes.conftest import Change
from tests.support import raw
from tests.support.broker import Site, serve
from tests.support.changes import QUICK, TASK, ends


async def test_asynchronous_client_follows_and_adds(
    start: Start, persons: list[Subject], change: Change
) -> None:
    """What is added meanwhile is read; what changes is told; the cursor and digests are kept."""
    broker = start(**QUICK)
    following = Following(TASK, ends(), {persons[0]: b""})
    told: list[Changed] = []
    async with AsyncClient(broker.target, broker.site.credentials(raw.UDK)) as client:
        async for event in client.watch(following):
            if isinstance(event, Alive):
                continue
            told.append(event)
            if len(told) == 1:
                following.add([persons[1]])
            elif len(told) == 2:
                change(persons[0], civilstand="separeret")
            else:
                break
    assert [persons[0], persons[1], persons[0]] == [e.subject for e in told]
    answer = told[-1].answer
    assert isinstance(answer, Answer)
    assert "separeret" == answer.records[0]["civilstand"]
    assert following.subjects[persons[1]] == told[1].digest
    assert following.cursor


def test_broker_that_says_nothing_is_taken_for_gone_and_comes_back(
    site: Site, persons: list[Subject], change: Change
) -> None:
    """It is stopped as a machine that hangs: after a while the client tries anew, until it goes on."""
    process = serve(site.write_config(**QUICK))
    following = Following(TASK, ends(), {persons[0]: b""})
    waits: threading.Timer | None = None
    try:
        with Client(process.target, site.credentials(raw.UDK)) as client:
            for event in client.watch(following, silent=1.0):
                if isinstance(event, Alive):
                    if waits is None and following.cursor:
                        change(persons[0], civilstand="separeret")
                        os.kill(process.process.pid, signal.SIGSTOP)
                        waits = _continue_after(process.process.pid, 1.5)
                    continue
                if waits is not None:
                    break
        assert isinstance(event, Changed)
        assert isinstance(event.answer, Answer)
        assert "separeret" == event.answer.records[0]["civilstand"]
    finally:
        os.kill(process.process.pid, signal.SIGCONT)
        process.terminate()
        process.process.communicate()


def _continue_after(pid: int, seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, os.kill, (pid, signal.SIGCONT))
    timer.start()
    return timer
