"""After a break nothing is lost: a subscription goes on from its cursor."""

from __future__ import annotations

import base64
import queue
import re
import socket
import threading
import time
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from hjemmel.exchange.v1 import watch_pb2

from exchange.client import Answer, Changed, Client, ClientError, Following, Subject
from exchange.client.changes import Stream
from tests.conftest import Start
from tests.integration.changes.conftest import Change
from tests.support import raw, verdict
from tests.support.broker import Site, serve
from tests.support.changes import PATIENCE, QUICK, TASK, ends, followed


def status_of(event: Changed) -> object:
    assert isinstance(event.answer, Answer)
    return event.answer.records[0].get("civilstand")


def test_what_changed_while_nobody_listened_is_delivered(
    start: Start, persons: list[Subject], change: Change
) -> None:
    """Only that: what is as the subscriber has it is not delivered again."""
    broker = start(**QUICK)
    following = Following(TASK, ends(), dict.fromkeys(persons[:20], b""))
    with followed(broker, following) as stream:
        stream.changes(20)
        stream.alive()
    change(persons[3], civilstand="separeret")
    change(persons[4], husnummer="99X")
    change(persons[3], civilstand="fraskilt")
    with followed(broker, following) as stream:
        event = stream.change()
        assert (persons[3], "fraskilt") == (event.subject, status_of(event))
        stream.alive()


def test_delivery_that_was_not_taken_over_is_delivered_again(
    start: Start, persons: list[Subject], change: Change
) -> None:
    """Under a request id of its own: neither refused nor hidden."""
    broker = start(**QUICK)
    following = Following(TASK, ends(), {persons[0]: b""})
    ids = []
    for _ in range(2):  # never asks for the next
        with broker.client() as client:
            for event in client.watch(following):
                assert isinstance(event, Changed)
                ids.append(event.request_id)
                break
    assert 2 == len(set(ids)) == verdict.size(broker)


def test_killed_broker_loses_nothing(site: Site, persons: list[Subject], change: Change) -> None:
    """It is killed in the middle; changes go on; the client comes back by itself and is told all of them."""
    port = raw_port()
    config = site.write_config(server={"address": f"127.0.0.1:{port}"}, **QUICK)
    process = serve(config)
    following = Following(TASK, ends(), dict.fromkeys(persons[:30], b""))
    came: queue.Queue[Changed] = queue.Queue()
    over = threading.Event()

    def follow() -> None:
        with Client(process.target, site.credentials(raw.UDK)) as client:
            for event in client.watch(following):
                if isinstance(event, Changed):
                    came.put(event)
                if over.is_set():
                    return

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        for _ in range(30):
            came.get(timeout=PATIENCE)
        for subject in persons[:5]:
            change(subject, civilstand="separeret")
        process.kill()
        process.process.communicate()
        for subject in persons[3:10]:
            change(subject, civilstand="enke_enkemand")
        process = serve(config)
        newest: dict[Subject, object] = {}
        end = time.monotonic() + PATIENCE
        wanted = {s: "enke_enkemand" if s in persons[3:10] else "separeret" for s in persons[:10]}
        while newest != wanted:
            assert time.monotonic() < end, "a change was lost"
            event = came.get(timeout=PATIENCE)
            newest[event.subject] = status_of(event)
    finally:
        over.set()
        thread.join(PATIENCE)
        process.terminate()
        process.process.communicate()


def raw_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_broker_that_stops_says_so_and_gives_the_cursor(start: Start, persons: list[Subject]) -> None:
    """UNAVAILABLE with its reason, after a last sign of life; it waits for nobody."""
    broker = start(**QUICK)
    following = Following(TASK, ends(), {persons[0]: b""})
    own = broker.site.credentials(raw.UDK)
    with raw.connected(broker) as wire:
        call = wire.exchanges.Watch(_open(Stream(own, following).opening()))
        assert "delivery" == next(call).WhichOneof("part")
        broker.stop()
        came: list[watch_pb2.WatchResponse] = []
        with pytest.raises(grpc.RpcError) as caught:
            came.extend(call)
    assert grpc.StatusCode.UNAVAILABLE is caught.value.code()
    assert "BROKER_STOPPING" in str(caught.value.details())
    assert ("heartbeat", True) == (came[-1].WhichOneof("part"), bool(came[-1].cursor))


