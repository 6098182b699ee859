"""`hjemmel policy explain`: a recorded decision or a described one, in words, without anybody's data."""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.registers import Registers
from exchange.client import ClientError, Refused
from tests.integration.cli.conftest import Run
from tests.integration.policy.wrong_requests import INCOME
from tests.support.broker import Site, running
from tests.support.questions import SLUGS, case, granted, question_of

DESCRIBED = (
    *("--consumer", "91000008", "--purpose", "pension.supplement", "--legal-basis", "udl.5.pension"),
    *("--agreement", "udk-eindkomst", "--dataset", "eindkomst.indkomst", "--role", "spouse"),
    *("--key", "personnummer", "--attribute", "loenindkomst", "--attribute", "maaned"),
    *("--time", "2026-11-21T20:00:00Z"),
)


@dataclass(frozen=True)
class Kept:
    """A log: a grant, a refusal of a child's income, and a request whose signature did not hold."""

    config: Path
    refused: str  # its request id
    secrets: tuple[str, ...]  # whom and what the records are about


@pytest.fixture(scope="module")
def kept(
    keys: Path, register_folder: Path, generated: Registers, tmp_path_factory: pytest.TempPathFactory
) -> Kept:
    """A log to read, with nobody writing to it."""
    site = Site(keys, register_folder, tmp_path_factory.mktemp("explained"))
    child = case(generated, "child-income-by-role")
    with running(site) as start:
        broker = start()
        with broker.client(SLUGS[child.request.consumer]) as client:
            client.exchange(granted(generated))
            with pytest.raises(Refused) as ended:
                client.exchange(question_of(child))
            with suppress(ClientError):
                client.exchange(granted(generated, dataset="cpr.nothing"))
    receipt = ended.value.receipt
    assert receipt is not None
    question = question_of(child)
    secrets = (question.subject.value, question.caseworker, question.case_reference)
    return Kept(site.write_config(), receipt.entry.request_id or "", secrets)


def test_recorded_refusal_is_explained(run: Run, kept: Kept) -> None:
    """By its id or its index: what failed, that it is the decision that was recorded, and nothing sealed."""
    by_id = run("policy", "explain", "--config", kept.config, "--request-id", kept.refused)
    assert (0, "") == (by_id.status, by_id.err)
    for words in ("Refused", "SUBJECT_IS_CHILD", "Boligstøtteloven § 8(4)", "the same decision now"):
        assert words in by_id.said
    assert by_id.out == run("policy", "explain", "--config", kept.config, "--index", "1").out
    document = run("policy", "explain", "--config", kept.config, "--index", "1", "--json").out
    assert json.loads(document)["recorded"]["same_decision_now"]
    for secret in kept.secrets:
        assert secret not in by_id.out + document


def test_recorded_grant_is_explained(run: Run, kept: Kept, tmp_path: Path) -> None:
    """A grant has every condition held; its page says so in Danish where that is chosen."""
    page = tmp_path / "page.html"
    ran = run(
        "policy", "explain", "-c", kept.config, "--index", "0", "--html", page, "--lang", "da", "--json"
    )
    document = json.loads(ran.out)
    assert (True, "granted") == (document["allow"], document["recorded"]["outcome"])
    assert {"held", "moot"} == {c["status"] for c in document["conditions"]}
    text = page.read_text("utf-8")
    assert 'id="lang-da" checked' in text
    assert not any(secret in text for secret in kept.secrets)


def test_request_that_no_policy_decided_is_told(run: Run, kept: Kept) -> None:
    """An exchange that ended before the decision has none to explain: the recorded reason is named."""
    ran = run("policy", "explain", "--config", kept.config, "--index", "2")
    assert 1 == ran.status
    assert "ended before the policies were asked: " in ran.said


def test_erased_request_is_told(
    run: Run, keys: Path, register_folder: Path, generated: Registers, tmp_path: Path
) -> None:
    """Once the subject's key is gone there is nothing to explain, and the command says so."""
    site = Site(keys, register_folder, tmp_path)
    with running(site) as start, start().client() as client:
        client.exchange(granted(generated))
    config = site.write_config()
    keys_of_subjects = sqlite3.connect(tmp_path / "keys.db")
    with keys_of_subjects:
        assert keys_of_subjects.execute("DELETE FROM vault_keys").rowcount
    keys_of_subjects.close()
    ran = run("policy", "explain", "--config", config, "--index", "0")
    assert (1, True) == (ran.status, "has been erased" in ran.said)


