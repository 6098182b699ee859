"""An operator who has the log's key can sign anything. What he signs convicts him.

Each attack meets a witness of ours, over HTTP, and the memory of a client; whoever catches it has the
evidence in a file that anyone can check with the log's public key alone.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from hjemmel.audit.v1.audit_service_pb2 import GetCheckpointRequest
from hjemmel.audit.v1.audit_service_pb2_grpc import AuditServiceStub

from adapters.registers import Registers
from audit.errors import VerificationError
from audit.formats import checkpoint, cosignature, note, tlog_policy
from audit.formats.cosignature import CosignatureVerifier, parse_lines
from audit.formats.merkle import inclusion_proof, leaf_hash, verify_inclusion
from audit.formats.proof_file import ProofFile
from audit.witness import fork_evidence
from audit.witness.witness_protocol import AddCheckpoint
from audit.witness.witness_site import WitnessSite
from exchange.client import Client, ForkDetected, NotCosigned, ReceiptInvalid
from exchange.client.memory import CheckpointMemory
from exchange.pipeline import Parts
from exchange.wiring import SystemClock
from tests.conftest import Start
from tests.integration.audit.test_timestamps_verified import backdated, rewrite, stamped
from tests.support import trees
from tests.support.broker import RunningBroker, Site
from tests.support.logs import LogSite, fill
from tests.support.outside import accepts, go_verifier
from tests.support.questions import granted
from tests.support.trees import Tree, asked
from tests.support.tsa import Tsa, openssl


class Watched:
    """A witness over HTTP, and a client that remembers: what each is shown, and how each takes it."""

    def __init__(self, url: str, witness: WitnessSite, folder: Path, tree: Tree) -> None:
        self.key = CosignatureVerifier.parse(witness.vkey.read_text("utf-8"))
        self.witness = witness
        self.folder = folder
        self._url = url
        self._memory = CheckpointMemory(tree.verifier, folder / "last-checkpoint")

    def cosigns(self, tree: Tree, size: int) -> bool:
        """Offers a checkpoint to the witness, with the best proof that the operator has."""
        status, _, body = asked(self._url, AddCheckpoint(0, (), tree.signed(size)).text.encode())
        if status == 409:
            old = int(body)
            if old > size:
                return False
            status = asked(self._url, tree.request(old, size))[0]
        return status == 200

    def cosigned(self, tree: Tree, size: int) -> str:
        """Gets a checkpoint cosigned that the witness takes."""
        old = 0
        status, _, body = asked(self._url, tree.request(old, size))
        if status == 409:
            status, _, body = asked(self._url, tree.request(int(body), size))
        assert 200 == status
        return cosignature.add(tree.signed(size), parse_lines(body))

    def sees(self, tree: Tree, size: int) -> ForkDetected | None:
        """Shows a checkpoint to the client; gives the alarm that it raises."""
        return shown_to(self._memory, tree, size)


def shown_to(memory: CheckpointMemory, tree: Tree, size: int) -> ForkDetected | None:
    """Shows a checkpoint, and answers what the client asks from the same tree."""
    asking = memory.meet(tree.head(size), tree.signed(size))
    try:
        with suppress(StopIteration):
            old, new = next(asking)
            while True:
                known = new <= len(tree.leaves)
                old, new = asking.send(tree.proof(old, new) if known else None)
    except ForkDetected as detected:
        return detected
    return None


@pytest.fixture
def tree() -> Tree:
    return Tree.of(40)


@pytest.fixture
def watched(tmp_path: Path, tree: Tree) -> Iterator[Watched]:
    """A log of 40 entries, of which the witness and the client saw the first 20."""
    (tmp_path / "client").mkdir()
    witness = trees.site(tmp_path / "witness", tree.verifier)
    with trees.running(witness) as url:
        both = Watched(url, witness, tmp_path / "client", tree)
        assert both.cosigns(tree, 20)
        assert both.sees(tree, 20) is None
        yield both


def convicts(detected: ForkDetected | None, tree: Tree) -> bool:
    """Whether the file that a client wrote proves the fork to whoever has the log's public key.

    Ours and Go's checker, which nobody here wrote, must be of one opinion.
    """
    assert detected is not None
    assert detected.evidence_file is not None
    data = detected.evidence_file.read_bytes()
    assert detected.evidence is not None
    assert detected.evidence.text.encode() == data
    proven = fork_evidence.parse(data).check(tree.verifier).proven
    assert proven == accepts(go_verifier(), "fork", tree.verifier.vkey, detected.evidence_file)
    return proven


def convicts_by_command(evidence: Path, vkey: str) -> bool:
    """Whether a stranger with our command and the log's public key, and nothing else, finds it proven."""
    key = evidence.with_name("log.vkey")
    key.write_text(vkey + "\n", "utf-8")
    command = ["log", "fork-evidence", "--check", str(evidence), "--vkey", str(key), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "exchange.cli.main", *command], capture_output=True, check=False
    )
    proven: bool = json.loads(done.stdout or done.stderr)["proven"]
    assert proven == (done.returncode == 0)
    return proven


