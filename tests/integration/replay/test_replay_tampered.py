"""Whatever was changed in a record, a replay names the entry; what it cannot tell, it does not guess."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from audit.files import read_private
from audit.formats.entry import POLICY_CHANGED, Event, Submission
from audit.vault import vault
from audit.vault.pages import Place
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import KeyName, MasterKey, Opened
from exchange.model.trace import AppliedObligation, Outcome
from exchange.policy.embedded import EmbeddedEngine
from exchange.policy.policy_set import PolicyError, PolicySet
from exchange.workbench.replay.findings import Problem
from exchange.workbench.replay.report import Report
from tests.integration.replay.conftest import PLANTED, Decide, Logged, at
from tests.support.policies import INCOME
from tests.support.recorded import decided

Write = Callable[..., Logged]
NEVER = "0" * 64


def found(report: Report) -> list[tuple[int, Problem]]:
    """Where, and what kind of thing does not hold."""
    return [(f.index, f.problem) for f in report.tally.findings]


def test_altered_sealed_part_is_found(kept: Logged) -> None:
    """One bit of what is sealed: it no longer opens, and its entry is named."""
    index = at("consent-valid")
    data = kept.cell('SELECT data FROM vault_sealed WHERE "index" = :i', i=index)
    spoilt = data[:40] + bytes([data[40] ^ 1]) + data[41:]
    kept.change('UPDATE vault_sealed SET data = :d WHERE "index" = :i', d=spoilt, i=index)
    report = kept.replay()
    assert [(index, Problem.SEALED)] == found(report)
    assert "does not belong to this entry" in report.tally.findings[0].recorded
    assert kept.cell('SELECT request_id FROM log_entries WHERE "index" = :i', i=index) == (
        report.tally.findings[0].request_id
    )


@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE vault_sealed SET data = (SELECT data FROM vault_sealed WHERE "index" = 0) WHERE "index" = 1',
        'DELETE FROM vault_sealed WHERE "index" = 1',
        """UPDATE vault_sealed SET data = 'text' WHERE "index" = 1""",
        """UPDATE vault_sealed SET data = x'00' WHERE "index" = 1""",
    ],
    ids=["swapped", "deleted", "text", "short"],
)
def test_sealed_part_of_another_kind_is_found(kept: Logged, statement: str) -> None:
    """A sealed part that is another entry's, gone or no sealed part at all is a finding, no erasure."""
    kept.change(statement)
    report = kept.replay()
    assert [(1, Problem.SEALED)] == found(report)
    assert (0, 1) == (report.tally.entries.erased, report.tally.entries.broken)


def test_altered_subject_key_is_found_with_its_entries(kept: Logged) -> None:
    """A key that does not unwrap breaks the entries sealed under it, and no others."""
    index = at("consent-valid")
    key = kept.cell('SELECT key_id FROM vault_sealed WHERE "index" = :i', i=index)
    shared = kept.cell("SELECT count(*) FROM vault_sealed WHERE key_id = :k", k=key)
    kept.change("UPDATE vault_keys SET wrapped = :w WHERE key_id = :k", keys=True, w=bytes(60), k=key)
    assert [Problem.SEALED] * shared == [problem for _, problem in found(kept.replay())]


def test_value_that_the_entry_does_not_commit_to_is_found(written: Write, decide: Decide) -> None:
    """Whoever has every key can seal another input for an entry; its commitment tells."""
    logged = written(decided(0, INCOME, decide(INCOME)))
    leaf = logged.cell('SELECT leaf FROM log_entries WHERE "index" = 0')
    key_id, page, slot = (
        logged.cell(f'SELECT {column} FROM vault_sealed WHERE "index" = 0')
        for column in ("key_id", "page", "slot")
    )
    data = logged.cell('SELECT data FROM vault_sealed WHERE "index" = 0')
    with logged.engine(logged.settings.vault.url) as engine:
        keys = SubjectKeys(engine, MasterKey(read_private(logged.settings.vault.master_key)))
        key = keys.find(KeyName(key_id, Place(page, slot)))
    assert key is not None
    opened = vault.unseal(key, leaf, data)
    other = opened.values["policy_input"].replace(b"bsl.8", b"bsl.9")
    forged = vault.seal(key, leaf, Opened(opened.openings, {**opened.values, "policy_input": other}))
    logged.change('UPDATE vault_sealed SET data = :d WHERE "index" = 0', d=forged)
    report = logged.replay()
    assert [(0, Problem.SEALED)] == found(report)
    assert "not what the entry commits to" in report.tally.findings[0].recorded


