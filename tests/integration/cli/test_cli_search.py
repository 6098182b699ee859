"""`hjemmel log search`: on the operator's machine, beside a running broker or without one."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

from adapters.registers import Registers
from tests.integration.cli.conftest import Ran, Run
from tests.support.broker import RunningBroker, Site
from tests.support.questions import granted
from tests.support.verdict import CASE, CASEWORKER

GROUND = ("--ground", "gdpr.5.2")


def told(run: Run, monkeypatch: pytest.MonkeyPatch, text: str, *arguments: object) -> Ran:
    """Runs a command with something on its standard input."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    return run(*arguments)


def document(ran: Ran) -> dict[str, Any]:
    """What a command printed for programs."""
    assert 0 == ran.status, ran.said
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_records_are_found_beside_a_broker(
    run: Run, start: Any, generated: Registers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what is public and by what is sealed; each search is an entry, and nobody is named in it."""
    broker: RunningBroker = start()
    config = broker.site.write_config()
    question = granted(generated)
    with broker.client() as client:
        for _ in range(3):
            client.exchange(question)
    ask = ("log", "search", "--config", config, *GROUND)
    found = document(run(*ask, "--purpose", question.purpose, "--outcome", "granted", "--json"))
    assert ([2, 1, 0], 3, 3) == ([r["index"] for r in found["records"]], found["count"], found["queried"])
    subject = question.subject
    lines = f"{subject.value}\n{question.caseworker}\n{question.case_reference}\n"
    sealed = ("--subject", subject.kind, "--caseworker", "--case", "--kind", "exchange")
    by_person = told(run, monkeypatch, lines, *ask, *sealed)
    assert (0, True) == (by_person.status, "3 of 3 records" in by_person.said)
    assert not any(v in by_person.said for v in (subject.value, CASEWORKER, CASE))
    queried = document(run("log", "search", "--config", config, *GROUND, "--kind", "queried", "--json"))
    details = [r["entry"]["details"] for r in queried["records"]]
    assert ["subject caseworker case", ""] == [d["sealed"] for d in details]
    assert "matched" not in details[0]
    counted = document(run(*ask, "--by", "purpose", "--kind", "exchange", "--json"))
    assert [{"value": question.purpose, "count": 3}] == counted["by"]
    assert "3 records" in run(*ask, "--by", "day", "--kind", "exchange").said
    report = document(run("log", "verify", "--config", config, "--json"))
    assert (True, 5) == (report["holds"], report["by_outcome"]["queried"])


def test_pages_go_on_where_they_ended(run: Run, start: Any, generated: Registers) -> None:
    """With the token of the page before, and for no other search."""
    broker: RunningBroker = start()
    config = broker.site.write_config()
    with broker.client() as client:
        for _ in range(3):
            client.exchange(granted(generated))
    ask = ("log", "search", "--config", config, *GROUND, "--size", 2, "--json", "--kind")
    first = document(run(*ask, "exchange"))
    second = document(run(*ask, "exchange", "--page", first["next"]))
    assert ([2, 1], [0], "") == (
        [r["index"] for r in first["records"]],
        [r["index"] for r in second["records"]],
        second["next"],
    )
    other = run(*ask, "dry_run", "--page", first["next"])
    assert (1, True) == (other.status, "another search" in other.said)


def test_an_officer_sees_one_side(run: Run, start: Any, generated: Registers) -> None:
    """With --as, what the authority took part in, and nothing else."""
    broker: RunningBroker = start()
    config = broker.site.write_config()
    with broker.client() as client:
        client.exchange(granted(generated))
    ask = ("log", "search", "--config", config, *GROUND, "--json", "--kind", "exchange", "--as")
    assert 1 == document(run(*ask, "91000008"))["count"]
    assert 0 == document(run(*ask, "92000028"))["count"]


def test_what_nobody_records_is_not_answered(run: Run, start: Any, generated: Registers, site: Site) -> None:
    """Without a broker the search is refused; with --own it is recorded here, and the one before as well."""
    broker: RunningBroker = start()
    with broker.client() as client:
        client.exchange(granted(generated))
    broker.stop()
    config = site.write_config()
    ask = ("log", "search", "--config", config, *GROUND, "--json")
    refused = run(*ask, "--wait", "0.2")
    assert (1, "", True) == (refused.status, refused.out, "not answered" in refused.said)
    assert 1 == document(run(*ask, "--own"))["count"]
    assert 2 == document(run(*ask, "--own", "--kind", "queried"))["count"]


@pytest.mark.parametrize(
    "wrong",
    [
        ("--ground", "0101011234"),
        ("--ground", "a b"),
        ("--from", "yesterday"),
        ("--to", "2026-11-21T08:00:00"),
        ("--by", "name"),
    ],
)
def test_wrong_use_is_told(run: Run, site: Site, wrong: tuple[str, str]) -> None:
    """A ground that could be somebody's number, a time without its zone: before anything is opened."""
    ran = run("log", "search", "--config", site.write_config(), *GROUND, *wrong)
    assert 2 == ran.status
