"""Cosignatures and the witness protocol, held to programs that nobody here wrote.

`omniwitness` and its load test are transparency.dev's, which run in the public network of witnesses;
`tests/tools/cosigned` calls their library of formats.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import VerificationError
from audit.formats import cosignature, note
from audit.formats.cosignature import CosignatureSigner, CosignatureVerifier
from audit.formats.note import Ed25519Signer, NoteVerifier
from audit.witness.witness_site import WitnessSite
from audit.witness.witnessing import Witness
from tests.integration.witness.conftest import watching
from tests.support import tools, trees
from tests.support.logs import LogSite, fill
from tests.support.trees import Tree, post

TIME = 1_790_000_000
LOADED_LOGS = 5
UPDATES = 150


@pytest.fixture(scope="session")
def outside() -> Path:
    """The checker of cosignatures."""
    return tools.own("cosigned")


def accepts(outside: Path, log: NoteVerifier, cosigner: CosignatureVerifier, path: Path) -> bool:
    """Whether Go holds a checkpoint for signed by the log and cosigned."""
    command = [str(outside), "check", log.vkey, cosigner.vkey, str(path)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode == 0


def test_go_accepts_our_cosignature(outside: Path, tmp_path: Path) -> None:
    """What our witness signs holds for Go; over another text or at another time it does not."""
    tree, path = Tree.of(7), tmp_path / "checkpoint"
    witness = CosignatureSigner("w.example/w", Ed25519PrivateKey.generate())
    good = witness.sign(tree.head(7).text, TIME)
    later = (TIME + 1).to_bytes(8) + good.signature[8:]
    for line, holds in (
        (good, True),
        (witness.sign(tree.head(6).text, TIME), False),
        (note.NoteSignature(good.name, good.key_id, later), False),
    ):
        path.write_text(cosignature.add(tree.signed(7), [line]), "utf-8")
        assert holds == accepts(outside, tree.verifier, witness.verifier, path)


@pytest.mark.parametrize("kind", ["ed25519", "mldsa"])
def test_we_accept_gos_cosignature(outside: Path, tmp_path: Path, kind: str) -> None:
    """Cosignatures that Go makes, of both kinds, hold for us, and no more when the text is another."""
    tree, path = Tree.of(7), tmp_path / "checkpoint"
    path.write_text(tree.signed(7), "utf-8")
    command = [str(outside), "make", kind, "go.example/w", tree.verifier.vkey, str(path)]
    vkey, _, signed = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60
    ).stdout.partition("\n")
    verifier = CosignatureVerifier.parse(vkey)
    parsed = note.parse(signed)
    tree.verifier.verify(parsed)
    assert verifier.verify(parsed) > TIME - 10**9
    with pytest.raises(VerificationError):
        verifier.verify(note.Note(tree.head(6).text, parsed.signatures))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@pytest.fixture
def omniwitness(tmp_path: Path, sqlite_site: LogSite) -> Iterator[Witness]:
    """transparency.dev's witness, on loopback, knowing the log of this test and asking nobody else."""
    name, seed = "omni.example/w", os.urandom(32)
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    secret = base64.b64encode(b"\x01" + seed).decode()
    key = tmp_path / "omni.key"
    key.write_text(f"PRIVATE+KEY+{name}+{note.key_id(name, 1, public).hex()}+{secret}", "utf-8")
    log = sqlite_site.verifier
    logs = tmp_path / "logs.yaml"
    logs.write_text(
        f"Logs:\n  - Origin: {log.name}\n    URL: http://127.0.0.1/\n    PublicKey: {log.vkey}\n", "utf-8"
    )
    port = free_port()
    options = {
        "listen": f"127.0.0.1:{port}",
        "metrics_listen": "",
        "private_key_path": key,
        "additional_logs": logs,
        "db_file": tmp_path / "omni.db",
    }
    command = [str(tools.foreign("omniwitness")), *(f"--{k}={v}" for k, v in options.items())]
    with (tmp_path / "omni.log").open("wb") as said, subprocess.Popen(command, stderr=said) as process:
        try:
            _await(port, process)
            yield Witness(f"http://127.0.0.1:{port}", CosignatureVerifier(name, 4, public))
        finally:
            process.terminate()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:  # bounded by the test's own time
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise AssertionError("the witness ended before it listened")


