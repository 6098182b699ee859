"""`hjemmel request`: one exchange from the command line, for people and for programs."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.registers import Registers
from audit.formats import proof_file
from exchange.client import Credentials
from tests.integration.cli.conftest import Run, options
from tests.support.broker import RunningBroker
from tests.support.questions import case, granted, question_of

Asking = Callable[..., list[str]]


def test_granted_request_shows_its_data(run: Run, asking: Asking) -> None:
    """A table of what was granted, the law, and where it was recorded."""
    ran = run(*asking())
    assert (0, "") == (ran.status, ran.err)
    assert "loenindkomst" in ran.out
    assert re.search(r"recorded as entry \d+; the receipt holds", ran.said)
    assert "under Boligstøtteloven" in ran.said


def test_granted_request_is_json_for_programs(run: Run, asking: Asking, generated: Registers) -> None:
    """Records with their types, what was withheld, the law and the receipt's place."""
    ran = run(*asking(), "--json")
    assert (0, "") == (ran.status, ran.err)
    document = json.loads(ran.out)
    assert 24 == len(document["records"])
    assert set(granted(generated).attributes) >= set(document["records"][0])
    assert isinstance(document["records"][0]["loenindkomst"], int)
    assert [] == document["withheld"]
    assert document["receipt"]["size"] > document["receipt"]["index"] >= 0
    assert 64 == len(document["law"]["policy_revision"])


def test_withheld_attributes_are_explained(run: Run, asking: Asking, generated: Registers) -> None:
    """What did not come is named with the reason, beside what did."""
    question = question_of(case(generated, "protected-address-private"))
    arguments = asking(question, "fjordbanken")
    ran = run(*arguments)
    assert 0 == ran.status
    assert "withheld adresseringsnavn: " in ran.said
    document = json.loads(run(*arguments, "--json").out)
    assert {"SUBJECT_PROTECTED"} == {w["code"] for w in document["withheld"]}
    assert [{"status"}] == [set(r) for r in document["records"]]


def test_no_record_is_an_answer(run: Run, asking: Asking, generated: Registers) -> None:
    """Nothing found is said as such, with its receipt."""
    ran = run(*asking(question_of(case(generated, "family-ownership"))))
    assert 0 == ran.status
    assert "the register has no record" in ran.said


def test_refused_request_ends_with_one_and_the_law(run: Run, asking: Asking, generated: Registers) -> None:
    """Nothing on standard output; the reason and its law on standard error."""
    ran = run(*asking(question_of(case(generated, "child-income-by-role"))))
    assert (1, "") == (ran.status, ran.out)
    assert "SUBJECT_IS_CHILD" in ran.said
    assert "Boligstøtteloven § 8(4)" in ran.said


def test_refused_request_is_json_for_programs(run: Run, asking: Asking, generated: Registers) -> None:
    """Code, reasons in both languages, and the entry that the refusal became."""
    ran = run(*asking(question_of(case(generated, "child-income-by-role"))), "--json")
    assert (1, "") == (ran.status, ran.out)
    document = json.loads(ran.err)
    assert "SUBJECT_IS_CHILD" == document["code"] == document["reasons"][0]["code"]
    assert document["reasons"][0]["en"]
    assert document["reasons"][0]["da"]
    assert document["index"] >= 0
    assert "SUBJECT_IS_CHILD" in document["error"]


def test_malformed_request_names_the_fields(run: Run, asking: Asking) -> None:
    """A malformed identifier is named by its field, and not repeated."""
    arguments = asking()
    arguments[arguments.index("--subject") + 1] = "1234"
    ran = run(*arguments)
    assert 1 == ran.status
    assert "subject.value must be 10 digits" in ran.said
    assert "1234" not in ran.said


def test_dry_run_reads_nothing(run: Run, asking: Asking, generated: Registers) -> None:
    """`--dry-run` says what would be granted and refused."""
    arguments = [*asking(question_of(case(generated, "law-change-after"))), "--dry-run"]
    ran = run(*arguments)
    assert 0 == ran.status
    assert "would be granted: maaned" in ran.said
    assert "withheld loenindkomst: " in ran.said
    document = json.loads(run(*arguments, "--json").out)
    assert [{"attribute": "loenindkomst", "code": "WORK_INCOME_NO_LONGER_RELEVANT"}] == document["refused"]
    assert "records" not in document


@pytest.mark.parametrize(
    "name", ["family-income-applicant", "child-income-by-role"], ids=["granted", "refused"]
)
def test_receipt_is_saved(  # fixtures
    run: Run, asking: Asking, generated: Registers, called: RunningBroker, tmp_path: Path, name: str
) -> None:
    """`--receipt` saves the proof of a grant and of a refusal alike; it verifies on its own."""
    file = tmp_path / "one.tlog-proof"
    run(*asking(question_of(case(generated, name))), "--receipt", file)
    proof = proof_file.parse(file.read_text("utf-8"))
    assert proof.extra is not None
    proof.verify(proof.extra, called.site.credentials("udbetaling-danmark").log)


def test_receipt_that_cannot_be_saved_is_said(run: Run, asking: Asking, tmp_path: Path) -> None:
    """A place where nothing can be written is named."""
    ran = run(*asking(), "--receipt", tmp_path / "nowhere" / "r")
    assert 1 == ran.status
    assert "nowhere" in ran.said
    assert "Traceback" not in ran.err


def test_times_are_read(run: Run, asking: Asking, generated: Registers) -> None:
    """Law date and the two times of the data are taken as they are written."""
    before = question_of(case(generated, "income-as-first-reported"))
    arguments = asking(before)
    document = json.loads(run(*arguments, "--registration-time", "2024-05-01T00:00:00", "--json").out)
    assert 15 == len(document["records"])
    after = json.loads(run(*arguments, "--registration-time", "2024-09-01", "--json").out)
    assert 19 == len(after["records"])
    assert "--law-date" in options(question_of(case(generated, "working-spouse-before")))
    assert 0 == run(*asking(question_of(case(generated, "working-spouse-before")))).status
    assert timedelta(0) == timedelta()


def test_broker_that_is_not_there_is_said(run: Run, asking: Asking) -> None:
    """No answer: exit status 1 and what to do, without a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        target = f"127.0.0.1:{free.getsockname()[1]}"
    arguments = asking()
    arguments[arguments.index("--target") + 1] = target
    ran = run(*arguments)
    assert (1, "") == (ran.status, ran.out)
    assert "no answer from the broker" in ran.said
    assert "try again" in ran.said


def test_credentials_that_do_not_hold_are_said(run: Run, asking: Asking, tmp_path: Path) -> None:
    """A folder without client.json, and a key open to others, are named with what to do."""
    arguments = asking()
    folder = Path(arguments[arguments.index("--as") + 1])
    (folder / "request.key").chmod(0o644)
    assert "chmod 600" in run(*arguments).said
    (folder / "client.json").unlink()
    ran = run(*arguments)
    assert (1, True) == (ran.status, "client.json cannot be read" in ran.said)


def test_checkpoint_is_remembered_between_commands(run: Run, asking: Asking) -> None:
    """Each command goes on from the last checkpoint that the organisation saw."""
    arguments = asking()
    folder = Path(arguments[arguments.index("--as") + 1])
    run(*arguments)
    first = (folder / "last-checkpoint").read_text("utf-8")
    run(*arguments)
    assert first != (folder / "last-checkpoint").read_text("utf-8")
    assert Credentials.load(folder).memory == folder / "last-checkpoint"
