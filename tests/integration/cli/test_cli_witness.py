"""`hjemmel witness`, `log witnesses`, `log fork-evidence`, and receipts held to a policy of witnesses."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.registers import Registers
from audit.formats.cosignature import CosignatureVerifier
from audit.witness.witness_site import WitnessSite
from audit.witness.witnessing import Witness, Witnessing, WitnessingSettings
from exchange.client import Client, Credentials, NotCosigned
from tests.integration.cli.conftest import Run, Serve
from tests.support import trees
from tests.support.broker import Site, running
from tests.support.questions import granted
from tests.support.trees import Tree


@dataclass(frozen=True)
class Cosigned:
    """A log of three entries that a witness cosigned, a receipt from it, and what to trust."""

    site: Site
    witness: WitnessSite
    receipt: Path
    unwitnessed: Path
    policy: Path

    @property
    def vkey(self) -> Path:
        return self.site.keys / "log.vkey"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.site.folder / 'log.db'}"


@pytest.fixture(scope="module")
def cosigned(
    keys: Path, register_folder: Path, generated: Registers, tmp_path_factory: pytest.TempPathFactory
) -> Cosigned:
    """The same, made once."""
    site = Site(keys, register_folder, tmp_path_factory.mktemp("cosigned"))
    log = site.credentials("udbetaling-danmark").log
    made = trees.site(site.folder / "witness", log)
    verifier = CosignatureVerifier.parse(made.vkey.read_text("utf-8"))
    with trees.running(made) as url, running(site) as start:
        broker = start()
        with broker.client() as client:
            for _ in range(3):
                answer = client.exchange(granted(generated))
        settings = WitnessingSettings((Witness(url, verifier),))
        watch = Witnessing(broker.broker.log.engine, broker.broker.log.reader, settings)
        asyncio.run(watch.round())
        files = [site.folder / name for name in ("with.tlog-proof", "without.tlog-proof", "policy")]
        with broker.client() as client:
            files[0].write_text(client.receipt(answer.receipt.entry.request_id or "").proof, "utf-8")
        files[1].write_text(answer.receipt.proof, "utf-8")
        text = f"log {log.vkey}\nwitness ombudsman {verifier.vkey} {url}\nquorum ombudsman\n"
        files[2].write_text(text, "utf-8")
    site.write_config()
    return Cosigned(site, made, *files)


def test_receipt_with_the_cosignature_holds(run: Run, cosigned: Cosigned) -> None:
    """A policy that lists the log needs no other key; who cosigned and when is said."""
    ran = run("receipt", "verify", cosigned.receipt, "--policy", cosigned.policy)
    assert (0, "") == (ran.status, ran.err)
    assert "cosigned by ombudsman on 2" in ran.said
    document = json.loads(
        run("receipt", "verify", cosigned.receipt, "--policy", cosigned.policy, "--json").out
    )
    assert (True, 3, {"ombudsman"}) == (document["holds"], document["size"], set(document["cosigned"]))


def test_receipt_without_it_holds_for_the_log_alone(run: Run, cosigned: Cosigned) -> None:
    """The log's own word is not enough for the policy, and enough without one."""
    ran = run("receipt", "verify", cosigned.unwitnessed, "--policy", cosigned.policy)
    assert 1 == ran.status
    assert "the quorum ombudsman is not met" in ran.said
    assert 0 == run("receipt", "verify", cosigned.unwitnessed, "--vkey", cosigned.vkey).status


def test_policy_must_know_the_log(run: Run, cosigned: Cosigned, tmp_path: Path) -> None:
    """Without the log in the policy its key must be given; another log's key does not do."""
    policy = tmp_path / "policy"
    policy.write_text("quorum none\n", "utf-8")
    ran = run("receipt", "verify", cosigned.receipt, "--policy", policy)
    assert 2 == ran.status
    assert "--vkey" in ran.said
    other = tmp_path / "other.vkey"
    other.write_text(Tree.of(1).verifier.vkey, "utf-8")
    ran = run("receipt", "verify", cosigned.receipt, "--policy", cosigned.policy, "--vkey", other)
    assert 1 == ran.status
    assert "does not list the log" in ran.said


