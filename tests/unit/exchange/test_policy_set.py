"""A policy set is loaded whole or not at all, and named by what it holds."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import shutil
import tarfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import jsonschema_rs
import orjson
import pytest

from adapters.catalogue import load_catalogue
from exchange.config import DEFAULT_POLICIES
from exchange.model.identifiers import is_cvr
from exchange.policy import policy_set
from exchange.policy.bundle import pack
from exchange.policy.metadata import RuleText
from exchange.policy.policy_set import PolicyError, PolicySet


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the policies, to change."""
    return Path(shutil.copytree(DEFAULT_POLICIES, tmp_path / "policies"))


@pytest.fixture(scope="module")
def policies() -> PolicySet:
    """The policy set that comes with Hjemmel."""
    return policy_set.load(DEFAULT_POLICIES)


# The revision


def test_same_content_has_the_same_revision(copy: Path, policies: PolicySet) -> None:
    """The revision is of the content: wherever the folder lies, whenever it was written."""
    assert policies.revision == policy_set.load(copy).revision


def test_revision_is_the_digest_of_the_bundle(policies: PolicySet) -> None:
    """Anyone can check it: SHA-256 of the archived bytes."""
    assert hashlib.sha256(policies.bundle).hexdigest() == policies.revision


def test_revision_does_not_depend_on_the_order_of_reading(policies: PolicySet) -> None:
    """Modules and data in another order are the same set."""
    other = PolicySet(
        dict(reversed(list(policies.modules.items()))), dict(reversed(list(policies.data.items())))
    )
    assert (policies.revision, pack(policies)) == (other.revision, pack(other))


def _append(path: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / path
        file.write_text(file.read_text("utf-8") + text, "utf-8")

    return change


def _rename(old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / old).rename(folder / new)

    return change


def _end_agreement(folder: Path) -> None:
    file = folder / "agreements" / "data.json"
    document = json.loads(file.read_text("utf-8"))
    document["udk-cpr"]["valid_to"] = "2026-12-31"
    file.write_text(json.dumps(document), "utf-8")


@pytest.mark.parametrize(
    "change",
    [
        _append("decision/law.rego", " "),
        _append("decision/law.rego", "# a remark\n"),
        _rename("terms/terms.rego", "terms/words.rego"),
        _end_agreement,
    ],
    ids=["a-byte", "a-comment", "a-name", "a-date"],
)
def test_changed_set_has_another_revision(
    copy: Path, policies: PolicySet, change: Callable[[Path], None]
) -> None:
    """One byte of a module, its place or one date of the data makes it another set."""
    change(copy)
    assert policies.revision != policy_set.load(copy).revision


def test_tests_and_schemas_do_not_decide(copy: Path, policies: PolicySet) -> None:
    """What does not decide is not part of the revision."""
    _append("decision/law_test.rego", "# a remark\n")(copy)
    _append("tests/requests.rego", "# a remark\n")(copy)
    _append("schemas/input/schema.json", "\n")(copy)
    (copy / "README.md").write_text("about these policies", "utf-8")
    assert policies.revision == policy_set.load(copy).revision


def test_layout_of_data_files_does_not_decide(copy: Path, policies: PolicySet) -> None:
    """Data is what it says, not how it is indented."""
    for file in copy.glob("*/data.json"):
        file.write_text(json.dumps(json.loads(file.read_text("utf-8"))), "utf-8")
    assert policies.revision == policy_set.load(copy).revision


# Archived and read back


def test_archived_set_is_the_same_set(policies: PolicySet) -> None:
    """From the archived bytes comes the same set: revision, modules, data, texts, bundle for OPA."""
    again = PolicySet.from_bundle(policies.bundle)
    assert (policies.revision, policies.bundle) == (again.revision, again.bundle)
    assert (policies.modules, policies.data) == (again.modules, again.data)
    assert (policies.texts, pack(policies)) == (again.texts, pack(again))


@pytest.mark.parametrize(
    "bundle",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"format":"hjemmel-policy-set/2","modules":{},"data":{}}',
        b'{"format":"hjemmel-policy-set/1","modules":{}}',
        b'"text"',
    ],
)
def test_what_is_no_archived_set_is_refused(bundle: bytes) -> None:
    """Anything else is an error of its own, never an empty set."""
    with pytest.raises(PolicyError):
        PolicySet.from_bundle(bundle)


