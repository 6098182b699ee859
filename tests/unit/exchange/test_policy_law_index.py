"""The index of the laws is written from them, and a set whose index is not current does not load."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from exchange.config import DEFAULT_POLICIES
from exchange.policy import law_index, policy_set
from exchange.policy.errors import PolicyError
from exchange.policy.folder import read_modules

LAW = """package legal_basis.one.section_1

permits := {} if {
	input.legal_basis == "one.1"
}
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the policies, to change."""
    return Path(shutil.copytree(DEFAULT_POLICIES, tmp_path / "policies"))


def _add(folder: Path, law: str) -> None:
    path = folder / "legal_basis/one/section_1/section_1.rego"
    path.parent.mkdir(parents=True)
    path.write_text(law, "utf-8")


def test_every_law_that_permits_is_in_the_index() -> None:
    """Each package with a permit has its case, under the citation that the law itself names."""
    modules = read_modules(DEFAULT_POLICIES)
    laws = [
        text for path, text in modules.items() if path.startswith("legal_basis/") and "permits :=" in text
    ]
    index = modules[law_index.PATH]
    assert len(laws) == index.count("law_of(")
    for law in laws:
        package = law.split("package ", 1)[1].split("\n", 1)[0]
        citation = law.split('input.legal_basis == "', 1)[1].split('"', 1)[0]
        assert (
            f'law_of("{citation}") := {{\n\t"package": "{package}",\n\t"permits": data.{package}.permits,'
            in index
        )


def test_a_law_that_is_not_in_the_index_stops_the_set(copy: Path) -> None:
    """A law that no decision would find is an error at load, which says what to run."""
    _add(copy, LAW)
    with pytest.raises(
        PolicyError, match=r"decision/law_index\.rego: .*not current: run hjemmel policy index"
    ):
        policy_set.load(copy)


@pytest.mark.parametrize("damage", [str.upper, lambda text: text.replace("bsl.8a", "bsl.8b"), lambda _: ""])
def test_an_index_that_was_edited_stops_the_set(copy: Path, damage: object) -> None:
    """The index is what the laws say, to the byte."""
    path = copy / law_index.PATH
    assert callable(damage)
    path.write_text(damage(path.read_text("utf-8")), "utf-8")
    with pytest.raises(PolicyError, match="not current"):
        policy_set.load(copy)


def test_a_missing_index_stops_the_set(copy: Path) -> None:
    """Without the index no law would be found."""
    (copy / law_index.PATH).unlink()
    with pytest.raises(PolicyError, match="not current"):
        policy_set.load(copy)


def test_the_index_is_written_once(copy: Path) -> None:
    """Writing makes a stale set load again; writing again changes nothing."""
    _add(copy, LAW)
    assert law_index.write(copy, read_modules(copy))
    assert '\nlaw_of("one.1") := {' in policy_set.load(copy).modules[law_index.PATH]
    assert not law_index.write(copy, read_modules(copy))


def test_the_last_law_takes_the_index_with_it(tmp_path: Path) -> None:
    """A set without laws has no index; where one is left over, writing removes it."""
    (tmp_path / "decision").mkdir()
    (tmp_path / "decision/decision.rego").write_text("package decision\n", "utf-8")
    assert policy_set.load(tmp_path).modules.keys() == {"decision/decision.rego"}
    (tmp_path / law_index.PATH).write_text("package decision\n", "utf-8")
    assert law_index.write(tmp_path, read_modules(tmp_path))
    assert not (tmp_path / law_index.PATH).exists()


@pytest.mark.parametrize(
    "law",
    [
        LAW.replace('input.legal_basis == "one.1"', "true"),
        LAW.replace("}\n\n", "}\n").replace(
            '"one.1"\n', '"one.1"\n}\n\nmore if {\n\tinput.legal_basis == "one.2"\n'
        ),
    ],
    ids=["none", "two"],
)
def test_a_law_answers_to_one_citation(copy: Path, law: str) -> None:
    """A law that does not say which citation it answers to, or says two, is named."""
    _add(copy, law)
    with pytest.raises(PolicyError, match=r"one/section_1/section_1\.rego: .*once"):
        policy_set.load(copy)


def test_two_laws_do_not_answer_to_one_citation(copy: Path) -> None:
    """Which law decides is never a matter of order; both files are named."""
    _add(copy, LAW.replace("one.1", "bsl.8"))
    said = r"one/section_1/section_1\.rego: legal_basis/bsl/section_8/section_8\.rego answers to .* bsl\.8"
    with pytest.raises(PolicyError, match=said):
        policy_set.load(copy)


def test_an_archived_set_needs_no_index() -> None:
    """What decided once can be read back, however laws were found then."""
    policies = policy_set.load(DEFAULT_POLICIES)
    modules = {path: text for path, text in policies.modules.items() if path != law_index.PATH}
    archived = policy_set.PolicySet(modules, policies.data)
    assert archived.revision == policy_set.PolicySet.from_bundle(archived.bundle).revision