@pytest.mark.parametrize("size", [20, 21, 32, 40])
def test_operator_forks_the_history(watched: Watched, tree: Tree, size: int) -> None:
    """Another history from entry 5 on, of whatever size: not cosigned, and the client's file proves it."""
    fork = tree.forked(5, 40)
    assert not watched.cosigns(fork, size)
    assert convicts(watched.sees(fork, size), tree)
    assert watched.cosigns(tree, 40)
    assert watched.sees(tree, 40) is None


def test_stranger_with_our_command_is_convinced(watched: Watched, tree: Tree) -> None:
    """The client's file and the log's public key are all that it takes; another key convicts nobody."""
    detected = watched.sees(tree.forked(5, 40), 32)
    assert detected is not None
    assert detected.evidence_file is not None
    assert convicts_by_command(detected.evidence_file, tree.verifier.vkey)
    assert not convicts_by_command(detected.evidence_file, Tree.of(1).verifier.vkey)


@pytest.mark.parametrize(
    ("seen", "shown"), [p for p in itertools.product(range(1, 18), range(1, 18)) if p[0] <= p[1]]
)
def test_evidence_proves_a_fork_at_every_size(tmp_path: Path, tree: Tree, seen: int, shown: int) -> None:
    """For all sizes up to 17 the file alone proves the fork, except where the log's answers cannot: 1, 2."""
    memory = CheckpointMemory(tree.verifier, tmp_path / "last-checkpoint")
    assert shown_to(memory, tree, seen) is None
    proven = convicts(shown_to(memory, tree.forked(0, 40), shown), tree)
    assert (seen == shown or seen > 2) == proven


def test_operator_shows_two_clients_two_views(watched: Watched, tree: Tree, tmp_path: Path) -> None:
    """Each client alone sees a log that only grows. One view is witnessed; the other's receipts are not."""
    fork = tree.forked(5, 40)
    other = CheckpointMemory(tree.verifier, tmp_path / "other")
    for size in (20, 30):
        assert shown_to(other, fork, size) is None
    assert fork.signed(30) == other.signed
    policy = tlog_policy.parse(f"witness w {watched.key.vkey}\nquorum w\n".encode())
    policy.verify(watched.cosigned(tree, 30), tree.verifier)
    with pytest.raises(VerificationError, match="quorum w is not met"):
        policy.verify(fork.signed(30), tree.verifier)
    lines = note.parse(watched.cosigned(tree, 30)).signed_by(watched.key.name, watched.key.key_id)
    moved = cosignature.add(fork.signed(30), lines)
    with pytest.raises(VerificationError, match="does not hold"):
        policy.verify(moved, tree.verifier)
    # Where the two compare what they hold, no witness is needed.
    compared = fork_evidence.evidence(tree.signed(30), other.signed or "")
    assert compared.check(tree.verifier).proven
    (tmp_path / "evidence").write_text(compared.text)
    assert accepts(go_verifier(), "fork", tree.verifier.vkey, tmp_path / "evidence")
    assert convicts_by_command(tmp_path / "evidence", tree.verifier.vkey)


def test_operator_rewinds(watched: Watched, tree: Tree) -> None:
    """A log put back to 12 entries is neither cosigned nor believed, nor when it grew again otherwise."""
    assert not watched.cosigns(tree, 12)
    rewound = Tree(tree.signer, tree.leaves[:12])
    detected = watched.sees(rewound, 12)
    assert not convicts(detected, tree)  # a smaller checkpoint contradicts nothing until the log grows
    regrown = rewound.grown(18, "afterwards")
    assert not watched.cosigns(regrown, 30)
    assert convicts(watched.sees(regrown, 30), tree)


