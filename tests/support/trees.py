"""A log in memory whose operator has the key and can do with it what it likes: fork, rewind, leave out."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from hashlib import sha256
from pathlib import Path

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.formats import merkle
from audit.formats.checkpoint import Checkpoint
from audit.formats.merkle import Frontier
from audit.formats.note import Ed25519Signer, NoteVerifier
from audit.witness.witness_protocol import AddCheckpoint
from audit.witness.witness_server import WitnessServer
from audit.witness.witness_site import WitnessSite

ORIGIN = "tree.example/log"


class Tree:
    """Leaves under one key; every size it ever had can be signed again."""

    def __init__(self, signer: Ed25519Signer, leaves: Iterable[bytes] = ()) -> None:
        self.signer = signer
        self.leaves: list[bytes] = []
        self._edge = Frontier(0, ())
        self.add(*leaves)

    @classmethod
    def of(cls, size: int, origin: str = ORIGIN) -> Tree:
        """A fresh log."""
        tree = cls(Ed25519Signer(origin, Ed25519PrivateKey.generate()))
        return tree.grown(size)

    @property
    def verifier(self) -> NoteVerifier:
        return self.signer.verifier

    def add(self, *leaves: bytes) -> None:
        for leaf in leaves:
            self.leaves.append(leaf)
            self._edge.append(merkle.leaf_hash(leaf))

    def grown(self, count: int, name: str = "leaf") -> Tree:
        """The same with more leaves; gives itself."""
        self.add(*(f"{name} {len(self.leaves) + n}".encode() for n in range(count)))
        return self

    def forked(self, at: int, size: int, name: str = "other") -> Tree:
        """Another history under the same key, from a size on."""
        return Tree(self.signer, self.leaves[:at]).grown(size - at, name)

    def head(self, size: int) -> Checkpoint:
        return Checkpoint(self.verifier.name, size, merkle.root(size, self._edge.read))

    def signed(self, size: int) -> str:
        return self.head(size).sign(self.signer)

    def proof(self, old: int, new: int) -> tuple[bytes, ...]:
        return tuple(merkle.consistency_proof(old, new, self._edge.read))

    def request(self, old: int, new: int) -> bytes:
        """The body of a request to cosign."""
        return AddCheckpoint(old, self.proof(old, new), self.signed(new)).text.encode()

    @property
    def path(self) -> str:
        """Where a witness serves its last checkpoint."""
        return f"/{sha256(self.verifier.name.encode()).hexdigest()}/checkpoint"


def site(folder: Path, *logs: NoteVerifier, name: str = "witness.example/w1") -> WitnessSite:
    """A new witness that knows some logs."""
    made = WitnessSite(folder)
    made.init(name, [log.vkey for log in logs])
    return made


@asynccontextmanager
async def serving(made: WitnessSite) -> AsyncIterator[str]:
    """Runs a witness on a free port; gives its URL."""
    with made.opened() as witness:
        async with WitnessServer(witness, "127.0.0.1:0") as server:
            yield f"http://127.0.0.1:{server.port}"


async def post(url: str, body: bytes) -> tuple[int, str, str]:
    """Asks a witness; gives the status, the content type, the body."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/add-checkpoint", data=body) as answer,
    ):
        return answer.status, answer.content_type, await answer.text()


async def get(url: str) -> tuple[int, str]:
    """Fetches a page."""
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


def asked(url: str, body: bytes) -> tuple[int, str, str]:
    """As `post`, from where there is no event loop."""
    return asyncio.run(post(url, body))


@contextmanager
def running(made: WitnessSite) -> Iterator[str]:
    """As `serving`, in a thread of its own."""
    ready: queue.Queue[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = queue.Queue()

    async def serve() -> None:
        stop = asyncio.Event()
        async with serving(made) as url:
            ready.put((url, asyncio.get_running_loop(), stop))
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    url, loop, stop = ready.get(timeout=30)
    try:
        yield url
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
