"""A log that shows two histories is found out by any client that saw both."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hjemmel.audit.v1.audit_service_pb2 import GetConsistencyProofResponse

from adapters.registers import Registers
from audit.formats import checkpoint
from audit.formats.note import NoteVerifier
from exchange.client import ClientError, Credentials, ForkDetected
from exchange.client.memory import CheckpointMemory
from tests.conftest import Start
from tests.integration.client.callers import Connect
from tests.integration.client.middle import between
from tests.support.broker import RunningBroker, Site, running
from tests.support.questions import granted


@dataclass(frozen=True)
class Twins:
    """Two brokers with the same log key, each with a history of its own."""

    first: RunningBroker
    second: RunningBroker


@pytest.fixture
def twins(keys: Path, register_folder: Path, tmp_path: Path) -> Iterator[Twins]:
    """Two fresh brokers that both call themselves the log."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    with (
        running(Site(keys, register_folder, tmp_path / "first")) as first,
        running(Site(keys, register_folder, tmp_path / "second")) as second,
    ):
        yield Twins(first(), second())


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """The file that a client remembers its checkpoint in."""
    return tmp_path / "last-checkpoint"


def credentials(broker: RunningBroker, memory: Path | None) -> Credentials:
    return broker.site.credentials("udbetaling-danmark", memory)


def grow(broker: RunningBroker, registers: Registers, entries: int) -> None:
    """Lets somebody else add entries."""
    with broker.client() as client:
        for _ in range(entries):
            client.exchange(granted(registers))


def size(signed: str, log: NoteVerifier) -> int:
    return checkpoint.verify(signed, log).size


@pytest.mark.parametrize(("mine", "shown"), [(1, 1), (2, 4), (3, 2)], ids=["same-size", "larger", "smaller"])
def test_fork_is_detected_with_its_evidence(  # fixtures
    twins: Twins, connect: Connect, memory: Path, generated: Registers, mine: int, shown: int
) -> None:
    """Two histories under one key, whichever is longer: both signed checkpoints are handed over."""
    held = credentials(twins.first, memory)
    grow(twins.first, generated, mine - 1)
    connect(twins.first.target, held).exchange(granted(generated))
    grow(twins.second, generated, shown - 1)
    with pytest.raises(ForkDetected) as caught:
        connect(twins.second.target, held).exchange(granted(generated))
    evidence = caught.value
    assert (mine, shown) == (size(evidence.remembered, held.log), size(evidence.shown, held.log))
    assert memory.read_text("utf-8") == evidence.remembered


def test_fork_stays_detected(twins: Twins, connect: Connect, memory: Path, generated: Registers) -> None:
    """What was seen first is kept: the other history is refused again and again."""
    held = credentials(twins.first, memory)
    connect(twins.first.target, held).exchange(granted(generated))
    other = connect(twins.second.target, held)
    for _ in range(3):
        with pytest.raises(ForkDetected):
            other.exchange(granted(generated))
    assert 2 == connect(twins.first.target, held).exchange(granted(generated)).receipt.checkpoint.size


def test_refusal_shows_a_fork_too(twins: Twins, connect: Connect, memory: Path, generated: Registers) -> None:
    """The receipt of a refusal is held against the history like that of a grant."""
    held = credentials(twins.first, memory)
    connect(twins.first.target, held).exchange(granted(generated))
    with pytest.raises(ForkDetected):
        connect(twins.second.target, held).exchange(granted(generated, agreement="udk-cpr"))


@pytest.mark.parametrize("regrown", [1, 5], ids=["still-smaller", "larger-again"])
def test_rolled_back_log_is_detected(  # fixtures
    start: Start, site: Site, connect: Connect, memory: Path, generated: Registers, regrown: int
) -> None:
    """A log restored from an older copy has lost entries, whether or not new ones cover that up."""
    broker = start()
    grow(broker, generated, 1)
    broker.stop()
    shutil.copy(site.folder / "log.db", site.folder / "old.db")
    broker = start()
    held = credentials(broker, memory)
    grow(broker, generated, 2)
    connect(broker.target, held).exchange(granted(generated))
    broker.stop()
    shutil.copy(site.folder / "old.db", site.folder / "log.db")
    broker = start()
    grow(broker, generated, regrown - 1)
    with pytest.raises(ForkDetected) as caught:
        connect(broker.target, held).exchange(granted(generated))
    sizes = (size(caught.value.remembered, held.log), size(caught.value.shown, held.log))
    assert (4, 1 + regrown) == sizes


def test_forged_consistency_proof_is_detected(
    shared: RunningBroker, connect: Connect, memory: Path, generated: Registers
) -> None:
    """A proof of growth that does not hold is a fork, not an answer."""
    held = credentials(shared, memory)
    with between(shared) as middle:
        client = connect(middle.target, held)
        client.exchange(granted(generated))
        grow(shared, generated, 1)

        def tamper(proof: GetConsistencyProofResponse) -> None:
            proof.hashes[0] = bytes([proof.hashes[0][0] ^ 1]) + proof.hashes[0][1:]

        middle.answers["GetConsistencyProof"] = tamper
        with pytest.raises(ForkDetected):
            client.exchange(granted(generated))