def test_operator_drops_an_entry(watched: Watched, tree: Tree) -> None:
    """One entry left out and all after it moved up: found by both; the old receipt proves what was there."""
    dropped = Tree(tree.signer, tree.leaves[:7] + tree.leaves[8:])
    assert not watched.cosigns(dropped, 39)
    assert convicts(watched.sees(dropped, 39), tree)
    path = inclusion_proof(7, 20, tree._edge.read)
    verify_inclusion(leaf_hash(tree.leaves[7]), 7, 20, path, tree.head(20).root)
    receipt = watched.folder / "dropped.tlog-proof"
    receipt.write_text(ProofFile(7, tuple(path), tree.signed(20), tree.leaves[7]).text, "utf-8")
    assert accepts(go_verifier(), "record", tree.verifier.vkey, receipt)


def test_operator_swaps_an_entry(watched: Watched, tree: Tree) -> None:
    """One entry replaced and everything signed anew is another root for every size from there on."""
    swapped = Tree(tree.signer, [*tree.leaves[:7], b"nothing happened", *tree.leaves[8:]])
    assert not watched.cosigns(swapped, 40)
    assert convicts(watched.sees(swapped, 40), tree)


def test_operator_back_dates_by_inserting(watched: Watched, tree: Tree) -> None:
    """An entry put where it would have stood long ago moves what was cosigned since: found by both."""
    inserted = Tree(tree.signer, [*tree.leaves[:7], b"long ago", *tree.leaves[7:]])
    assert not watched.cosigns(inserted, 41)
    assert convicts(watched.sees(inserted, 41), tree)


async def test_operator_back_dates_what_was_stamped(sqlite_site: LogSite, tsa: Tsa, tmp_path: Path) -> None:
    """He signs another past, without its timestamps: whoever kept the stamped checkpoint convicts him.

    Not cosigned either; OpenSSL says since when the honest checkpoint existed, Go that the log signed both.
    """
    made = trees.site(tmp_path / "witness", sqlite_site.verifier)
    await stamped(sqlite_site, tsa, 5, 4)
    with sqlite_site.opened() as log:
        kept = log.timestamps.evidence(2)
        honest = log.reader.signed_checkpoint()
    rewrite(sqlite_site, 2, backdated)
    sqlite_site.execute("DELETE FROM log_timestamps")
    with sqlite_site.opened() as log:
        await fill(log, 3, first=9)
        async with trees.serving(made) as url:
            first = AddCheckpoint(0, (), honest).text.encode()
            assert 200 == (await trees.post(url, first))[0]
            proof = tuple(log.reader.consistency(9, 12))
            assert (
                422
                == (
                    await trees.post(
                        url, AddCheckpoint(9, proof, log.reader.signed_checkpoint()).text.encode()
                    )
                )[0]
            )
    vkey = sqlite_site.verifier.vkey
    (tmp_path / "log.vkey").write_text(vkey)
    (tmp_path / "kept").write_text(kept.proof.signed_checkpoint, "utf-8")
    (tmp_path / "token").write_bytes(kept.token)
    evidence = tmp_path / "evidence"
    found = ["log", "fork-evidence", str(tmp_path / "kept"), "--vkey", str(tmp_path / "log.vkey")]
    command = [
        sys.executable,
        "-m",
        "exchange.cli.main",
        *found,
        "--url",
        sqlite_site.url,
        "-o",
        str(evidence),
    ]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False)
    assert 0 == done.returncode, done.stderr
    assert convicts_by_command(evidence, vkey)
    assert accepts(go_verifier(), "fork", vkey, evidence)
    verified = ("ts", "-verify", "-in", tmp_path / "token", "-token_in", "-CAfile", tsa.root)
    assert "Verification: OK" in openssl(*verified, "-data", tmp_path / "kept")


class Yesterday(SystemClock):
    """The clock of an operator who wants things to have happened before."""

    def now(self) -> datetime:
        return datetime.now(UTC) - timedelta(days=1)