def test_missing_entry_is_found(kept: Logged) -> None:
    """A gap in the span is named; the others are decided again."""
    kept.change('DELETE FROM log_entries WHERE "index" = 7')
    report = kept.replay()
    assert [(7, Problem.ENTRY)] == found(report)
    assert "is missing" == report.tally.findings[0].recorded


@pytest.mark.parametrize("leaf", [b"", b"{}", b"\xff", b"[1]", b'{"time":1}', b'{"v":1}', "text"])
def test_entry_that_is_none_is_found(kept: Logged, leaf: object) -> None:
    """Whatever stands in an entry's place is named and stops nothing."""
    kept.change('UPDATE log_entries SET leaf = :l WHERE "index" = 7', l=leaf)
    assert [(7, Problem.ENTRY)] == found(kept.replay())


def test_altered_entry_no_longer_opens(kept: Logged) -> None:
    """What is sealed is bound to the whole public part: one more attribute granted, and it does not open."""
    leaf = kept.cell('SELECT leaf FROM log_entries WHERE "index" = 0')
    more = leaf.replace(
        b'"attributes_granted":["civilstand"', b'"attributes_granted":["adresse","civilstand"'
    )
    assert leaf != more
    kept.change('UPDATE log_entries SET leaf = :l WHERE "index" = 0', l=more)
    assert [(0, Problem.SEALED)] == found(kept.replay())


def test_missing_revision_is_found(written: Write, decide: Decide) -> None:
    """A decision whose policy set is not archived cannot be confirmed."""
    logged = written(decided(0, INCOME, decide(INCOME)), archive=False)
    report = logged.replay()
    assert [(0, Problem.REVISION)] == found(report)
    assert decide(INCOME).revision == report.tally.findings[0].recorded


def test_replaced_archive_is_found(kept: Logged, policies: PolicySet) -> None:
    """Another policy set archived under a revision is not of its digest, and decides nothing."""
    other = replace(policies, data={**policies.data, "agreements": {}}).bundle
    kept.change("UPDATE policy_revisions SET bundle = :b", b=other)
    report = kept.replay()
    assert {Problem.REVISION} == {problem for _, problem in found(report)}
    assert (0, PLANTED + 4) == (report.tally.entries.replayed, report.tally.entries.broken)
    assert 0 == report.tally.findings[0].index
    assert "another one is archived" in report.tally.findings[0].computed


@pytest.mark.parametrize(
    "bundle", [b"{}", b'{"format":"hjemmel-policy-set/1","modules":{"a":"x"},"data":{}}']
)
def test_archived_set_that_cannot_decide_is_found(written: Write, decide: Decide, bundle: bytes) -> None:
    """An archive of the right digest that is no policy set, or does not compile, is a finding."""
    revision = sha256(bundle).hexdigest()
    logged = written(decided(0, INCOME, decide(INCOME), policy_revision=revision), archive=False)
    insert = "INSERT INTO policy_revisions (revision, bundle) VALUES (:r, :b)"
    logged.change(insert, r=revision, b=bundle)
    assert [(0, Problem.REVISION)] == found(logged.replay())


def test_archived_set_that_would_no_longer_be_published_decides(
    written: Write, decide: Decide, policies: PolicySet
) -> None:
    """What is allowed in policies may grow stricter; what an older set decided can still be confirmed."""
    more = {**policies.modules, "more.rego": 'package more\n\nx := base64.encode("a")\n'}
    older = PolicySet(more, policies.data)
    with pytest.raises(PolicyError):
        EmbeddedEngine(older, timeout=1)
    logged = written(decided(0, INCOME, decide(INCOME), policy_revision=older.revision))
    insert = "INSERT INTO policy_revisions (revision, bundle) VALUES (:r, :b)"
    logged.change(insert, r=older.revision, b=older.bundle)
    report = logged.replay()
    assert (1, True) == (report.tally.entries.replayed, report.holds)