def test_witnesses_are_shown(run: Run, cosigned: Cosigned) -> None:
    """Who cosigned how much, how long ago, and that nothing is wrong."""
    config = cosigned.site.folder / "hjemmel.toml"
    ran = run("log", "witnesses", "--config", config)
    assert (0, "") == (ran.status, ran.err)
    assert "cosigned up to entry 3, of 3" in ran.said
    assert "seconds ago" in ran.said
    document = json.loads(run("log", "witnesses", "--config", config, "--json").out)
    assert (3, 3, None) == (document["size"], document["cosigned_size"], document["problem"])
    assert [(3, None)] == [(w["size"], w["problem"]) for w in document["witnesses"]]


def test_log_put_back_behind_its_witnesses_is_shown(
    run: Run, site: Site, cosigned: Cosigned, generated: Registers
) -> None:
    """A log with another history than what lies cosigned beside it is a problem, and exit status 1."""
    with running(site) as start, start().client() as client:
        for _ in range(5):
            client.exchange(granted(generated))
    shutil.copy(cosigned.site.folder / "log.db", site.folder / "old.db")
    move = "ATTACH 'old.db' AS old; INSERT INTO log_cosigned SELECT * FROM old.log_cosigned"
    subprocess.run([sys.executable, "-c", _SQL, "log.db", move], cwd=site.folder, check=True)
    ran = run("log", "witnesses", "--config", site.write_config())
    assert 1 == ran.status
    assert "the log is not the one that was cosigned" in ran.said


_SQL = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.commit()"


@pytest.fixture
def twin(site: Site, generated: Registers) -> Path:
    """A receipt of another history under the same key, with five entries."""
    with running(site) as start, start().client() as client:
        for _ in range(5):
            proof = client.exchange(granted(generated)).receipt.proof
    path = site.folder / "twin.tlog-proof"
    path.write_text(proof, "utf-8")
    return path


def test_fork_is_proven_with_the_logs_database(
    run: Run, site: Site, cosigned: Cosigned, twin: Path, tmp_path: Path
) -> None:
    """Two receipts of different sizes and either database make evidence that the public key checks."""
    evidence = tmp_path / "fork.evidence"
    url = f"sqlite:///{site.folder / 'log.db'}"
    made = run(
        *("log", "fork-evidence", cosigned.receipt, twin, "--vkey", cosigned.vkey),
        *("--url", url, "-o", evidence),
    )
    assert 0 == made.status, made.said
    checked = run("log", "fork-evidence", "--check", evidence, "--vkey", cosigned.vkey, "--json")
    document = json.loads(checked.out)
    assert (0, True, [3, 5]) == (
        checked.status,
        document["proven"],
        [c["size"] for c in document["checkpoints"]],
    )
    alone = run("log", "fork-evidence", cosigned.receipt, "--vkey", cosigned.vkey, "--url", url)
    assert 0 == alone.status, alone.said


def test_two_sizes_alone_prove_nothing(run: Run, cosigned: Cosigned, twin: Path, tmp_path: Path) -> None:
    """Without a tree two checkpoints of different sizes are kept, and not called a proof."""
    evidence = tmp_path / "fork.evidence"
    made = run(
        *("log", "fork-evidence", cosigned.receipt, twin, "--vkey", cosigned.vkey, "-o", evidence),
    )
    assert (1, True) == (made.status, evidence.exists())
    assert "do not contradict each other" in made.said


def test_one_history_is_no_fork(run: Run, cosigned: Cosigned) -> None:
    """A receipt against the log that it is of, and a receipt against itself, are no evidence."""
    pair = (cosigned.receipt, cosigned.unwitnessed)
    for arguments in ((cosigned.receipt, "--url", cosigned.url), pair):
        ran = run("log", "fork-evidence", *arguments, "--vkey", cosigned.vkey)
        assert 1 == ran.status
        assert "no fork" in ran.said


def test_same_size_needs_no_database(run: Run, tmp_path: Path) -> None:
    """Two roots signed for one size are evidence, and one byte changed in the file is none."""
    tree = Tree.of(9)
    (tmp_path / "a").write_text(tree.signed(7), "utf-8")
    (tmp_path / "b").write_text(tree.forked(2, 7).signed(7), "utf-8")
    vkey = tmp_path / "vkey"
    vkey.write_text(tree.verifier.vkey, "utf-8")
    made = run("log", "fork-evidence", tmp_path / "a", tmp_path / "b", "--vkey", vkey, "-o", tmp_path / "e")
    assert 0 == made.status
    data = (tmp_path / "e").read_bytes()
    assert 0 == run("log", "fork-evidence", "--check", tmp_path / "e", "--vkey", vkey).status
    for at in range(0, len(data), 7):
        flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        (tmp_path / "e").write_bytes(flipped)
        assert 1 == run("log", "fork-evidence", "--check", tmp_path / "e", "--vkey", vkey).status, at
    vkey.write_text(Tree.of(1).verifier.vkey, "utf-8")
    (tmp_path / "e").write_bytes(data)
    assert 1 == run("log", "fork-evidence", "--check", tmp_path / "e", "--vkey", vkey).status