def test_operator_back_dates_by_writing_another_time(start: Start, generated: Registers) -> None:
    """An exchange recorded for another day than that of the request is refused by the client that asked."""

    def back_dating(parts: Parts) -> Parts:
        return replace(parts, clock=Yesterday())

    with start(back_dating).client() as client, pytest.raises(ReceiptInvalid, match="another time"):
        client.exchange(granted(generated))


def test_operator_shows_his_own_cosignature(watched: Watched, tree: Tree) -> None:
    """The log's key, used to cosign under the witness's name, makes no cosignature of the witness."""
    own = cosignature.CosignatureSigner(watched.key.name, tree.signer._key)
    signed = cosignature.add(tree.signed(30), [own.sign(tree.head(30).text, int(time.time()))])
    policy = tlog_policy.parse(f"witness w {watched.key.vkey}\nquorum w\n".encode())
    with pytest.raises(VerificationError, match="quorum w is not met"):
        policy.verify(signed, tree.verifier)


def receipt_once_cosigned(broker: RunningBroker, policy: tlog_policy.Policy, request_id: str) -> int:
    """Asks for a receipt until it is cosigned; gives the size of its tree."""
    held = replace(broker.site.credentials("udbetaling-danmark"), policy=policy)
    with Client(broker.target, held) as client:
        for _ in range(200):
            with suppress(NotCosigned):
                return client.receipt(request_id).checkpoint.size
            time.sleep(0.05)
    raise AssertionError("never cosigned")


def test_broker_gets_cosigned_and_a_client_demands_it(
    start: Start, site: Site, generated: Registers, tmp_path: Path
) -> None:
    """An answer does not wait; its receipt is cosigned a moment later; another broker's never is."""
    log = site.credentials("udbetaling-danmark").log
    made = trees.site(tmp_path / "witness", log)
    vkey = made.vkey.read_text("utf-8").strip()
    with trees.running(made) as url:
        broker = start(witness={"witnesses": {url: vkey}, "interval": 0.05})
        with broker.client() as client:
            answer = client.exchange(granted(generated))
        policy = tlog_policy.parse(f"log {log.vkey}\nwitness w {vkey}\nquorum w\n".encode())
        request_id = answer.receipt.entry.request_id or ""
        assert 1 == receipt_once_cosigned(broker, policy, request_id)
        stranger = trees.site(tmp_path / "stranger", log, name="stranger.example")
        other = tlog_policy.parse(f"witness w {stranger.vkey.read_text()}quorum w\n".encode())
        held = replace(site.credentials("udbetaling-danmark"), policy=other)
        with (
            Client(broker.target, held) as client,
            pytest.raises(NotCosigned, match="quorum w is not met") as caught,
        ):
            client.receipt(request_id)
        assert caught.value.receipt is not None


@pytest.mark.parametrize(("publish", "size"), [("cosigned", 1), ("any", 3)])
def test_what_is_published(
    start: Start, site: Site, generated: Registers, tmp_path: Path, publish: str, size: int
) -> None:
    """While the witness is away, the newest cosigned checkpoint is published, or any newest one."""
    log = site.credentials("udbetaling-danmark").log
    made = trees.site(tmp_path / "witness", log)
    vkey = made.vkey.read_text("utf-8").strip()
    policy = tlog_policy.parse(f"witness w {vkey}\nquorum w\n".encode())
    with trees.running(made) as url:
        broker = start(witness={"witnesses": {url: vkey}, "interval": 0.05, "publish": "cosigned"})
        with broker.client() as client:
            first = client.exchange(granted(generated)).receipt.entry.request_id or ""
        receipt_once_cosigned(broker, policy, first)
        broker.stop()
    broker = start(witness={"witnesses": {url: vkey}, "publish": publish})
    with broker.client() as client:
        for _ in range(2):
            later = client.exchange(granted(generated)).receipt.entry.request_id or ""
        assert (size, 3) == (client.receipt(first).checkpoint.size, client.receipt(later).checkpoint.size)
        channel = grpc.secure_channel(broker.target, site.credentials("udbetaling-danmark").channel())
        with channel:
            shown = AuditServiceStub(channel).GetCheckpoint(GetCheckpointRequest(), timeout=10).checkpoint
    assert size == checkpoint.verify(shown, log).size
