"""The law's own tests notice when its meaning changes; `python -m tests.mutation` asks of every mutant."""

from __future__ import annotations

import random

import pytest

from exchange.config import DEFAULT_POLICIES
from exchange.policy import policy_set
from exchange.policy.policy_set import PolicySet
from tests.mutation.edits import Edit
from tests.mutation.judge import Judge
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.plausible import one_more
from tests.mutation.run import verdicts
from tests.mutation.survivors import EXPLAINED

SAMPLE, SEED = 60, 20261121


@pytest.fixture(scope="module")
def policies() -> PolicySet:
    """The policy set that comes with Hjemmel."""
    return policy_set.load(DEFAULT_POLICIES)


@pytest.fixture(scope="module")
def made(policies: PolicySet) -> list[Mutant]:
    """Every mutant of it."""
    return mutants(policies)


@pytest.mark.slow
def test_a_sample_of_mutants_is_killed(made: list[Mutant]) -> None:
    """Of a sample, none survives that no reason explains, and nearly all compile."""
    chosen = random.Random(SEED).sample(made, SAMPLE)
    found = list(verdicts(DEFAULT_POLICIES, chosen))
    assert [] == [v.mutant.name for v in found if v.survived and v.mutant.name not in EXPLAINED]
    assert len([v for v in found if v.killed_by]) >= SAMPLE * 0.8


def test_a_mutant_survives_where_nothing_tests(made: list[Mutant]) -> None:
    """Without tests a mutant survives: the judge can tell one from the other."""
    mutant = next(m for m in made if m.kind == "negate the condition" and "section_8.rego deny" in m.name)
    assert Judge(DEFAULT_POLICIES, ()).verdict(mutant).survived


def test_what_does_not_compile_is_not_counted(made: list[Mutant]) -> None:
    """A mutant that no engine would load is neither killed nor a survivor."""
    broken = Mutant("broken", "none", made[0].path, "package decision\n\nallow if {")
    verdict = Judge(DEFAULT_POLICIES, ()).verdict(broken)
    assert (False, False) == (verdict.compiles, verdict.survived)


def test_every_explained_mutant_is_one(made: list[Mutant]) -> None:
    """An explanation that no mutant needs any more is taken out, and each says something."""
    assert set() == set(EXPLAINED) - {m.name for m in made}
    assert all(len(reason) > 20 for reason in EXPLAINED.values())


def test_mutants_differ_from_the_set_and_from_each_other(policies: PolicySet, made: list[Mutant]) -> None:
    """Each is another set, with a name of its own; every way of changing is tried, everywhere."""
    assert len(made) == len({m.name for m in made})
    assert all(m.text != policies.modules[m.path] for m in made)
    assert {
        *("drop the rule", "drop the condition", "negate the condition", "drop the field"),
        *("compare otherwise", "combine otherwise", "narrow the set", "widen the set"),
        *("change the text", "change the date", "change the number", "change the constant"),
    } == {m.kind for m in made}
    assert {p for p in policies.modules if not p.startswith("batch/")} == {m.path for m in made}


def test_bytes_are_counted_not_characters(policies: PolicySet, made: list[Mutant]) -> None:
    """A text before the change may hold letters of more than a byte: the rest of it stays."""
    path = "legal_basis/bsl/section_8/section_8.rego"
    widened = [m for m in made if m.path == path and m.kind == "widen the set"]
    removed = {*policies.modules[path].splitlines()} - {*widened[0].text.splitlines()}
    assert ['"consumers": {"udbetaling_danmark"},'] == [line.strip() for line in removed]
    assert "ø".encode() + b"c" == Edit("", 2, 3, b"c").applied("øb".encode())


def test_a_member_to_add_is_of_the_same_kind() -> None:
    """A set of authorities gets another kind of authority, and a set of nothing known none."""
    assert one_more({"municipality"}) in {"private", "state", "udbetaling_danmark", "vurderingsstyrelsen"}
    assert one_more({"maaned", "loenindkomst"}) not in {None, "maaned", "loenindkomst"}
    assert one_more({"neither", "nor"}) is None
    assert one_more(set()) is None