@pytest.mark.parametrize("arguments", [(), ("A", "A", "A"), ("A", "--check", "A"), ("A",)])
def test_wrong_use_is_said(run: Run, cosigned: Cosigned, arguments: tuple[str, ...]) -> None:
    """No checkpoint, three, a checkpoint and a check, or one without a log: exit status 2."""
    given = [cosigned.receipt if a == "A" else a for a in arguments]
    assert 2 == run("log", "fork-evidence", *given, "--vkey", cosigned.vkey).status


def test_witness_is_made_and_run(
    run: Run, serve: Serve, site: Site, tmp_path: Path, generated: Registers
) -> None:
    """`witness init` and `serve` beside a broker: a client with a policy gets its receipt witnessed."""
    folder = tmp_path / "witness"
    made = run(
        *("witness", "init", folder, "--name", "ombudsman.example/w"),
        *("--log", site.keys / "log.vkey", "--json"),
    )
    vkey = json.loads(made.out)["vkey"]
    assert vkey == (folder / "witness.vkey").read_text("utf-8").strip()
    command = [sys.executable, "-m", "exchange.cli.main", "witness", "serve", str(folder)]
    with subprocess.Popen(
        [*command, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert vkey == ready["vkey"]
        policy = tmp_path / "policy"
        policy.write_text(f"witness w {vkey} {ready['url']}\nquorum w\n", "utf-8")
        keys = tmp_path / "keys"
        shutil.copytree(site.keys, keys)
        client_json = keys / "udbetaling-danmark" / "client.json"
        document = json.loads(client_json.read_text("utf-8")) | {"policy": str(policy)}
        client_json.write_text(json.dumps(document), "utf-8")
        broker = serve(witness={"policy": str(policy), "interval": 0.05})
        with Client(broker.target, Credentials.load(keys / "udbetaling-danmark")) as client:
            answer = client.exchange(granted(generated))
            receipt = _once_cosigned(client, answer.receipt.entry.request_id or "")
        assert 1 == receipt
        process.terminate()
        assert 0 == process.wait(30)


def _once_cosigned(client: Client, request_id: str) -> int:
    for _ in range(200):
        try:
            return client.receipt(request_id).checkpoint.size
        except NotCosigned:
            time.sleep(0.05)
    raise AssertionError("never cosigned")


@pytest.mark.parametrize(
    ("witness", "says"),
    [
        ({"witnesses": {"ftp://w": "w"}}, "must be a URL"),
        ({"witnesses": {"http://w": "w"}}, "vkey|verifier key"),
        ({"policy": "nowhere"}, "nowhere cannot be read"),
        ({"policy": "others"}, "does not list this log"),
        ({"policy": "unasked"}, "can never be met"),
    ],
)
def test_wrong_configuration_is_named(run: Run, site: Site, witness: dict[str, object], says: str) -> None:
    """A witness or policy that cannot work stops the broker before it answers, with what to do."""
    tree = Tree.of(1)
    vkey = trees.site(site.folder / "w", tree.verifier).vkey.read_text("utf-8").strip()
    (site.folder / "others").write_text(f"log {tree.verifier.vkey}\nquorum none\n", "utf-8")
    (site.folder / "unasked").write_text(f"witness w {vkey}\nquorum w\n", "utf-8")
    if "witnesses" in witness:
        with pytest.raises(ValueError, match=says):
            site.settings(witness=witness)
        return
    ran = run("serve", "--config", site.write_config(witness=witness))
    assert 1 == ran.status
    assert re.search(says, ran.said)


def test_witness_cannot_listen_nowhere(run: Run, tmp_path: Path) -> None:
    """An address that is none is wrong use; a folder that is no witness's says so."""
    assert 2 == run("witness", "serve", tmp_path, "--listen", "here").status
    ran = run("witness", "serve", tmp_path, "--listen", "127.0.0.1:0")
    assert 1 == ran.status
    assert "no witness's folder" in ran.said
