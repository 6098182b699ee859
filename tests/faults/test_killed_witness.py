"""A witness that is killed at any moment never cosigns two histories, and forgets nothing it answered."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from audit.formats.checkpoint import Checkpoint
from audit.formats.cosignature import CosignatureVerifier, parse_lines
from audit.formats.merkle import verify_consistency
from audit.formats.note import Note
from audit.witness.witness_protocol import AddCheckpoint
from audit.witness.witness_site import WitnessSite
from tests.support.trees import Tree, asked, site

pytestmark = pytest.mark.slow
_TIMEOUT = 60
HISTORIES = 3
ROUNDS = 4


@dataclass
class Process:
    """`hjemmel witness serve` in a process of its own."""

    process: subprocess.Popen[str]
    url: str

    def kill(self) -> None:
        """Ends it as a power cut would."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # and what it traces
        self.process.wait(_TIMEOUT)


@contextmanager
def started(witness: WitnessSite, *before: str) -> Iterator[Process]:
    """Starts a witness, under another program where one is given."""
    command = [*before, sys.executable, "-m", "exchange.cli.main", "witness", "serve", str(witness.folder)]
    process = subprocess.Popen(
        [*command, "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    running = Process(process, "")
    try:
        line = process.stdout.readline() if process.stdout else ""
        running.url = json.loads(line)["url"]
        yield running
    finally:
        running.kill()
        if process.stdout:
            process.stdout.close()


@dataclass
class Cosigned:
    """All that a witness ever put its name to, as those who asked saw it."""

    witness: CosignatureVerifier
    heads: list[Checkpoint] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, head: Checkpoint, body: str) -> None:
        self.witness.verify(Note(head.text, parse_lines(body)))
        with self.lock:
            self.heads.append(head)


def push(tree: Tree, url: str, seen: Cosigned) -> None:
    """Gets a history cosigned, step by step, for as long as the witness lives and takes it."""
    old = 0
    for _ in range(400):
        new = min(old + 1 + old % 3, len(tree.leaves))
        try:
            status, _, body = asked(url, tree.request(old, new))
        except (aiohttp.ClientError, OSError):
            return
        if status == 200:
            seen.take(tree.head(new), body)
            old = new
        elif status == 409:
            old = int(body)
            if old == len(tree.leaves):
                return
        else:
            assert 422 == status  # another history is in front


def size_of(witness: WitnessSite, tree: Tree) -> int:
    """What the witness says that it saw last."""
    with started(witness) as running:
        status, _, body = asked(running.url, AddCheckpoint(1, (), tree.signed(1)).text.encode())
        assert status in {200, 409}
        return 1 if status == 200 else int(body)


def test_killed_under_load_it_signs_one_history(tmp_path: Path) -> None:
    """Three histories pushed at once, SIGKILL in the middle, again and again: one history is cosigned."""
    tree = Tree.of(200)
    forks = [tree, *(tree.forked(2, 200, f"fork {n}") for n in range(HISTORIES - 1))]
    witness = site(tmp_path / "w", tree.verifier)
    seen = Cosigned(CosignatureVerifier.parse(witness.vkey.read_text("utf-8")))
    for turn in range(ROUNDS):
        with started(witness) as running:
            before = len(seen.heads)
            threads = [threading.Thread(target=push, args=(t, running.url, seen)) for t in forks]
            for thread in threads:
                thread.start()
            while len(seen.heads) < before + 7 + 5 * turn and any(t.is_alive() for t in threads):
                threads[0].join(0.001)
            running.kill()
            for thread in threads:
                thread.join(_TIMEOUT)
    assert len(seen.heads) > ROUNDS
    history = next(t for t in forks if max(seen.heads, key=lambda h: h.size) == t.head(max_size(seen)))
    for old, new in itertools.pairwise(sorted(seen.heads, key=lambda h: h.size)):
        proof = history.proof(old.size, new.size)
        verify_consistency(old.size, new.size, proof, old.root, new.root)
    assert max_size(seen) <= size_of(witness, history)


def max_size(seen: Cosigned) -> int:
    return max(head.size for head in seen.heads)


def test_killed_between_persisting_and_replying(tmp_path: Path) -> None:
    """Killed at each sync of its disk: what it may have persisted binds it, whether or not it answered."""
    tree = Tree.of(9)
    fork = tree.forked(1, 9)
    persisted_unanswered = 0
    for number in itertools.count(1):
        witness = site(tmp_path / f"w{number}", tree.verifier)
        trace = ("strace", "-f", "-qq", "-o", str(tmp_path / "trace"))
        inject = (*trace, "-e", "trace=fdatasync", "-e", f"inject=fdatasync:signal=SIGKILL:when={number}")
        answered = False
        try:
            with started(witness, *inject) as running, suppress(aiohttp.ClientError, OSError):
                answered = 200 == asked(running.url, tree.request(0, 5))[0]
        except json.JSONDecodeError:  # killed before it was ready
            continue
        with started(witness) as again:
            status, _, body = asked(again.url, fork.request(0, 5))
            if status == 200:
                assert not answered  # it had not persisted, and so it had not answered
            else:
                assert (409, "5\n") == (status, body)
                assert 422 == asked(again.url, AddCheckpoint(5, (), fork.signed(5)).text.encode())[0]
                assert 200 == asked(again.url, tree.request(5, 9))[0]
                persisted_unanswered += not answered
        if answered:
            break
    assert persisted_unanswered > 0