def test_unknown_entry_is_told(run: Run, kept: Kept) -> None:
    """No such entry: status 1 and a message, no traceback."""
    ran = run("policy", "explain", "--config", kept.config, "--index", "99")
    assert (1, True) == (ran.status, "no such entry" in ran.said)


def test_database_that_is_no_log_is_told(run: Run, keys: Path, register_folder: Path, tmp_path: Path) -> None:
    """An empty file in the log's place is an error, no traceback."""
    for name in ("log.db", "keys.db"):
        (tmp_path / name).touch()
    config = Site(keys, register_folder, tmp_path).write_config()
    ran = run("policy", "explain", "--config", config, "--index", "0")
    assert (1, True) == (ran.status, "the log cannot be read" in ran.said)


def test_described_request_is_explained(run: Run) -> None:
    """From options alone: the law that takes the wages out, and the request that would be granted."""
    ran = run("policy", "explain", *DESCRIBED)
    assert 0 == ran.status
    for words in ("WORK_INCOME_NO_LONGER_RELEVANT", "Leave out loenindkomst.", "Grants: maaned"):
        assert words in ran.said
    danish = run("policy", "explain", *DESCRIBED, "--lang", "da").said
    for words in ("Afvist: en oplysning gives ikke", "Udelad loenindkomst.", "lov nr. 875/2022"):
        assert words in danish


def test_proposal_can_be_explained_in_turn(run: Run, tmp_path: Path) -> None:
    """A proposal's input, read back from JSON, is granted whole."""
    document = json.loads(run("policy", "explain", *DESCRIBED, "--json").out)
    file = tmp_path / "input.json"
    file.write_text(json.dumps(document["proposals"][0]["input"]), "utf-8")
    again = json.loads(run("policy", "explain", "--input", file, "--json").out)
    assert ("Granted", [], ["maaned"]) == (again["outcome"]["en"], again["proposals"], again["granted"])


def test_hypothetical_consent_fits(run: Run, tmp_path: Path) -> None:
    """With --consent a consent that fits is cited; without it the consent is what is missing."""
    described = (
        *("--consumer", "92000028", "--purpose", "early-retirement.health", "--legal-basis", "sl.43"),
        *("--agreement", "odense-sundhed", "--dataset", "sundhed.journaludtraek", "--role", "applicant"),
        *("--key", "personnummer", "--attribute", "diagnosekode"),
    )
    assert "Granted" in run("policy", "explain", *described, "--consent").said
    assert "CONSENT_MISSING" in run("policy", "explain", *described).said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name one request"),
        (("--index", "1", "--request-id", "x"), "name one request"),
        (("--consumer", "91000008"), "a request also needs --purpose"),
        ((*DESCRIBED, "--dataset", "unknown.thing"), "name its --provider"),
    ],
    ids=["nothing", "two", "half", "unknown-dataset"],
)
def test_wrong_use_is_told(run: Run, arguments: tuple[str, ...], told: str) -> None:
    """What is missing or too much is named, with status 2."""
    ran = run("policy", "explain", *arguments)
    assert (2, True) == (ran.status, told in ran.said)


@pytest.mark.parametrize("content", ["{", "[]", '{"attributes": "status"}', "\udcff"])
def test_file_that_holds_no_policy_input_is_told(run: Run, tmp_path: Path, content: str) -> None:
    """Anything else than an object with a list of attributes is an error that names the file."""
    file = tmp_path / "input.json"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    ran = run("policy", "explain", "--input", file)
    assert (1, True) == (ran.status, "input.json holds no" in ran.said)


def test_malformed_fields_are_explained_as_such(run: Run, tmp_path: Path) -> None:
    """A policy input whose fields have the wrong kind is explained: it is not well formed."""
    file = tmp_path / "input.json"
    file.write_text(json.dumps({**INCOME, "attributes": [{"a": 1}], "time": ["x"], "consumer": 7}), "utf-8")
    ran = run("policy", "explain", "--input", file)
    assert (0, True) == (ran.status, "INPUT_INVALID" in ran.said)
