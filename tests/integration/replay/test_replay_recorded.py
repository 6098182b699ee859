"""Invariant 10: every decision can be made again, from its recorded input and the archived policy set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from adapters.registers import Registers
from audit.errors import LogError
from audit.vault.vault import MasterKeyError
from exchange.policy.policy_set import PolicySet
from exchange.workbench.replay import run as replaying
from exchange.workbench.replay.span import Bound, Span, SpanError
from exchange.workbench.replay.worker import Job
from tests.bench.replay import generate
from tests.integration.replay.conftest import (
    DRY_RUN,
    INTERRUPTED,
    PLANTED,
    UNKNOWN,
    Decide,
    Logged,
    at,
    numbers,
)
from tests.support.broker import RunningBroker
from tests.support.logs import LogSite
from tests.support.policies import INCOME
from tests.support.questions import granted
from tests.support.recorded import decided

ALL = PLANTED + 6


def bound(text: str | None) -> Bound | None:
    return Bound.parse(text) if text else None


def test_invariant_10_every_decision_comes_out_as_recorded(logged: Logged, policies: PolicySet) -> None:
    """Granted, refused, withheld, dry run, repeated, failed, interrupted: each comes out the same."""
    report = logged.replay()
    assert ([], True) == (report.tally.findings, report.holds)
    entries = asdict(report.tally.entries)
    expected = {
        "read": ALL,
        "replayed": ALL - 2,
        "without_input": 1,
        "undecided": 1,
        "events": 0,
        "erased": 0,
        "broken": 0,
    }
    assert expected == entries
    assert Counter({policies.revision: ALL - 2}) == report.tally.revisions


def test_same_policy_set_changes_nothing(logged: Logged, policies: PolicySet) -> None:
    """As its own candidate, the set that decided changes no decision."""
    report = logged.replay(policies)
    assert {"unchanged": ALL - 2} == numbers(report)


def test_number_of_workers_makes_no_difference(kept: Logged, policies: PolicySet) -> None:
    """One process or two: the same report, but for how many decisions were remembered."""
    alone, together = kept.replay(policies, workers=1), kept.replay(policies, workers=2)
    assert {**alone.document(), "evaluations": 0} == {**together.document(), "evaluations": 0}


@pytest.mark.parametrize("workers", [1, 2])
def test_same_input_is_decided_once(
    written: Callable[..., Logged], decide: Decide, policies: PolicySet, workers: int
) -> None:
    """Requests that ask the same in the same hour cost one decision a process, and count in full."""
    entries = [decided(n, INCOME, decide(INCOME)) for n in range(50)]
    report = written(*entries).replay(policies, workers=workers, remembered=10)
    assert (50, {"unchanged": 50}) == (report.tally.entries.replayed, numbers(report))
    assert report.tally.evaluations <= 2 * workers


def test_nothing_remembered_comes_to_the_same(kept: Logged, policies: PolicySet) -> None:
    """Remembering decisions saves time and changes nothing else."""
    remembered, forgotten = kept.replay(policies), kept.replay(policies, remembered=0)
    assert {**remembered.document(), "evaluations": 0} == {**forgotten.document(), "evaluations": 0}
    assert forgotten.tally.evaluations >= max(remembered.tally.evaluations, forgotten.tally.compared)


def test_replay_beside_a_running_broker(start: Callable[..., RunningBroker], generated: Registers) -> None:
    """A broker goes on recording while its log is replayed, and loses nothing."""
    broker = start()
    logged = Logged(broker.settings)
    with broker.client() as client:
        for expected in range(1, 4):
            client.exchange(granted(generated))
            report = logged.replay()
            assert (expected, True) == (report.tally.entries.replayed, report.holds)


def test_replay_writes_nothing(kept: Logged, policies: PolicySet) -> None:
    """Both databases stay byte for byte as they were."""
    files = [Path(url.removeprefix("sqlite:///")) for url in (kept.settings.log.url, kept.settings.vault.url)]
    before = [file.read_bytes() for file in files]
    kept.replay(policies)
    assert before == [file.read_bytes() for file in files]


def test_erased_subject_is_counted_and_not_guessed(kept: Logged, policies: PolicySet) -> None:
    """What was erased can be neither confirmed nor compared, and is no finding."""
    index = at("consent-valid")
    key = kept.cell('SELECT key_id FROM vault_sealed WHERE "index" = :i', i=index)
    shared = kept.cell("SELECT count(*) FROM vault_sealed WHERE key_id = :k", k=key)
    kept.erase(key)
    report = kept.replay(policies)
    assert (shared, True) == (report.tally.entries.erased, report.holds)
    assert ALL - 2 - shared == report.tally.entries.replayed == report.tally.compared


@pytest.mark.parametrize(
    ("first", "last", "read"),
    [
        (None, None, ALL),
        ("0", "0", 1),
        ("5", "9", 5),
        (str(INTERRUPTED), None, 1),
        ("3", "99999", ALL - 3),
        ("2000-01-01", None, ALL),
        (None, "2000-01-01", 0),
        ("2000-01-01", "2999-12-31", ALL),
        ("5", "2999-12-31", ALL - 5),
    ],
)
def test_span_reads_just_its_entries(kept: Logged, first: str | None, last: str | None, read: int) -> None:
    """From and to, each an index or a day, both of them within the span."""
    report = kept.replay(first=bound(first), last=bound(last))
    assert read == report.tally.entries.read


@pytest.mark.parametrize(
    ("first", "last"),
    [("100", None), ("9", "8"), ("2026-02-01", "2026-01-31")],
    ids=["beyond", "back", "days"],
)
def test_span_that_cannot_be_is_refused(kept: Logged, first: str, last: str | None) -> None:
    """A span beyond the log, or that ends before it begins, is a mistake and not an empty success."""
    with pytest.raises(SpanError):
        kept.replay(first=bound(first), last=bound(last))


@pytest.mark.parametrize("text", ["", "-1", "x", "2026-13-01", "2026-1-1", "21-11-2026", "٣"])
def test_bound_is_an_index_or_a_day(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(SpanError, match="index or a date"):
        Bound.parse(text)


def test_empty_log_holds(written: Callable[..., Logged]) -> None:
    """Nothing was recorded, nothing contradicts it."""
    report = written().replay()
    assert (0, True) == (report.tally.entries.read, report.holds)


def test_wrong_master_key_is_said(kept: Logged, tmp_path: Path) -> None:
    """Another vault's key opens nothing, and no entry is blamed for it."""
    other = tmp_path / "other.key"
    other.write_bytes(bytes(32))
    other.chmod(0o600)
    for workers in (1, 2):
        with pytest.raises(MasterKeyError):
            kept.replay(workers=workers, master_key=other)