async def test_omniwitness_cosigns_our_log(
    outside: Path, omniwitness: Witness, sqlite_site: LogSite, tmp_path: Path
) -> None:
    """As the log grows past a tile, the public network's witness cosigns every checkpoint; Go agrees."""
    with sqlite_site.opened() as log:
        watch = watching(log, omniwitness)
        for turn in range(4):
            await fill(log, 80, first=80 * turn)
            await watch.round()
        (state,) = log.reader.witnesses()
        assert (320, None) == (state.size, state.problem)
        signed = log.reader.cosigned_checkpoint() or ""
        await watching(log, omniwitness).round()  # as after a restart: nothing is new
    omniwitness.verifier.verify(note.parse(signed))
    (tmp_path / "checkpoint").write_text(signed, "utf-8")
    assert accepts(outside, sqlite_site.verifier, omniwitness.verifier, tmp_path / "checkpoint")


async def test_omniwitness_refuses_our_fork(
    omniwitness: Witness, sqlite_site: LogSite, tmp_path: Path
) -> None:
    """Another history under the same key: the outsider refuses it, and our log says so."""
    with sqlite_site.opened() as log:
        await fill(log, 9)
        await watching(log, omniwitness).round()
    (tmp_path / "fork").mkdir()
    fork = LogSite.at(tmp_path / "fork")
    fork.settings.signing_key.write_bytes(sqlite_site.settings.signing_key.read_bytes())
    with fork.opened() as log:
        await fill(log, 12, first=100)
        await watching(log, omniwitness).round()
        (state,) = log.reader.witnesses()
        assert "altered or forked" in (state.problem or "")
        assert log.reader.cosigned_checkpoint() is None


async def test_omniwitness_and_ours_answer_alike(
    omniwitness: Witness, sqlite_site: LogSite, tmp_path: Path
) -> None:
    """The same requests, right and wrong, get the same status from the outside witness and from ours.

    Two of its departures are left out: it takes any first `old`, and fails (500) at a log it does not know.
    """
    tree = Tree(sqlite_site.signer).grown(40)  # type: ignore[arg-type]  # an Ed25519 one
    fork = tree.forked(5, 40)
    stranger = Tree(Ed25519Signer(tree.verifier.name, Ed25519PrivateKey.generate()), tree.leaves)
    requests = [
        *(tree.request(0, 7), tree.request(0, 7), tree.request(7, 7), tree.request(6, 20)),
        *(fork.request(7, 20), fork.request(7, 7), stranger.request(7, 20), tree.request(7, 20)),
        *(tree.request(7, 30), b"nonsense", tree.request(0, 3).replace(b"old 0", b"old 9")),
        *(tree.request(20, 40), tree.request(40, 40), fork.request(40, 40)),
    ]
    ours = trees.site(tmp_path / "ours", tree.verifier)
    async with trees.serving(ours) as url:
        mine = [(await post(url, request))[0] for request in requests]
    theirs = [(await post(omniwitness.url, request))[0] for request in requests]
    assert [200, 409, 200, 409, 422, 422, 403, 200, 409, 400, 400, 200, 200, 422] == mine
    # Where it leaves the specification: another root of the same size is 422, an untrusted key 403.
    departs = {5: 409, 6: 500, 13: 409}
    assert [departs.get(n, status) for n, status in enumerate(mine)] == theirs


@asynccontextmanager
async def loaded(folder: Path) -> AsyncIterator[str]:
    """Our witness, knowing the logs that the load test makes up."""
    command = [str(tools.foreign("loadtest")), f"--log_count={LOADED_LOGS}"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout  # noqa: ASYNC221
    vkeys = re.findall(r"PublicKey: (\S+)", listed)
    assert LOADED_LOGS == len(vkeys)
    made = WitnessSite(folder)
    made.init("witness.example/w1", vkeys)
    async with trees.serving(made) as url:
        yield url


@pytest.mark.slow
async def test_the_outside_load_test_drives_our_witness(tmp_path: Path) -> None:
    """Its load test, with sixteen signatures a checkpoint, is never refused, nor when it returns."""
    async with loaded(tmp_path / "w") as url:
        for _ in range(2):  # the second time it has to find out what the witness saw
            command = [str(tools.foreign("loadtest")), f"--log_count={LOADED_LOGS}", f"--target={url}"]
            options = ["--start_qps=100", "--max_qps=100", "--timeout=20s", "--num_extra_sigs=15", "--v=1"]
            process = await asyncio.create_subprocess_exec(
                *command, *options, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            assert process.stderr is not None
            said: list[bytes] = []
            while sum(b"] Updated " in line for line in said) < UPDATES:
                said.append(await process.stderr.readline())
                assert said[-1], b"".join(said).decode()  # it ends by itself where an update is refused
            process.kill()
            await process.communicate()
