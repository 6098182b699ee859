"""What a candidate would have decided: exactly the changes that follow from it, each with its entries."""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit.errors import NotFound
from exchange.config import DEFAULT_POLICIES
from exchange.policy.bundle import pack
from exchange.policy.embedded import EmbeddedEngine
from exchange.policy.policy_set import PolicyError, PolicySet
from exchange.workbench.replay import candidate as candidates
from exchange.workbench.replay.change import NOTICED, Aspect, Effect
from exchange.workbench.replay.inputs import ADDED, upgraded
from exchange.workbench.replay.report import Report
from exchange.workbench.replay.tally import Dimension
from tests.integration.replay.conftest import PLANTED, Decide, Logged, at, numbers
from tests.support.policies import INCOME
from tests.support.recorded import decided

Write = Callable[..., Logged]


def with_agreement(policies: PolicySet, name: str, **changes: Any) -> PolicySet:
    """The same set with an agreement changed."""
    agreements = {**policies.data["agreements"], name: {**policies.data["agreements"][name], **changes}}
    return replace(policies, data={**policies.data, "agreements": agreements})


def with_text(policies: PolicySet, path: str, old: str, new: str) -> PolicySet:
    """The same set with a text of a module replaced."""
    text = policies.modules[path].replace(old, new)
    assert text != policies.modules[path]
    return replace(policies, modules={**policies.modules, path: text})


def without(policies: PolicySet, agreement: str, dataset: str, attribute: str) -> PolicySet:
    """The same set with an attribute taken out of an agreement."""
    carried = policies.data["agreements"][agreement]["datasets"]
    kept = [name for name in carried[dataset] if name != attribute]
    return with_agreement(policies, agreement, datasets={**carried, dataset: kept})


def affected(report: Report, dimension: Dimension) -> dict[str, dict[str, int]]:
    """By value, what somebody would notice."""
    return {
        row.value: {effect.value: row.number(effect) for effect in NOTICED if row.number(effect)}
        for row in report.rows(dimension)
    }


def test_attribute_dropped_refuses_those_who_ask_for_it(kept: Logged, policies: PolicySet) -> None:
    """One attribute less in one agreement: whoever asked for it is refused, nobody else notices."""
    report = kept.replay(without(policies, "udk-bbr", "bbr.enhed", "enh034Koekkenforhold"), examples=100)
    asked = [at(n) for n in ("family-area", "dwelling-without-kitchen", "mismatch-dwelling")]
    assert {"newly_refused": 3, "unchanged": PLANTED + 1} == numbers(report)
    assert asked == list(report.effect(Effect.REFUSED).examples)
    expected = {"newly_refused": 3}
    assert {"91000008": expected} == affected(report, Dimension.AUTHORITY)
    assert {"housing-benefit.area": expected} == affected(report, Dimension.PURPOSE)
    assert {"bsl.77": expected} == affected(report, Dimension.LEGAL_BASIS)
    assert {"bbr.enhed": expected} == affected(report, Dimension.DATASET)
    assert {"ATTRIBUTE_NOT_IN_AGREEMENT": expected} == affected(report, Dimension.REASON)
    assert {} == affected(report, Dimension.GAINED)
    lost = {"enh026EnhedensSamledeAreal", "enh034Koekkenforhold", "enh045Udlejningsforhold"}
    assert {f"bbr.enhed.{name}": expected for name in lost} == affected(report, Dimension.LOST)


def test_attribute_dropped_changes_those_for_whom_a_part_will_do(
    written: Write, decide: Decide, policies: PolicySet
) -> None:
    """Who said that a part will do still gets the rest: changed, with the attribute lost and its reason."""
    asked = {**INCOME, "partial_acceptable": True}
    report = written(decided(0, asked, decide(asked))).replay(
        without(policies, "udk-eindkomst", "eindkomst.indkomst", "maaned")
    )
    assert {"changed": 1} == numbers(report)
    changed = {Aspect.ATTRIBUTES: 1, Aspect.OBLIGATIONS: 1, Aspect.REASONS: 1}
    assert changed == {aspect: count.number for aspect, count in report.tally.aspects.items()}
    assert {"eindkomst.indkomst.maaned": {"changed": 1}} == affected(report, Dimension.LOST)


def test_agreement_ended_refuses_its_exchanges(kept: Logged, policies: PolicySet) -> None:
    """Grants under it become refusals; refusals stay, with one reason more; nothing else is touched."""
    ended = with_agreement(policies, "udk-eindkomst", valid_to="2020-01-01")
    report = kept.replay(ended, examples=100)
    touched = affected(report, Dimension.REASON)
    assert report.effect(Effect.REFUSED).number == touched["AGREEMENT_ENDED"]["newly_refused"]
    assert {"eindkomst.indkomst"} == affected(report, Dimension.DATASET).keys()
    assert {"91000008"} == affected(report, Dimension.AUTHORITY).keys()
    refused, changed = (set(report.effect(e).examples) for e in (Effect.REFUSED, Effect.CHANGED))
    assert {at("child-income-by-role"), at("working-spouse-after")} == changed
    assert {at("family-income-applicant"), at("law-change-after"), PLANTED, PLANTED + 5} <= refused
    assert 0 == report.effect(Effect.GRANTED).number