def test_subscription_ends_at_its_end(start: Start, persons: list[Subject]) -> None:
    """The mandate says when, and it is over then, with OK."""
    broker = start(**QUICK)
    following = Following(TASK, ends(seconds=1.5), {persons[0]: b""})
    with followed(broker, following) as stream:
        stream.change()
        assert stream.over.wait(PATIENCE)
    assert stream.error is None
    assert datetime.now(UTC) >= following.ends


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda _: "hjemmel", "CURSOR_INVALID"),
        (lambda c: base64.b64encode(c.encode()).decode(), "CURSOR_INVALID"),
        (lambda c: c.replace("cpr.person", "cpr.udlandsophold"), "CURSOR_INVALID"),
        (lambda c: re.sub(r"[0-9]+$", "9" * 11, c), "granted"),
        (lambda c: re.sub(r"[0-9]+$", str(int(time.time()) - 8 * 86_400), c), "CURSOR_TOO_OLD"),
    ],
)
def test_cursor_that_does_not_do_is_refused_and_says_what_to_do(
    start: Start, persons: list[Subject], spoil: object, code: str
) -> None:
    """Never silence: who comes back too late is told to ask anew. The refusal is recorded."""
    broker = start(**QUICK)
    following = Following(TASK, ends(), {persons[0]: b""})
    with followed(broker, following) as stream:
        stream.change()
        stream.alive()
    size = verdict.size(broker)
    following.cursor = spoil(following.cursor)  # type: ignore[operator]
    if code == "granted":  # a time that is made up moves nothing: the position decides
        with followed(broker, following) as stream:
            stream.alive()
        return
    with broker.client() as client, pytest.raises(ClientError) as caught:
        next(iter(client.watch(following)))
    assert (code, size + 1) == (caught.value.code, verdict.size(broker))
    assert "change" == verdict.last(broker).entry.kind


def test_order_per_subject_holds_and_the_newest_state_comes_while_all_change(
    start: Start, persons: list[Subject], change: Change
) -> None:
    """Changes by the dozen while they are delivered: states never run backwards, and the last one comes."""
    broker = start(changes={**QUICK["changes"], "unacknowledged": 3})
    followed_by = persons[:6]
    following = Following(TASK, ends(), dict.fromkeys(followed_by, b""))
    streets = [f"0a3f50a0-0000-32b8-8000-{n:012x}" for n in range(8)]
    with followed(broker, following) as stream:
        stream.changes(6)

        def moving() -> None:
            for street in streets:
                for subject in followed_by:
                    change(subject, darAdresseId=street)

        thread = threading.Thread(target=moving)
        thread.start()
        seen: dict[Subject, list[int]] = {s: [] for s in followed_by}
        while any(not s or s[-1] != len(streets) - 1 for s in seen.values()):
            event = stream.change()
            assert isinstance(event.answer, Answer)
            seen[event.subject].append(streets.index(str(event.answer.records[0]["darAdresseId"])))
        thread.join()
    assert [sorted(set(s)) for s in seen.values()] == list(seen.values())


def test_two_subscribers_are_told_each_what_is_theirs(
    start: Start, persons: list[Subject], change: Change
) -> None:
    """The one that does not listen holds up nobody; what it has not acknowledged is bounded."""
    broker = start(changes={**QUICK["changes"], "unacknowledged": 2})
    own = broker.site.credentials(raw.UDK)
    idle = Following(TASK, ends(), dict.fromkeys(persons[:10], b""))
    with raw.connected(broker) as wire:
        call = wire.exchanges.Watch(_open(Stream(own, idle).opening()))
        while verdict.size(broker) < 2:
            time.sleep(0.02)
        with followed(broker, Following(TASK, ends(), {persons[1]: b""})) as stream:
            stream.change()
            for street in range(5):
                change(persons[1], darAdresseId=f"0a3f50a0-0000-32b8-8000-{street:012x}")
                stream.change()
        deliveries: list[watch_pb2.WatchResponse] = []
        for response in call:
            if response.WhichOneof("part") == "heartbeat" and len(deliveries) >= 2:
                break
            deliveries.append(response)
        call.cancel()
    assert 2 == len([d for d in deliveries if d.WhichOneof("part") == "delivery"])
    assert 8 == verdict.size(broker)


def test_subjects_are_added_and_removed_while_the_stream_is_open(
    start: Start, persons: list[Subject], change: Change
) -> None:
    """Who is added is read at once; of who is removed nothing is read any more."""
    broker = start(**QUICK)
    following = Following(TASK, ends(), {persons[0]: b""})
    with followed(broker, following) as stream:
        stream.change()
        following.add([persons[1]])
        assert persons[1] == stream.change().subject
        following.remove([persons[0]])
        stream.alive()
        size = verdict.size(broker)
        change(persons[0], civilstand="separeret")
        stream.alive(datetime.now(UTC) + timedelta(milliseconds=100))
        assert size == verdict.size(broker)
        change(persons[1], civilstand="separeret")
        assert persons[1] == stream.change().subject


def _open(first: object) -> object:
    """Says something, and nothing more, without hanging up."""
    yield from first  # type: ignore[misc]
    threading.Event().wait(PATIENCE)