def test_missing_master_key_is_said(kept: Logged, tmp_path: Path) -> None:
    """Also from a worker process, the error arrives as what it is."""
    for workers in (1, 2):
        with pytest.raises(LogError, match="cannot be read"):
            kept.replay(workers=workers, master_key=tmp_path / "nowhere.key")


def test_dry_runs_and_exchanges_are_told_apart(kept: Logged, policies: PolicySet) -> None:
    """A group by kind says how many of the decisions were rehearsals."""
    report = kept.replay(policies, Bound(index=DRY_RUN), Bound(index=UNKNOWN))
    kinds = {kind: count.number for (_, kind, _), count in report.tally.groups.items() if kind == "dry_run"}
    assert {"dry_run": 1} == kinds


def test_generated_log_of_the_benchmark_is_one(tmp_path: Path) -> None:
    """What speed is measured on is a whole log: it verifies, and every decision comes out as recorded."""
    generate(tmp_path, 600, rate=400)
    site = LogSite(f"sqlite:///{tmp_path}/log.db", f"sqlite:///{tmp_path}/keys.db", tmp_path)
    verified = site.verify()
    job = Job(site.url, site.keys_url, site.settings.master_key, Span.of(600))
    tally = replaying.replay(job)
    assert (601, True, 0) == (verified.entries, verified.holds, sum(tally.problems.values()))
    assert verified.erased == tally.entries.erased
