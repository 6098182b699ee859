"""A broker, or somebody with its certificate, who lies about a side of the log: through the port itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hjemmel.audit.v1 import audit_service_pb2 as pb

from exchange.client import Client, ForkDetected, RecordsInvalid, Unreachable
from tests.conftest import Start
from tests.integration.client.middle import Middle, between
from tests.support.broker import Site, running
from tests.support.sides import ODENSE, Sides, seen

Lie = Callable[[pb.WatchRecordsResponse], None]


@pytest.fixture
def middle(sides: Sides) -> Iterator[Middle]:
    """Somebody between Odense and a broker whose log has entries of many authorities."""
    sides.grow(600)
    with between(sides.broker, "odense") as standing:
        yield standing


def odense(sides: Sides, middle: Middle, memory: Path | None = None) -> Client:
    return Client(middle.target, sides.broker.site.credentials("odense", memory))


def _swap(part: pb.WatchRecordsResponse) -> None:
    first, second = part.records[0].entry, part.records[1].entry
    part.records[0].entry, part.records[1].entry = second, first


def _reorder(part: pb.WatchRecordsResponse) -> None:
    records = [part.records[1], part.records[0], *part.records[2:]]
    copies = [pb.WatchedRecord.FromString(r.SerializeToString()) for r in records]
    del part.records[:]
    part.records.extend(copies)


def _another(part: pb.WatchRecordsResponse) -> None:
    part.records[0].entry = part.records[0].entry.replace(b"92000028", b"95000088")


def _rewind(part: pb.WatchRecordsResponse) -> None:
    part.first_index -= 1


def _tamper(name: str) -> Lie:
    def lie(part: pb.WatchRecordsResponse) -> None:
        data = bytearray(getattr(part, name))
        data[5] ^= 1
        setattr(part, name, bytes(data))

    return lie


LIES: dict[str, Lie] = {
    "leaves a record out": lambda p: p.records.__delitem__(3),
    "gives a record twice": lambda p: p.records.append(p.records[-1]),
    "gives records in another order": _reorder,
    "exchanges two records": _swap,
    "makes a record another authority's": _another,
    "moves a record": lambda p: setattr(p.records[0], "index", p.records[0].index + 1),
    "ends later than it sent": lambda p: setattr(p, "end_index", p.end_index + 1),
    "ends before it began": lambda p: setattr(p, "end_index", -1),
    "begins elsewhere": _rewind,
    "alters a hash": _tamper("other_hashes"),
    "leaves half a hash out": lambda p: setattr(p, "other_hashes", p.other_hashes[:-16]),
    "shows no checkpoint": lambda p: setattr(p, "checkpoint", ""),
    "shows a checkpoint that is larger": lambda p: setattr(
        p, "checkpoint", p.checkpoint.replace("\n600\n", "\n601\n")
    ),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_is_told_and_nothing_of_it_is_given(sides: Sides, middle: Middle, lie: Lie) -> None:
    """Left out, doubled, reordered, altered, another's, rewound: the part is refused before it is given."""

    def change(stream: Iterator[pb.WatchRecordsResponse]) -> Iterator[pb.WatchRecordsResponse]:
        for part in stream:
            if part.records:
                lie(part)
            yield part

    middle.streams["WatchRecords"] = change
    with odense(sides, middle) as client, pytest.raises(RecordsInvalid):
        seen(client.watch_records())


def test_a_part_that_is_repeated_is_told(sides: Sides, middle: Middle) -> None:
    """A stream that goes back to what it gave already is refused at the second time."""

    def repeat(stream: Iterator[pb.WatchRecordsResponse]) -> Iterator[pb.WatchRecordsResponse]:
        part = next(stream)
        yield part
        yield part

    middle.streams["WatchRecords"] = repeat
    with odense(sides, middle) as client:
        watch = client.watch_records()
        next(watch)
        with pytest.raises(RecordsInvalid, match="begins at 0"):
            next(watch)