GRANT = ("loenindkomst", "maaned")
WITHHELD = AppliedObligation("withhold_when_child", "cpr.person.foedselsdato", "withheld")


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"attributes_granted": (*GRANT, "pensionsindkomst")}, {Problem.GRANTED}),
        ({"attributes_granted": ("maaned",)}, {Problem.GRANTED}),
        ({"attributes_granted": ()}, {Problem.GRANTED}),
        ({"legal_basis_version": "1999-1"}, {Problem.VERSION}),
        ({"attributes_released": (*GRANT, "pensionsindkomst")}, {Problem.RELEASED}),
        ({"attributes_released": ("maaned",)}, {Problem.RELEASED}),
        ({"reasons": ("SUBJECT_IS_CHILD",)}, {Problem.REASONS}),
        ({"obligations": ()}, {Problem.OBLIGATIONS}),
        (
            {"obligations": (replace(WITHHELD, id="other"),)},
            {Problem.OBLIGATIONS, Problem.REASONS, Problem.RELEASED},
        ),
        ({"obligations": (WITHHELD,)}, {Problem.REASONS, Problem.RELEASED}),
        ({"obligations": (replace(WITHHELD, effect="indicated"),)}, {Problem.OBLIGATIONS}),
        ({"outcome": Outcome.REFUSED}, {Problem.OUTCOME, Problem.RELEASED}),
        (
            {"outcome": Outcome.REFUSED, "attributes_granted": ()},
            {Problem.OUTCOME, Problem.GRANTED, Problem.RELEASED},
        ),
        ({"outcome": Outcome.INTERRUPTED}, {Problem.RELEASED}),
        ({"purpose": "pension.supplement"}, {Problem.INPUT}),
        ({"consumer": "92000028"}, {Problem.INPUT}),
        ({"provider": "95000088"}, {Problem.INPUT}),
        ({"processor": "90000160"}, {Problem.INPUT}),
        ({"dataset": "cpr.person"}, {Problem.INPUT}),
        ({"legal_basis": "bsl.8a"}, {Problem.INPUT}),
        ({"agreement": "udk-skat"}, {Problem.INPUT}),
        ({"law_date": "2020-01-01"}, {Problem.INPUT}),
        ({"kind": "dry_run"}, {Problem.INPUT, Problem.RELEASED}),
        ({"attributes_asked": ("maaned",)}, {Problem.INPUT}),
        ({"policy_input": None}, {Problem.INPUT}),
        ({"policy_input": None, "outcome": Outcome.FAILED}, {Problem.INPUT}),
        ({"policy_revision": NEVER}, {Problem.REVISION}),
        ({"policy_revision": ""}, {Problem.REVISION}),
    ],
)
def test_entry_that_claims_something_else_is_found(
    written: Write, decide: Decide, changes: dict[str, Any], problems: set[Problem]
) -> None:
    """A signed entry between two honest ones that says what its input does not lead to is named, with why."""
    honest = [decided(n, INCOME, decide(INCOME)) for n in (0, 2)]
    report = written(honest[0], decided(1, INCOME, decide(INCOME), **changes), honest[1]).replay()
    assert {1} == {index for index, _ in found(report)}
    assert problems == {problem for _, problem in found(report)}


CURIOUS = {**INCOME, "purpose": "curiosity"}
MANY = {**INCOME, "attributes": ["loenindkomst", "maaned", "status"], "partial_acceptable": True}


@pytest.mark.parametrize(
    ("policy_input", "changes", "problems"),
    [
        (CURIOUS, {}, set()),
        (CURIOUS, {"reasons": ()}, {Problem.REASONS}),
        (CURIOUS, {"reasons": ("AGREEMENT_ENDED",)}, {Problem.REASONS}),
        (CURIOUS, {"reasons": ("REQUEST_ID_REUSED",)}, set()),
        (CURIOUS, {"outcome": Outcome.GRANTED, "reasons": ()}, {Problem.OUTCOME, Problem.REASONS}),
        (CURIOUS, {"attributes_granted": ("maaned",)}, {Problem.OUTCOME, Problem.GRANTED}),
        (CURIOUS, {"outcome": Outcome.FAILED}, {Problem.OUTCOME}),
        (CURIOUS, {"outcome": Outcome.INTERRUPTED}, {Problem.OUTCOME}),
        (CURIOUS, {"obligations": (WITHHELD,)}, {Problem.OBLIGATIONS}),
        (MANY, {}, set()),
        (MANY, {"reasons": ()}, {Problem.REASONS}),
        (MANY, {"reasons": ("ATTRIBUTE_NOT_COVERED", "SUBJECT_IS_CHILD")}, {Problem.REASONS}),
        (
            INCOME,
            {"outcome": Outcome.FAILED, "reasons": ("REGISTER_TIMEOUT",), "attributes_released": ()},
            set(),
        ),
        (INCOME, {"outcome": Outcome.FAILED, "obligations": (), "attributes_released": ()}, set()),
        (INCOME, {"outcome": Outcome.INTERRUPTED, "obligations": (), "attributes_released": ()}, set()),
        (
            INCOME,
            {
                "outcome": Outcome.REFUSED,
                "reasons": ("SUBJECT_IS_CHILD",),
                "obligations": (WITHHELD,),
                "attributes_released": (),
            },
            set(),
        ),
        (
            INCOME,
            {"outcome": Outcome.REFUSED, "reasons": ("SUBJECT_IS_CHILD",), "attributes_released": ()},
            {Problem.OUTCOME, Problem.REASONS},
        ),
        (
            INCOME,
            {"outcome": Outcome.REFUSED, "reasons": ("REQUEST_ID_REUSED",), "attributes_released": ()},
            set(),
        ),
        (INCOME, {"attributes_released": ()}, set()),
        ({**INCOME, "kind": "dry_run"}, {}, set()),
        ({**INCOME, "kind": "dry_run"}, {"attributes_released": GRANT}, {Problem.RELEASED}),
    ],
)
def test_each_outcome_is_held_to_what_it_records(
    written: Write,
    decide: Decide,
    policy_input: dict[str, Any],
    changes: dict[str, Any],
    problems: set[Problem],
) -> None:
    """What an outcome does not record is not asked of it; what it records must follow from the decision."""
    report = written(decided(0, policy_input, decide(policy_input), **changes)).replay()
    assert problems == {problem for _, problem in found(report)}