def test_memory_outlives_the_client(
    shared: RunningBroker, connect: Connect, memory: Path, generated: Registers
) -> None:
    """A new client goes on from the checkpoint that the last one saw, and asks for the growth since."""
    held = credentials(shared, memory)
    seen = connect(shared.target, held).exchange(granted(generated)).receipt
    assert seen.signed_checkpoint == memory.read_text("utf-8")
    with between(shared) as middle:
        answer = connect(middle.target, held).exchange(granted(generated)).receipt
        asked = [(r.old_size, r.new_size) for r in middle.seen["GetConsistencyProof"]]  # type: ignore[attr-defined]
    assert [(seen.checkpoint.size, answer.checkpoint.size)] == asked
    assert answer.signed_checkpoint == memory.read_text("utf-8")


def test_older_checkpoint_does_not_replace_a_newer_one(
    shared: RunningBroker, connect: Connect, memory: Path, generated: Registers
) -> None:
    """Of two checkpoints of one history the larger is remembered, in whatever order they come."""
    held = credentials(shared, memory)
    early = connect(shared.target, credentials(shared, None)).exchange(granted(generated)).receipt
    late = connect(shared.target, held).exchange(granted(generated)).receipt
    reading = CheckpointMemory(held.log, memory).meet(early.checkpoint, early.signed_checkpoint)
    old, new = next(reading)
    assert (early.checkpoint.size, late.checkpoint.size) == (old, new)
    with pytest.raises(StopIteration):
        reading.send(shared.broker.log.reader.consistency(old, new))
    assert late.signed_checkpoint == memory.read_text("utf-8")


def test_two_clients_share_one_memory(
    shared: RunningBroker, connect: Connect, memory: Path, generated: Registers
) -> None:
    """Two clients on one file never move it backwards: the later one heeds what the other wrote."""
    held = credentials(shared, memory)
    one, other = connect(shared.target, held), connect(shared.target, held)
    one.exchange(granted(generated))
    ahead = other.exchange(granted(generated)).receipt
    with between(shared) as middle:
        third = connect(middle.target, held)
        one.exchange(granted(generated))
        third.exchange(granted(generated))
        first_asked = middle.seen["GetConsistencyProof"][0]
    assert ahead.checkpoint.size + 1 == first_asked.old_size  # type: ignore[attr-defined]


def test_memory_is_written_whole(shared: RunningBroker, memory: Path, generated: Registers) -> None:
    """Whoever reads the file, at any moment, with several clients writing, reads one whole checkpoint."""
    held = credentials(shared, memory)
    with shared.client() as client:
        receipts = [client.exchange(granted(generated)).receipt for _ in range(20)]
    memory.write_text(receipts[0].signed_checkpoint, "utf-8")

    def write() -> None:
        for _ in range(10):
            one = CheckpointMemory(held.log, memory)
            for receipt in receipts:
                one._keep(receipt.signed_checkpoint)

    def read(done: threading.Event) -> None:
        while not done.is_set():
            checkpoint.verify(memory.read_text("utf-8"), held.log)

    with ThreadPoolExecutor(5) as threads:
        done = threading.Event()
        reader = threads.submit(read, done)
        writers = [threads.submit(write) for _ in range(4)]
        wait(writers)
        done.set()
        for work in (reader, *writers):
            work.result()
    assert [memory] == [path for path in memory.parent.iterdir() if "last-checkpoint" in path.name]


@pytest.mark.parametrize("content", ["", "nonsense", b"\xff\xfe"], ids=["empty", "nonsense", "binary"])
def test_damaged_memory_is_no_blank_page(
    shared: RunningBroker, connect: Connect, memory: Path, generated: Registers, content: str | bytes
) -> None:
    """A memory that cannot be read is an alarm with the file's name, not a history forgotten."""
    memory.write_bytes(content if isinstance(content, bytes) else content.encode())
    client = connect(shared.target, credentials(shared, memory))
    with pytest.raises(ForkDetected, match="last-checkpoint"):
        client.exchange(granted(generated))


def test_memory_of_another_log_is_refused(
    shared: RunningBroker, connect: Connect, memory: Path, tmp_path: Path, generated: Registers
) -> None:
    """A checkpoint that another key signed cannot be extended by this log."""
    held = credentials(shared, memory)
    connect(shared.target, held).exchange(granted(generated))
    signature = memory.read_text("utf-8").rpartition(" ")[2]
    memory.write_text(memory.read_text("utf-8").replace(signature[:12], "AAAAAAAAAAAA"), "utf-8")
    with pytest.raises(ForkDetected, match="not a checkpoint of this log"):
        connect(shared.target, held).exchange(granted(generated))


def test_memory_that_cannot_be_written_says_so(
    shared: RunningBroker, connect: Connect, tmp_path: Path, generated: Registers
) -> None:
    """Where the checkpoint cannot be kept, the error names the file and what to do."""
    held = replace(credentials(shared, None), memory=tmp_path / "no-such-folder" / "last-checkpoint")
    with pytest.raises(ClientError, match=r"last-checkpoint.*memory"):
        connect(shared.target, held).exchange(granted(generated))