def test_a_part_that_is_kept_back_is_told(sides: Sides, middle: Middle) -> None:
    """A stream that leaves a part out does not go on from what was given."""
    sides.grow(2500)

    def leave_out(stream: Iterator[pb.WatchRecordsResponse]) -> Iterator[pb.WatchRecordsResponse]:
        for number, part in enumerate(stream):
            if number != 1:
                yield part

    middle.streams["WatchRecords"] = leave_out
    with odense(sides, middle) as client, pytest.raises(RecordsInvalid, match="begins at"):
        seen(client.watch_records())


def test_a_stream_that_breaks_off_is_taken_up(sides: Sides, middle: Middle) -> None:
    """Cut after every part, the stream still brings everything once: each time it goes on where it ended."""
    sides.grow(2500)

    def cut(stream: Iterator[pb.WatchRecordsResponse]) -> Iterator[pb.WatchRecordsResponse]:
        yield next(stream)

    middle.streams["WatchRecords"] = cut
    with odense(sides, middle) as client:
        found, _ = seen(client.watch_records())
    assert sides.of(ODENSE) == found
    assert len(middle.seen["WatchRecords"]) > 1


def test_a_stream_that_brings_nothing_is_given_up(sides: Sides, middle: Middle) -> None:
    """A stream that ends at once, again and again, is no answer."""
    middle.streams["WatchRecords"] = lambda _: iter(())
    with odense(sides, middle) as client, pytest.raises(Unreachable):
        next(client.watch_records())


def test_another_history_is_a_fork_with_its_evidence(
    sides: Sides, keys: Path, register_folder: Path, tmp_path: Path
) -> None:
    """Who saw one history, by whatever call, and is streamed another, has both in a file that convicts."""
    (tmp_path / "twin").mkdir()
    memory = tmp_path / "last-checkpoint"
    sides.grow(40)
    with running(Site(keys, register_folder, tmp_path / "twin")) as start:
        twin = Sides(start())
        twin.rng.seed(8)
        twin.grow(50)
        credentials = sides.broker.site.credentials("odense", memory)
        with Client(sides.broker.target, credentials) as client:
            _, position = seen(client.watch_records())
        with Client(twin.broker.target, credentials) as client, pytest.raises(ForkDetected) as caught:
            next(client.watch_records(position))
    evidence = caught.value.evidence
    assert evidence is not None
    assert evidence.check(credentials.log).proven
    assert caught.value.evidence_file is not None


@pytest.mark.parametrize("remembered", [True, False], ids=["remembered", "by-position-alone"])
def test_a_log_that_was_rolled_back_is_told(
    sides: Sides, start: Start, keys: Path, register_folder: Path, tmp_path: Path, *, remembered: bool
) -> None:
    """A log that ends before what was seen of it is an alarm, whether or not a checkpoint was remembered."""
    (tmp_path / "younger").mkdir()
    memory = tmp_path / "last-checkpoint" if remembered else None
    sides.grow(40)
    credentials = sides.broker.site.credentials("odense", memory)
    with Client(sides.broker.target, credentials) as client:
        _, position = seen(client.watch_records())
    with running(Site(keys, register_folder, tmp_path / "younger")) as begin:
        younger = Sides(begin())
        younger.grow(20)
        told = ForkDetected if remembered else RecordsInvalid
        with Client(younger.broker.target, credentials) as client, pytest.raises(told):
            next(client.watch_records(position))


def test_another_history_without_a_memory_does_not_lead_on(
    sides: Sides, keys: Path, register_folder: Path, tmp_path: Path
) -> None:
    """The position alone holds the log to what it was: another history does not go on from it."""
    (tmp_path / "twin").mkdir()
    sides.grow(40)
    with running(Site(keys, register_folder, tmp_path / "twin")) as start:
        twin = Sides(start())
        twin.rng.seed(8)
        twin.grow(50)
        with sides.broker.client("odense") as client:
            _, position = seen(client.watch_records())
        with twin.broker.client("odense") as client, pytest.raises(RecordsInvalid):
            next(client.watch_records(position))
