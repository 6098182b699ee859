"""Commands that make and check files: keys, registers, configuration, policies."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from adapters import registers
from exchange.client import Credentials
from exchange.config import DEFAULT_POLICIES, load
from exchange.identity.authorities import DEMO_ORGANISATIONS
from exchange.policy import policy_set
from exchange.policy.bundle import pack
from tests.integration.cli.conftest import Run


def digests(folder: Path) -> dict[str, str]:
    files = [p for p in sorted(folder.rglob("*")) if p.is_file()]
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


# pki init


def test_pki_init_makes_keys_for_all(run: Run, tmp_path: Path) -> None:
    """Every organisation of the demo can load its credentials; the log's key is shown."""
    ran = run("pki", "init", tmp_path / "keys")
    assert (0, "") == (ran.status, ran.err)
    for organisation in DEMO_ORGANISATIONS:
        assert organisation.cvr == Credentials.load(tmp_path / "keys" / organisation.slug).cvr
        assert organisation.name in ran.out
    assert (tmp_path / "keys" / "log.vkey").read_text("utf-8").strip() in ran.out


def test_pki_init_takes_names(run: Run, tmp_path: Path) -> None:
    """Audience, origin and hosts are what was asked for; --json tells what was made."""
    ran = run(
        *(
            "pki",
            "init",
            tmp_path,
            "--audience",
            "a.example",
            "--origin",
            "a.example/log",
            "--host",
            "broker",
        ),
        "--json",
    )
    document = json.loads(ran.out)
    assert {o.slug: o.cvr for o in DEMO_ORGANISATIONS} == document["organisations"]
    assert document["log_vkey"].startswith("a.example/log+")
    assert "a.example" == Credentials.load(tmp_path / "odense").audience


def test_pki_init_twice_changes_nothing(run: Run, tmp_path: Path) -> None:
    """The second run is refused with what to do, and every file stays."""
    assert 0 == run("pki", "init", tmp_path).status
    before = digests(tmp_path)
    ran = run("pki", "init", tmp_path)
    assert (1, "") == (ran.status, ran.out)
    assert "no key is ever overwritten: choose another folder" in ran.said
    assert before == digests(tmp_path)


# register generate


def test_generated_registers_are_the_published_ones(run: Run, tmp_path: Path) -> None:
    """The same number of persons gives the same rows everywhere, and their digest is told."""
    ran = run("register", "generate", tmp_path, "--persons", 200, "--json")
    assert (0, "") == (ran.status, ran.err)
    document = json.loads(ran.out)
    assert registers.PUBLISHED_DIGESTS[200] == document["digest"]
    assert {
        *("bbr", "cpr", "cvr", "dagi", "dar", "ebr", "eindkomst", "ejf", "mat"),
        *("pension", "samtykke", "skat", "sundhed", "vur"),
    } == {p.stem for p in tmp_path.iterdir()}
    counted = sqlite3.connect(tmp_path / "cpr.db")
    (rows,) = counted.execute("SELECT count(*) FROM person").fetchone()
    counted.close()
    assert rows == document["rows"]["cpr.person"]


def test_generated_registers_are_told_to_people(run: Run, tmp_path: Path) -> None:
    """Rows a dataset and the digest, for reading."""
    ran = run("register", "generate", tmp_path, "--persons", 60)
    assert 0 == ran.status
    assert "cpr.person" in ran.out
    assert "SHA-256" in ran.out


@pytest.mark.parametrize("persons", [0, 1, -5])
def test_too_few_persons_is_wrong_use(run: Run, tmp_path: Path, persons: int) -> None:
    """Fewer than the planted cases need is refused with the option's name."""
    ran = run("register", "generate", tmp_path / "r", "--persons", persons)
    assert 2 == ran.status
    assert "--persons" in ran.err
    assert not (tmp_path / "r").exists()