def test_agreement_extended_grants_what_it_refused(kept: Logged, policies: PolicySet) -> None:
    """The one request that came after the end of an agreement would be granted."""
    report = kept.replay(with_agreement(policies, "aarhus-cpr", valid_to=None))
    assert {"newly_granted": 1, "unchanged": PLANTED + 3} == numbers(report)
    assert (at("agreement-ended"),) == report.effect(Effect.GRANTED).examples
    assert {"AGREEMENT_ENDED": {"newly_granted": 1}} == affected(report, Dimension.REASON)
    gained = {f"cpr.person.{name}": {"newly_granted": 1} for name in ("civilstand", "foedselsdato")}
    assert gained == affected(report, Dimension.GAINED)


def test_purpose_opened_grants_what_waited_for_it(written: Write, policies: PolicySet) -> None:
    """A purpose that nobody had described refuses; a candidate that describes it grants, and only that."""
    purposes = {k: v for k, v in policies.data["purposes"].items() if k != "housing-benefit.income"}
    before = replace(policies, data={**policies.data, "purposes": purposes})
    engine = EmbeddedEngine(before, timeout=30)
    other = {**INCOME, "purpose": "curiosity"}
    entries = [decided(n, asked, engine.decide_now(asked)) for n, asked in enumerate((INCOME, other, INCOME))]
    engine.close()
    logged = written(*entries)
    insert = "INSERT INTO policy_revisions (revision, bundle) VALUES (:r, :b)"
    logged.change(insert, r=before.revision, b=before.bundle)
    report = logged.replay(policies)
    assert {"newly_granted": 2, "unchanged": 1} == numbers(report)
    assert {"housing-benefit.income": {"newly_granted": 2}} == affected(report, Dimension.PURPOSE)
    assert {"PURPOSE_UNKNOWN": {"newly_granted": 2}} == affected(report, Dimension.REASON)


def test_obligation_changed_is_a_change(kept: Logged, policies: PolicySet) -> None:
    """Another age in an obligation changes every grant that carries it, and names its reason."""
    path = "legal_basis/bsl/section_8/section_8.rego"
    report = kept.replay(with_text(policies, path, '"value": 18', '"value": 21'))
    assert {"SUBJECT_IS_CHILD"} == affected(report, Dimension.REASON).keys()
    assert {Aspect.OBLIGATIONS: report.effect(Effect.CHANGED).number} == {
        aspect: count.number for aspect, count in report.tally.aspects.items()
    }
    assert {"bsl.8"} == affected(report, Dimension.LEGAL_BASIS).keys()


@pytest.mark.parametrize(
    "decision",
    ['{"allow": true}', '"yes"', "{}", "1 / input.nothing"],
    ids=["fields-missing", "text", "empty", "undefined"],
)
def test_candidate_without_an_answer_is_told_apart(kept: Logged, policies: PolicySet, decision: str) -> None:
    """Where a broker would not believe the answer it would grant nothing: that is no refusal."""
    broken = PolicySet({"decision.rego": f"package decision\n\ndecision := {decision}\n"}, policies.data)
    assert {"unanswered": PLANTED + 4} == numbers(kept.replay(broken))


def test_candidate_that_grants_too_much_is_not_believed(
    written: Write, decide: Decide, policies: PolicySet
) -> None:
    """A document that grants what nobody asked for is no answer, as in the broker."""
    greedy = (
        '{"allow": true, "granted": ["loenindkomst", "maaned", "status"], "refused": [], "reasons": [], '
        '"obligations": [], "legal_basis": null, "agreement": null}'
    )
    candidate = PolicySet({"decision.rego": f"package decision\n\ndecision := {greedy}\n"}, policies.data)
    report = written(decided(0, INCOME, decide(INCOME))).replay(candidate)
    assert {"POLICY_ANSWER_INVALID": {"unanswered": 1}} == affected(report, Dimension.REASON)


def test_older_inputs_are_brought_up_to_date_for_candidates_only(written: Write, policies: PolicySet) -> None:
    """A candidate that asks for a new field decides on requests from before it; they are counted."""
    before = policies
    for name in ADDED:
        before = with_text(before, "decision/shape.rego", f"\tis_boolean(input.{name})\n", "")
    engine = EmbeddedEngine(before, timeout=30)
    old = {name: value for name, value in INCOME.items() if name not in ADDED}
    logged = written(*(decided(n, asked, engine.decide_now(asked)) for n, asked in enumerate((INCOME, old))))
    engine.close()
    insert = "INSERT INTO policy_revisions (revision, bundle) VALUES (:r, :b)"
    logged.change(insert, r=before.revision, b=before.bundle)
    report = logged.replay(policies)
    assert ({"unchanged": 2}, 1, True) == (numbers(report), report.tally.upgraded, report.holds)


