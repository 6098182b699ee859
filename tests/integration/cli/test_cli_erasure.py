"""`hjemmel log erase` and what belongs to it: beside a running broker, and without one."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from adapters.registers import Registers
from audit.formats import canonical, proof_file
from audit.formats.commitment import commit
from audit.formats.note import NoteVerifier
from tests.integration.cli.conftest import Kept, Ran, Run, Serve
from tests.support.broker import RunningBroker, Site, running
from tests.support.questions import granted

CLASSES = """
[[class]]
id = "everything"
purposes = ["*"]
datasets = ["*"]
keep_days = {days}
ground = "gdpr.5.1.e"
law = "Databeskyttelsesforordningen artikel 5, stk. 1, litra e"
verified = false
"""


def document(ran: Ran) -> dict[str, Any]:
    """What a command printed with --json."""
    assert "" == ran.err
    read: dict[str, Any] = json.loads(ran.out)
    return read


def verified(run: Run, config: Path) -> dict[str, Any]:
    """What `hjemmel log verify` says of a log that holds."""
    ran = run("log", "verify", "--config", config, "--json")
    assert (0, True) == (ran.status, document(ran)["holds"])
    return document(ran)


def test_running_broker_erases(run: Run, start: Any, generated: Registers) -> None:
    """The broker does it between two requests, every receipt holds, and nobody is named on the way."""
    broker: RunningBroker = start()
    config = broker.site.write_config()
    subject = granted(generated).subject
    asked = ("log", "erase", "--config", config, "--subject", subject.kind, subject.value)
    with broker.client() as client:
        receipts = [client.exchange(granted(generated)).receipt for _ in range(3)]
        counted = run(*asked, "--dry-run")
        assert (0, True) == (counted.status, "3 records" in counted.said and "Nothing was" in counted.said)
        erased = run(*asked)
        assert (0, True) == (erased.status, "3 records; entries 3 say so" in erased.said)
        assert subject.value not in erased.said
        assert (0, True) == ((again := run(*asked)).status, "0 records" in again.said)
        after = client.exchange(granted(generated))
        assert 4 == after.receipt.index
    assert (3, 2) == ((v := verified(run, config))["sealed_erased"], v["sealed_opened"])
    for receipt in receipts:
        proof = proof_file.parse(receipt.proof)
        assert proof.extra is not None
        proof.verify(proof.extra, broker.broker.log.reader.verifier)


def test_erasure_waits_for_a_broker_or_is_done_here(run: Run, kept: Kept) -> None:
    """Without a broker the command says so, status 1; with --own it does the work itself."""
    asked = ("log", "erase", "--config", kept.config, "--record", "1")
    waiting = run(*asked, "--wait", "0.1")
    assert (1, True) == (waiting.status, "no broker has done it yet" in waiting.said)
    assert 1 == document(run("log", "verify", "--config", kept.config, "--json"))["open_erasures"]
    done = document(run(*asked, "--own", "--json"))
    assert [("record", 1, [5])] == [(e["scope"], e["records"], e["entries"]) for e in done["erasures"]]
    assert 1 == verified(run, kept.config)["sealed_erased"]


def test_proof_of_an_erasure_is_checked_without_us(run: Run, kept: Kept) -> None:
    """An auditor holds ranges and opening to the entry, and the entry to the signed checkpoint."""
    run("log", "erase", "--config", kept.config, "--subject", *kept.subject, "--own")
    told = document(run("log", "erasure-proof", "5", "--config", kept.config, "--json"))
    assert ("0-3", 4, True) == (told["indexes"], told["records"], told["holds"])
    proof = proof_file.parse(told["proof"])
    assert proof.extra is not None
    verifier = NoteVerifier.parse((kept.site.keys / "log.vkey").read_text())
    proof.verify(proof.extra, verifier)
    covers = canonical.decode(proof.extra)["details"]["covers"]
    assert covers == commit(bytes.fromhex(told["opening"]), "erased", told["indexes"].encode())
    shown = run("log", "erasure-proof", "5", "--config", kept.config)
    assert (0, True) == (shown.status, "All of it is gone." in shown.said)
    none = run("log", "erasure-proof", "0", "--config", kept.config)
    assert (1, True) == (none.status, "is of no erasure" in none.said)


def test_what_is_old_goes_by_its_class(run: Run, kept: Kept, tmp_path: Path) -> None:
    """A class that keeps for a day has nothing to erase today; the broker's own entries are never touched."""
    file = tmp_path / "retention.toml"
    file.write_text(CLASSES.format(days=1))
    counted = document(
        run("log", "erase", "--config", kept.config, "--retention", file, "--dry-run", "--json")
    )
    assert [] == counted["erasures"]
    file.write_text("[[class]]")
    bad = run("log", "erase", "--config", kept.config, "--retention", file)
    assert (1, True) == (bad.status, "must have exactly" in bad.said)


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("--record", "1", "--subject", "personnummer", "6101900000"),
        ("--subject", "name", "x"),
        ("--subject", "personnummer", "1234"),
        ("--record", "1", "--ground", "Because!"),
    ],
)
def test_wrong_use_is_told_without_repeating_a_number(run: Run, kept: Kept, wrong: tuple[str, ...]) -> None:
    """Status 2, and what would be right; never the value that was given."""
    ran = run("log", "erase", "--config", kept.config, *wrong)
    assert (2, False) == (ran.status, "1234" in ran.said)