def test_opa_bundle_holds_what_decides(policies: PolicySet) -> None:
    """The bundle has every module, the data, and a manifest with the revision; no tests, no schemas."""
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(pack(policies)))) as archive:
        files = {m.name: archive.extractfile(m) for m in archive.getmembers()}
        content = {name.lstrip("/"): file.read() for name, file in files.items() if file}
    assert {"revision": policies.revision, "roots": [""]} == json.loads(content.pop(".manifest"))
    assert policies.data == json.loads(content.pop("data.json"))
    assert {path: text.encode() for path, text in policies.modules.items()} == content
    assert not [path for path in content if "test" in path or "schema" in path]


# Folders that are no policy set


def test_folder_that_is_none_is_named(tmp_path: Path) -> None:
    """A folder that is missing or a file is named."""
    with pytest.raises(PolicyError, match="nowhere"):
        policy_set.load(tmp_path / "nowhere")


def test_folder_without_modules_is_refused(tmp_path: Path) -> None:
    """No module is no policy, and so no grant."""
    with pytest.raises(PolicyError, match="no Rego module"):
        policy_set.load(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", r"agreements/data\.json:1: not valid JSON"),
        ('{\n"a": }', r"agreements/data\.json:2: not valid JSON"),
        ("[]", r"agreements/data\.json:\d+: at the top: .*object"),
        ('{"udk-x": {}}', r"agreements/data\.json:\d+: at udk-x: .*required"),
        ('{"UDK": {}}', r"agreements/data\.json:\d+: at UDK"),
    ],
)
def test_data_that_its_schema_refuses_is_named_with_the_place(copy: Path, content: str, said: str) -> None:
    """Data is held to its schema at load; the error names file, line or place."""
    (copy / "agreements" / "data.json").write_text(content, "utf-8")
    with pytest.raises(PolicyError, match=said):
        policy_set.load(copy)


@pytest.mark.parametrize("name", ["agreements", "authorities", "legal_bases", "purposes"])
def test_data_with_a_field_too_many_is_refused(copy: Path, name: str) -> None:
    """A misspelt field is an error, not a field without effect."""
    file = copy / name / "data.json"
    document = json.loads(file.read_text("utf-8"))
    first = next(iter(document))
    document[first]["valid_untill"] = "2020-01-01"
    file.write_text(json.dumps(document), "utf-8")
    with pytest.raises(PolicyError, match=rf"{name}/data\.json:\d+: at {re.escape(first)}: .*valid_untill"):
        policy_set.load(copy)


def test_data_without_a_schema_is_refused(copy: Path) -> None:
    """No data decides that nobody described; the error says what to write."""
    (copy / "extra").mkdir()
    (copy / "extra" / "data.json").write_text("{}", "utf-8")
    with pytest.raises(PolicyError, match=r"write .*schemas/extra/schema\.json"):
        policy_set.load(copy)


def test_file_that_is_no_text_is_refused(copy: Path) -> None:
    """A module that is no UTF-8 stops the whole set, and is named."""
    (copy / "terms" / "terms.rego").write_bytes(b"package terms\n\xff")
    with pytest.raises(PolicyError, match=r"terms\.rego"):
        policy_set.load(copy)


# The data


def test_schemas_are_schemas() -> None:
    """Each schema is itself valid, so that it can refuse something."""
    found = sorted((DEFAULT_POLICIES / "schemas").glob("*/schema.json"))
    assert {"agreements", "authorities", "decision", "input", "legal_bases", "purposes"} == {
        p.parent.name for p in found
    }
    for path in found:
        jsonschema_rs.meta.validate(orjson.loads(path.read_bytes()))


def test_authorities_are_nobody_real(policies: PolicySet) -> None:
    """Every authority has a CVR number with a valid check digit, from the range that begins with 9."""
    authorities = policies.data["authorities"]
    assert len(authorities) >= 13
    assert [] == [cvr for cvr in authorities if not (is_cvr(cvr) and cvr.startswith("9"))]


def test_agreements_name_what_there_is(policies: PolicySet) -> None:
    """An agreement's parties, purposes, datasets and attributes all exist, and its provider has the data."""
    catalogue = load_catalogue().datasets
    for name, agreement in policies.data["agreements"].items():
        assert name == agreement["id"]
        assert {agreement["consumer"], agreement["provider"]} <= set(policies.data["authorities"])
        assert set(agreement["purposes"]) <= set(policies.data["purposes"])
        for dataset, attributes in agreement["datasets"].items():
            assert agreement["provider"] == catalogue[dataset].provider
            assert set(attributes) <= catalogue[dataset].attribute_names