@pytest.mark.parametrize(
    ("time", "consent", "holds"),
    [
        ("2026-11-21T20:00:00Z", None, True),
        ("2026-11-21T20:59:59Z", None, True),
        ("2026-11-21T21:00:00Z", None, False),
        ("2026-11-20T20:00:00Z", None, False),
        ("2026-11-21T20:00:59Z", {"reference": "cited", "known": False}, False),
        ("2026-11-21T20:00:00Z", {"reference": "cited", "known": False}, True),
    ],
)
def test_time_of_the_input_is_that_of_the_entry(
    written: Write,
    decide: Decide,
    time: str,
    consent: dict[str, Any] | None,
    holds: bool,  # noqa: FBT001  # a parameter of the table
) -> None:
    """To the second where a consent is cited, to the hour where none is."""
    asked = {**INCOME, "consent": consent}
    assert holds is written(decided(0, asked, decide(asked), time=time)).replay().holds


def test_undecided_exchange_is_counted_and_not_compared(written: Write) -> None:
    """Where the engine gave no answer there is no decision, and no revision is needed."""
    report = written(decided(0, INCOME, None), archive=False).replay()
    assert (1, 0, True) == (report.tally.entries.undecided, report.tally.entries.replayed, report.holds)


def test_undecided_exchange_may_not_have_granted(written: Write) -> None:
    """An entry without an answer that granted nevertheless is decided again, and found out."""
    entry = decided(0, INCOME, None, attributes_granted=("maaned",), policy_revision=NEVER)
    assert [(0, Problem.REVISION)] == found(written(entry).replay())


def test_findings_are_counted_though_not_all_are_kept(written: Write, decide: Decide) -> None:
    """A report stays small: the first findings by index, and the number of all."""
    wrong = [decided(n, INCOME, decide(INCOME), legal_basis_version="x") for n in range(9)]
    report = written(*wrong).replay(findings=4, workers=2)
    assert [0, 1, 2, 3] == [f.index for f in report.tally.findings]
    assert {Problem.VERSION: 9} == report.tally.problems


def test_entry_with_a_finding_is_not_compared(written: Write, decide: Decide, policies: PolicySet) -> None:
    """A decision whose record does not hold is no ground to compare a candidate on."""
    entries = [
        decided(n, INCOME, decide(INCOME), **c) for n, c in enumerate([{}, {"legal_basis_version": "x"}])
    ]
    report = written(*entries).replay(policies)
    assert (1, 1) == (report.tally.compared, sum(report.tally.problems.values()))


def test_entry_about_the_exchange_itself_is_counted(
    written: Write, decide: Decide, policies: PolicySet
) -> None:
    """A change of policy on record is no exchange and no finding."""
    event = Event(POLICY_CHANGED, "2026-11-21T20:00:00Z", None, "", {"revision": policies.revision})
    changed = Submission(event, b"policy", {}, claims_request_id=False)
    report = written(changed, decided(1, INCOME, decide(INCOME)), changed).replay(policies)
    assert (2, 1, True) == (report.tally.entries.events, report.tally.entries.replayed, report.holds)
