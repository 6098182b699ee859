"""WatchRecords over real gRPC and mTLS: each authority its own side, all of it, as it is committed."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack
from functools import partial
from itertools import islice
from pathlib import Path

import grpc
import pytest
from hjemmel.audit.v1 import audit_service_pb2 as pb

from adapters.registers import Registers
from audit.erasure import erasures
from audit.formats import entry
from audit.formats.entry import ERASED, Event
from exchange.client import AsyncClient, Position, Unreachable
from tests.conftest import Start
from tests.support import raw, verdict
from tests.support.broker import RunningBroker, Site
from tests.support.logs import GROUND
from tests.support.participants import ParticipantsFile
from tests.support.questions import granted
from tests.support.raw import Wire, told
from tests.support.sides import CPR, ODENSE, SLUGS, VENDOR, Sides, seen

QUICK = {"heartbeat": 0.2, "poll": 0.02}


def watched(broker: RunningBroker, slug: str, position: Position | None = None) -> dict[int, bytes]:
    with broker.client(slug) as client:
        return seen(client.watch_records(position))[0]


def first_part(wire: Wire, first: int) -> pb.WatchRecordsResponse:
    part: pb.WatchRecordsResponse = next(wire.audits.WatchRecords(pb.WatchRecordsRequest(first_index=first)))
    return part


def test_every_authority_sees_its_side_and_nothing_else(sides: Sides) -> None:
    """Of many entries, each authority gets exactly those of its side, whichever side that is."""
    sides.grow(1500)
    for slug, cvr in SLUGS.items():
        assert sides.of(cvr) == watched(sides.broker, slug)


def test_a_processor_sees_what_it_did_and_whom_it_did_it_for(sides: Sides) -> None:
    """The entry of a request by a vendor is on three sides: the vendor's, the consumer's, the provider's."""
    sides.grow(200)
    everything = {i: entry.decode_any(leaf)[0] for i, leaf in sides.leaves.items()}
    theirs = {i: c for i, c in everything.items() if isinstance(c, entry.Entry) and c.processor == VENDOR}
    found = {cvr: watched(sides.broker, slug).keys() for slug, cvr in SLUGS.items()}
    assert theirs
    for index, content in theirs.items():
        sees = {cvr for cvr in found if index in found[cvr]}
        assert {VENDOR, content.consumer, content.provider} - {""} == sees


def test_what_is_about_the_exchange_itself_is_on_every_side(sides: Sides) -> None:
    """Erasures and changes of policy come to all, and name no record that they cover."""
    sides.grow(20)
    with ExitStack() as stack:
        watches = [
            stack.enter_context(sides.broker.client(slug)).watch_records() for slug in ("odense", "cpr")
        ]
        for watch in watches:
            seen(watch)
        with sides.broker.broker.log.engine.begin() as connection:
            erasures.ask(connection, erasures.Scope.RECORD, "3-5", GROUND)
        for watch in watches:
            [record] = next(p for p in watch if p.records).records
            event = entry.decode_any(record.leaf)[0]
            assert isinstance(event, Event)
            assert (ERASED, "3") == (event.kind, event.details["records"])
            assert {"scope", "ground", "rule", "request", "records", "covers", "keys"} == event.details.keys()


def test_what_is_committed_comes_while_it_is_watched(broker: RunningBroker, generated: Registers) -> None:
    """An exchange that was answered comes to its consumer's watcher by itself."""
    with broker.client() as client:
        watch = client.watch_records()
        _, position = seen(watch)
        answer = client.exchange(granted(generated))
        part = next(p for p in watch if p.records)
    assert [answer.receipt.index] == [r.index for r in part.records]
    assert position.end == part.part.first


def test_a_watcher_goes_on_where_it_was(sides: Sides) -> None:
    """From the position of any part, another client takes up the stream: nothing lost, nothing twice."""
    sides.grow(900)
    with sides.broker.client("odense") as client:
        first = next(client.watch_records())
    found = {r.index: r.leaf for r in first.records}
    sides.grow(300)
    rest = watched(sides.broker, "odense", first.position)
    assert not found.keys() & rest.keys()
    assert sides.of(ODENSE) == found | rest


def test_with_nothing_new_it_is_said_that_there_is_nothing(start: Start, generated: Registers) -> None:
    """Heartbeats tell up to which size there was nothing, under a checkpoint of that size."""
    broker = start(watch=QUICK)
    with broker.client("odense") as odense, broker.client() as udk:
        watch = odense.watch_records()
        assert [0, 0, 0] == [p.position.end for p in islice(watch, 3)]
        udk.exchange(granted(generated))
        part = next(p for p in watch if p.position.end)
    assert ((), 1, 1) == (part.records, part.position.end, part.checkpoint.size)


def test_a_log_that_another_process_writes_is_watched_all_the_same(start: Start, sides: Sides) -> None:
    """What another owner commits to the database reaches the watchers of a broker that only reads."""
    sides.grow(10)
    with sides.broker.client("odense") as client:
        watch = client.watch_records()
        seen(watch)
        other = Sides(start(), leaves=dict(sides.leaves))  # takes the log over: the first writes no more
        other.grow(30)
        wanted = [i for i in other.of(ODENSE) if i >= 10]
        found: list[int] = []
        while len(found) < len(wanted):
            found += [r.index for r in next(watch).records]
    assert wanted == found