def test_master_key_is_rotated(run: Run, kept: Kept) -> None:
    """Under the new key everything opens; the old one is refused; a file that is there is taken."""
    new = kept.site.keys / "vault-2.key"
    rotate = ("log", "rotate-vault-key", "--config", kept.config, "--new", new)
    assert 0 == (ran := run(*rotate)).status, ran.err
    old = run("log", "verify", "--config", kept.config, "--json")
    assert (1, False) == (old.status, json.loads(old.out)["holds"])
    again = run(*rotate)
    assert (1, True) == (again.status, "wrong master key" in again.said)
    kept.site.write_config(vault={"master_key": str(new)})
    assert 5 == verified(run, kept.config)["sealed_opened"]
    same = run(*rotate)
    assert (1, True) == (same.status, "in use" in same.said)


def test_master_key_is_not_rotated_beside_a_broker(run: Run, serve: Serve, site: Site) -> None:
    """The command refuses clearly, and nothing is changed."""
    port = serve().target.rpartition(":")[2]
    config = site.write_config(server={"address": f"127.0.0.1:{port}"})
    for command in (
        ("rotate-vault-key", "--new", site.folder / "new.key"),
        ("restore", site.folder, "--checkpoint", config),
    ):
        ran = run("log", *command, "--config", config)
        assert (1, True) == (ran.status, "a broker runs at" in ran.said)
    assert not (site.folder / "new.key").exists()


def test_copy_goes_back_without_what_was_erased(run: Run, kept: Kept, tmp_path: Path) -> None:
    """Both databases lost: the log comes back proved, and the subject erased meanwhile does not."""
    ran = run("log", "backup", tmp_path / "b", "--keys", tmp_path / "k", "--config", kept.config)
    assert (0, True) == (ran.status, "the copy verifies" in ran.said)
    run("log", "erase", "--config", kept.config, "--subject", *kept.subject, "--own")
    assert 0 == run("log", "backup", tmp_path / "later", "--config", kept.config).status
    lose(tmp_path)
    restore = ("log", "restore", tmp_path / "b", "--config", kept.config)
    known = ("--checkpoint", tmp_path / "b" / "checkpoint")
    assert (1, True) == ((ran := run(*restore, *known)).status, "name a copy of them" in ran.said)
    lists = ("--erased", tmp_path / "later" / "erased.json")
    ran = run(*restore, *known, "--keys", tmp_path / "k", *lists, "--json")
    assert (0, 0, {"log": True, "keys": True}) == (ran.status, (d := document(ran))["lost"], d["restored"])
    report = verified(run, kept.config)
    assert (4, 0) == (report["sealed_erased"], report["open_erasures"])


def test_copy_older_than_the_checkpoint_is_not_gone_on_with(run: Run, kept: Kept, tmp_path: Path) -> None:
    """It takes a proof that it is the log's beginning; then it is put back, and the loss is told."""
    run("log", "backup", tmp_path / "b", "--keys", tmp_path / "k", "--config", kept.config)
    run("log", "erase", "--config", kept.config, "--record", "0", "--own")
    run("log", "backup", tmp_path / "later", "--config", kept.config)
    proof = tmp_path / "proof"
    with running(kept.site) as start:
        hashes = start().broker.log.reader.consistency(5, 6)
    proof.write_text("\n".join(base64.b64encode(h).decode() for h in hashes))
    lose(tmp_path)
    restore = ("log", "restore", tmp_path / "b", "--keys", tmp_path / "k", "--config", kept.config)
    known = ("--checkpoint", tmp_path / "later" / "checkpoint")
    assert (1, True) == ((ran := run(*restore, *known)).status, "takes a proof" in ran.said)
    (tmp_path / "bad").write_text("AAAA")
    ran = run(*restore, *known, "--consistency", tmp_path / "bad")
    assert (1, True) == (ran.status, "not the beginning" in ran.said)
    ran = run(*restore, *known, "--consistency", proof)
    assert (1, True) == (ran.status, "1 entries are lost" in ran.said)
    assert 5 == verified(run, kept.config)["entries"]


def test_copy_of_another_history_is_refused(
    run: Run, kept: Kept, generated: Registers, tmp_path: Path
) -> None:
    """A checkpoint of the same name and key, but of other entries, proves the copy to be none of them."""
    run("log", "backup", tmp_path / "b", "--keys", tmp_path / "k", "--config", kept.config)
    lose(tmp_path)
    with running(kept.site) as start, start().client() as client:  # a fork
        client.exchange(granted(generated))
    run("log", "backup", tmp_path / "fork", "--config", kept.config)
    lose(tmp_path)
    restore = ("log", "restore", tmp_path / "b", "--keys", tmp_path / "k", "--config", kept.config)
    ran = run(*restore, "--checkpoint", tmp_path / "fork" / "checkpoint")
    assert (1, True) == (ran.status, "of another history" in ran.said)


def lose(folder: Path) -> None:
    """Both databases are gone."""
    for name in ("log.db", "keys.db"):
        for path in folder.glob(f"{name}*"):
            path.unlink()