@pytest.mark.parametrize("recorded", [{}, {"emergency": True}, {"a": 1, "emergency": None}])
def test_upgrade_adds_and_never_changes(recorded: Mapping[str, Any]) -> None:
    """What was recorded stays; what was missing gets the value that was true then."""
    assert {**ADDED, **recorded} == upgraded(recorded)
    assert upgraded(recorded) is recorded or recorded.keys() < upgraded(recorded).keys()


def test_examples_are_the_first_in_the_log(written: Write, decide: Decide, policies: PolicySet) -> None:
    """However many workers: the lowest indexes, as many as were asked for."""
    ended = with_agreement(policies, "udk-eindkomst", valid_to="2020-01-01")
    entries = [
        decided(n, asked, decide(asked))
        for n, asked in enumerate({**INCOME, "time": f"2026-11-21T20:{n % 7:02d}:00Z"} for n in range(30))
    ]
    logged = written(*entries)
    for workers in (1, 2):
        report = logged.replay(ended, workers=workers, examples=4)
        assert (0, 1, 2, 3) == report.effect(Effect.REFUSED).examples
        assert {4} == {len(count.examples) for count in report.tally.groups.values()}


# Where candidates come from


def archive(_revision: str) -> bytes:
    raise NotFound("none")


def test_same_set_from_anywhere(tmp_path: Path, policies: PolicySet) -> None:
    """A folder, an OPA bundle, a canonical form and an archived revision give the same set."""
    (tmp_path / "bundle.tar.gz").write_bytes(pack(policies))
    (tmp_path / "bundle.json").write_bytes(policies.bundle)
    names = (DEFAULT_POLICIES, tmp_path / "bundle.tar.gz", tmp_path / "bundle.json", policies.revision)
    found = [candidates.find(str(name), {policies.revision: policies.bundle}.__getitem__) for name in names]
    assert {policies.revision} == {candidate.revision for candidate in found}


def spoilt(bundle: bytes) -> bytes:
    """An OPA bundle with a word of a module changed."""
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(gzip.decompress(bundle))) as before,
        tarfile.open(fileobj=packed, mode="w") as after,
    ):
        for member in before.getmembers():
            file = before.extractfile(member)
            assert file is not None
            content = file.read().replace(b"default allow := false", b"default allow := true ")
            member.size = len(content)
            after.addfile(member, io.BytesIO(content))
    return gzip.compress(packed.getvalue())


def test_altered_bundle_is_no_candidate(tmp_path: Path, policies: PolicySet) -> None:
    """A bundle that is not of the revision that it names is refused."""
    (tmp_path / "x.tar.gz").write_bytes(spoilt(pack(policies)))
    with pytest.raises(PolicyError, match="altered"):
        candidates.find(str(tmp_path / "x.tar.gz"), archive)


@pytest.mark.parametrize(
    "content", [b"", b"x", b"{}", b"\x1f\x8b", b"\x1f\x8bxxxx", gzip.compress(b"x" * 99, mtime=0)]
)
def test_file_that_is_no_bundle_is_no_candidate(tmp_path: Path, content: bytes) -> None:
    """Whatever else a file holds is refused with a message, never a traceback."""
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(PolicyError):
        candidates.find(str(tmp_path / "x"), archive)


def test_bomb_is_no_candidate(tmp_path: Path) -> None:
    """A bundle that unpacks to more than any policy set is refused before it fills the memory."""
    (tmp_path / "x").write_bytes(gzip.compress(bytes(65 << 20)))
    with pytest.raises(PolicyError, match="no bundle"):
        candidates.find(str(tmp_path / "x"), archive)


@pytest.mark.parametrize("name", ["nowhere", "", "A" * 64, "0" * 65, "abcde"])
def test_name_of_nothing_is_no_candidate(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a folder, nor a file, nor a revision."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PolicyError):
        candidates.find(name, archive)


def test_revision_archived_as_another_is_no_candidate(policies: PolicySet) -> None:
    """What the archive gives must be of the revision that was asked for."""
    with pytest.raises(PolicyError, match="archived as another"):
        candidates.find("0" * 64, lambda _: policies.bundle)


def test_candidate_must_hold_like_any_set(tmp_path: Path) -> None:
    """A set with a built-in that is not allowed could not be put in force, and is not compared with."""
    shutil.copytree(DEFAULT_POLICIES, tmp_path / "set")
    (tmp_path / "set" / "more").mkdir()
    (tmp_path / "set" / "more" / "more.rego").write_text("package more\n\nx := time.now_ns()\n")
    with pytest.raises(PolicyError, match="not allowed"):
        candidates.find(str(tmp_path / "set"), archive)