def test_both_clients_watch(sides: Sides) -> None:
    """The asynchronous client gives what the synchronous one gives."""
    sides.grow(300)

    async def watch() -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        credentials = sides.broker.site.credentials("cpr")
        async with AsyncClient(sides.broker.target, credentials) as client:
            async for part in client.watch_records():
                found |= {r.index: r.leaf for r in part.records}
                if part.caught_up:
                    break
        return found

    assert watched(sides.broker, "cpr") == asyncio.run(watch()) == sides.of(CPR)


# Who may


def test_who_takes_part_no_more_is_told_nothing_more(start: Start, keys: Path, tmp_path: Path) -> None:
    """A participation that is revoked ends a stream that is open, before anything more is in it."""
    file = ParticipantsFile(keys / "participants.json", tmp_path)
    sides = Sides(start(identity=file.settings, watch=QUICK))
    with raw.connected(sides.broker, "odense") as wire:
        stream = wire.audits.WatchRecords(pb.WatchRecordsRequest())
        next(stream)
        file.edit(ODENSE, lambda e: e.update(status="revoked"))
        said = told(lambda: [None for _ in stream])
    verdict.check_told(said, "PARTICIPANT_REVOKED")


def test_who_takes_no_part_sees_no_stream(broker: RunningBroker) -> None:
    """Authorisation goes before everything, also before what is wrong with the request."""
    with raw.connected(broker, "nedlagt-styrelse") as wire:
        for first in (0, -1, 10**9):
            verdict.check_told(told(partial(first_part, wire, first)), "PARTICIPANT_REVOKED")


def test_a_beginning_that_never_was_is_told(broker: RunningBroker) -> None:
    """A negative index is malformed; one that the log has not grown to is not found."""
    with raw.connected(broker) as wire:
        for first, code in ((-1, "FIELD_INVALID"), (-(2**63), "FIELD_INVALID"), (5, "NOT_FOUND")):
            verdict.check_told(told(partial(first_part, wire, first)), code)


def test_an_authority_has_so_many_streams_and_no_more(start: Start) -> None:
    """Beyond its number an authority waits for one of its own; others are not in its way."""
    broker = start(watch={"streams": 2})
    with raw.connected(broker, "odense") as wire, raw.connected(broker, "aarhus") as other:
        streams = [wire.audits.WatchRecords(pb.WatchRecordsRequest()) for _ in range(2)]
        for stream in streams:
            next(stream)
        said = told(lambda: next(wire.audits.WatchRecords(pb.WatchRecordsRequest())))
        verdict.check_told(said, "WATCHED_TOO_OFTEN")
        next(other.audits.WatchRecords(pb.WatchRecordsRequest()))
        streams[0].cancel()
        while not begins(wire):  # the broker learns of it soon
            pass


def begins(wire: Wire) -> bool:
    try:
        first_part(wire, 0)
    except grpc.RpcError:
        return False
    return True


# Ends


def test_a_broker_that_stops_waits_for_no_watcher(broker: RunningBroker) -> None:
    """Streams end with OK when the broker stops, at once, so that each goes on elsewhere."""
    ended: list[object] = []
    with raw.connected(broker) as wire:
        stream = wire.audits.WatchRecords(pb.WatchRecordsRequest())
        next(stream)
        waiting = threading.Thread(target=lambda: ended.extend([*stream, stream.code()]))
        waiting.start()
        broker.stop()
        waiting.join(30)
    assert [grpc.StatusCode.OK] == ended


def test_a_watcher_finds_the_broker_again(start: Start, sides: Sides) -> None:
    """A client whose broker went away says so after some attempts, and goes on from its position later."""
    sides.grow(50)
    with sides.broker.client("odense") as client:
        watch = client.watch_records()
        found, position = seen(watch)
        sides.broker.stop()
        with pytest.raises(Unreachable):
            next(watch)
    again = Sides(start(), leaves=dict(sides.leaves))
    again.grow(50)
    assert again.of(ODENSE) == found | watched(again.broker, "odense", position)


def test_a_stream_is_made_anew_in_silence(start: Start, generated: Registers) -> None:
    """When a stream's time is over, the client goes on with the next one as if nothing had been."""
    broker = start(watch={"poll": 0.02})
    with broker.client() as client:
        watch = client.watch_records(renewed=0.3)
        positions = [next(watch).position.end for _ in range(3)]
        client.exchange(granted(generated))
        assert next(p for p in watch if p.records)
    assert [0, 0, 0] == positions


def test_a_log_that_cannot_be_read_ends_the_stream_without_saying_how(start: Start, site: Site) -> None:
    """Where the database is gone, the watcher hears that the log is, and nothing of the database."""
    broker = start(watch=QUICK)
    with raw.connected(broker) as wire:
        stream = wire.audits.WatchRecords(pb.WatchRecordsRequest())
        next(stream)
        site.folder.joinpath("log.db").rename(site.folder / "aside.db")
        said = told(lambda: [None for _ in stream])
        verdict.check_told(said, "LOG_UNAVAILABLE", secrets=("log.db", "sqlite", str(site.folder)))
        site.folder.joinpath("aside.db").rename(site.folder / "log.db")
        next(wire.audits.WatchRecords(pb.WatchRecordsRequest()))


def test_a_damaged_entry_ends_the_stream_and_is_not_passed_over(sides: Sides) -> None:
    """An entry that cannot be read might be anybody's: nobody is told that there was nothing."""
    sides.grow(20)
    with sides.broker.broker.log.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE log_entries SET leaf = '{' WHERE \"index\" = 7")
    with raw.connected(sides.broker, "odense") as wire:
        said = told(lambda: next(wire.audits.WatchRecords(pb.WatchRecordsRequest())))
    verdict.check_told(said, "LOG_UNAVAILABLE")