def test_registers_are_not_written_where_they_cannot_be(run: Run, tmp_path: Path) -> None:
    """A folder that is a file is named."""
    (tmp_path / "file").write_text("", "utf-8")
    ran = run("register", "generate", tmp_path / "file", "--persons", 60)
    assert 1 == ran.status
    assert "file" in ran.said
    assert "Traceback" not in ran.err


# config


def test_config_example_is_the_defaults(run: Run, tmp_path: Path) -> None:
    """What `config example` prints is a configuration, the one of an empty file."""
    (tmp_path / "empty.toml").write_text("", "utf-8")
    (tmp_path / "example.toml").write_text(run("config", "example").out, "utf-8")
    assert load(tmp_path / "empty.toml") == load(tmp_path / "example.toml")


def test_config_show_tells_what_is_in_force(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File and environment together, as JSON for programs and for people."""
    path = tmp_path / "hjemmel.toml"
    path.write_text('[server]\naudience = "from-file"\n', "utf-8")
    monkeypatch.setenv("HJEMMEL_LOG__MAX_BATCH", "7")
    shown = json.loads(run("config", "show", "--config", path, "--json").out)
    assert ("from-file", 7) == (shown["server"]["audience"], shown["log"]["max_batch"])
    assert str(tmp_path / "keys" / "log.key") == shown["log"]["signing_key"]
    assert "from-file" in run("config", "show", "-c", path).out
    monkeypatch.setenv("HJEMMEL_CONFIG", str(path))
    assert "from-file" in run("config", "show").out


def test_config_show_names_what_is_wrong(run: Run, tmp_path: Path) -> None:
    """Exit status 1 and every wrong setting, in the form that was asked for."""
    path = tmp_path / "hjemmel.toml"
    path.write_text('[policy]\nengine = "none"\n[log]\nmax_batch = 0\n', "utf-8")
    ran = run("config", "show", "--config", path)
    assert (1, "") == (ran.status, ran.out)
    assert "policy.engine" in ran.err
    assert "log.max_batch" in ran.err
    told = run("config", "show", "--config", path, "--json")
    assert "policy.engine" in json.loads(told.err)["error"]


# policy


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the policies, to break."""
    return Path(shutil.copytree(DEFAULT_POLICIES, tmp_path / "policies"))


def test_policy_check_tells_the_revision(run: Run, copy: Path) -> None:
    """The set that comes with Hjemmel holds, and so does a copy, with the same revision."""
    own, other = run("policy", "check"), json.loads(run("policy", "check", copy, "--json").out)
    assert (0, "") == (own.status, own.err)
    assert "The policy set holds." in own.out
    assert other["revision"] in own.out
    assert policy_set.load(DEFAULT_POLICIES).revision == other["revision"]


def test_policy_check_names_what_does_not_hold(run: Run, copy: Path) -> None:
    """A module that does not compile ends with 1 and the place."""
    path = copy / "terms" / "terms.rego"
    path.write_text(path.read_text("utf-8") + "\nbroken if {\n", "utf-8")
    end = len(path.read_text("utf-8").splitlines()) + 1
    ran = run("policy", "check", copy)
    assert (1, "") == (ran.status, ran.err)
    assert f"terms/terms.rego:{end}: error" in ran.out
    told = json.loads(run("policy", "check", copy, "--json").out)
    assert not told["holds"]
    assert ("terms/terms.rego", end) == (told["findings"][0]["file"], told["findings"][0]["line"])


def test_policy_check_is_stricter_on_demand(run: Run, copy: Path) -> None:
    """A warning ends with 0, and with 1 under `--strict`."""
    (copy / "decision" / "notes.txt").write_text("later", "utf-8")
    lenient, strict = run("policy", "check", copy), run("policy", "check", "--strict", copy)
    assert (0, 1) == (lenient.status, strict.status)
    assert "decision/notes.txt: warning nothing reads this file" in lenient.out
    assert "move it out of the policy folder" in lenient.out


def test_policy_test_counts(run: Run) -> None:
    """All tests of the policies pass on the embedded engine."""
    document = json.loads(run("policy", "test", "--json").out)
    assert [] == document["failed"]
    assert document["passed"] > 100


def test_policy_test_names_what_fails(run: Run, copy: Path) -> None:
    """A failing test ends with 1 and is named; the others are counted."""
    path = copy / "decision" / "decision_test.rego"
    path.write_text(path.read_text("utf-8") + "\ntest_refuse_everything if {\n\t1 == 2\n}\n", "utf-8")
    ran = run("policy", "test", copy)
    assert 1 == ran.status
    assert "test_refuse_everything" in ran.out
    assert "1 failed" in ran.out
    assert ["data.decision_test.test_refuse_everything"] == json.loads(
        run("policy", "test", copy, "--json").out
    )["failed"]


def test_policy_test_that_finds_nothing_has_not_passed(run: Run, copy: Path) -> None:
    """A folder without tests is not a success."""
    for path in copy.rglob("*_test.rego"):
        path.unlink()
    assert 1 == run("policy", "test", copy).status


def test_policy_bundle_is_the_same_every_time(run: Run, copy: Path, tmp_path: Path) -> None:
    """The same set gives the same bytes, with its revision in the manifest."""
    one, two = tmp_path / "one.tar.gz", tmp_path / "two.tar.gz"
    told = json.loads(run("policy", "bundle", "-o", one, "--json").out)
    assert 0 == run("policy", "bundle", copy, "--output", two).status
    assert one.read_bytes() == two.read_bytes()
    assert pack(policy_set.load(DEFAULT_POLICIES)) == one.read_bytes()
    assert policy_set.load(DEFAULT_POLICIES).revision == told["revision"]


def test_policy_bundle_is_signed(run: Run, keys: Path, tmp_path: Path) -> None:
    """With a key it says how it was signed, and the signature is there."""
    path, key = tmp_path / "b.tar.gz", keys / "policy.key"
    ran = run("policy", "bundle", "-o", path, "--signing-key", key, "--key-id", "policy-1", "--json")
    signature = {"algorithm": "ES256", "keyid": "policy-1", "scope": "hjemmel.policy"}
    assert signature == json.loads(ran.out)["signature"]
    assert b"/.signatures.json" in gzip.decompress(path.read_bytes())
    assert (
        "signed ES256 by policy-1"
        in run("policy", "bundle", "-o", path, "--signing-key", key, "--key-id", "policy-1").out
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--signing-key", "policy.key"), "go together"),
        (("--key-id", "policy-1"), "go together"),
        (("--signing-key", "nowhere.key", "--key-id", "policy-1"), "nowhere.key"),
        (("--signing-key", "log.key", "--key-id", "policy-1"), "log.key signs no bundle"),
    ],
)
def test_policy_bundle_is_not_half_signed(
    run: Run, keys: Path, tmp_path: Path, given: tuple[str, ...], said: str
) -> None:
    """Without a name for the key, without a key, or with one that OPA cannot verify by, there is no file."""
    options = [keys / g if g.endswith(".key") else g for g in given]
    ran = run("policy", "bundle", "-o", tmp_path / "b.tar.gz", *options)
    assert ran.status != 0
    assert said in ran.said.replace("\n", " ")
    assert not (tmp_path / "b.tar.gz").exists()


def test_policy_bundle_that_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    """Where it should go is part of the message."""
    ran = run("policy", "bundle", "-o", tmp_path / "nowhere" / "b.tar.gz")
    assert 1 == ran.status
    assert "b.tar.gz cannot be written" in ran.said


def test_broken_set_is_not_bundled(run: Run, copy: Path, tmp_path: Path) -> None:
    """A set that does not hold leaves no file."""
    (copy / "agreements" / "data.json").write_text("{", "utf-8")
    assert 1 == run("policy", "bundle", copy, "-o", tmp_path / "b.tar.gz").status
    assert not (tmp_path / "b.tar.gz").exists()