def test_versions_of_a_law_do_not_overlap(policies: PolicySet) -> None:
    """On every day at most one version of a law is in force, with a name of its own."""
    for basis in policies.data["legal_bases"].values():
        versions = sorted(basis["versions"], key=lambda v: v["valid_from"])
        assert len(versions) == len({v["version"] for v in versions})
        for earlier, later in pairwise(versions):
            assert earlier["valid_to"] is not None
            assert earlier["valid_to"] < later["valid_from"]


def test_every_law_says_whether_it_was_verified(policies: PolicySet) -> None:
    """Citation, titles in both languages, confidence and an honest flag stand with every legal basis."""
    for basis in policies.data["legal_bases"].values():
        assert basis["citation"]
        assert basis["title"]["en"]
        assert basis["title"]["da"]
        assert isinstance(basis["verified"], bool)
        assert basis["confidence"] in {"high", "medium", "low"}


# The texts


def codes_of(policies: PolicySet) -> set[str]:
    """Every code that stands in a module as a value that a rule can give."""
    return {
        code
        for module in policies.modules.values()
        for code in re.findall(r'"([A-Z]{2,}(?:_[A-Z]+)+)"', re.sub(r"^#.*$", "", module, flags=re.MULTILINE))
    }


def test_every_code_has_a_text(policies: PolicySet) -> None:
    """Whatever reason the policies can give, some rule's METADATA explains it."""
    codes = codes_of(policies)
    assert {"AGREEMENT_ENDED", "SUBJECT_IS_CHILD", "INPUT_INVALID", "SUBJECT_PROTECTED"} <= codes
    assert codes == {code for _, code in policies.texts}


def test_every_text_is_in_two_languages_and_names_a_law(policies: PolicySet) -> None:
    """A person who is refused learns in Danish and English which law says so."""
    for text in policies.texts.values():
        assert re.search(r"§|artikel|lov nr\.", text.da)
        assert re.search(r"§|article|laws? \d", text.en)
        assert text.title
        assert text.title_da
        assert text.title_da != text.title
        assert text.da != text.en


def test_a_condition_is_moot_after_others_that_there_are(policies: PolicySet) -> None:
    """What a condition comes after exists, comes itself after nothing more, and never after it."""
    codes = {code for _, code in policies.texts}
    after = {code: set(text.after) for (_, code), text in policies.texts.items()}
    for code, earlier in after.items():
        assert earlier <= codes - {code}
        assert {further for other in earlier for further in after[other]} <= earlier


METADATA = """package one

# METADATA
# title: A rule
# custom:
#   title_da: En regel
#   short_name: SOME_CODE
#   after: [OTHER_CODE]
#   failure_msg:
#     en: Because.
#     da: Fordi.
deny := true
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("#     da: Fordi.\n", "", r"one\.rego:3: .*failure_msg\.en, \.da"),
        ("#   short_name: SOME_CODE\n", "", r"one\.rego:3: .*short_name"),
        ("# title: A rule\n", "", r"one\.rego:3: .*title"),
        ("#   title_da: En regel\n", "", r"one\.rego:3: .*title_da"),
        ("title_da: En regel", "title_da: [En, regel]", r"one\.rego:3: .*title_da"),
        ("[OTHER_CODE]", "OTHER_CODE", r"one\.rego:3: custom\.after is a list"),
        ("[OTHER_CODE]", "[1]", r"one\.rego:3: custom\.after is a list"),
        ("    en: Because.", " en: {", r"one\.rego:3: METADATA is no valid YAML"),
        ("package one", "# nothing", r"one\.rego: a module begins with its package"),
        ("deny := true\n", f"deny := true\n{METADATA.partition('package one')[2]}", "SOME_CODE twice"),
        ("# title: A rule\n# custom", "# - a\n# - custom", r"one\.rego:3: METADATA is"),
    ],
    ids=[
        *("language", "code", "title", "title-da", "title-type", "after", "after-type", "yaml", "package"),
        *("twice", "list"),
    ],
)
def test_wrong_metadata_is_refused_with_its_line(old: str, new: str, said: str) -> None:
    """A text that would be missing when it is needed is an error when the set is loaded."""
    assert old in METADATA
    with pytest.raises(PolicyError, match=said):
        _ = PolicySet({"one.rego": METADATA.replace(old, new)}, {}).texts


def test_metadata_is_read_as_opa_reads_it() -> None:
    """Folded lines are one line; a block without a text is no refusal."""
    module = METADATA.replace("en: Because.", "en: >-\n#       Because\n#       of it.")
    texts = PolicySet({"one.rego": module + "\n# METADATA\n# title: Plain\nallow := false\n"}, {}).texts
    expected = RuleText("Because of it.", "Fordi.", "A rule", "En regel", ("OTHER_CODE",))
    assert {("one", "SOME_CODE"): expected} == texts
