"""Whatever lies in a policy folder: a set is loaded whole or not at all, and the message says why."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exchange.config import DEFAULT_POLICIES
from exchange.policy import policy_set
from exchange.policy.embedded import EmbeddedEngine, prepare
from exchange.policy.errors import PolicyError
from exchange.policy.json_text import JsonError, Lines, parse
from exchange.policy.policy_set import PolicySet

Spoil = Callable[[Path], Any]
LAW = "legal_basis/bsl/section_8/section_8.rego"
DECIDES = "package decision\n\ndecision := {}\n"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the policies, to spoil."""
    return Path(shutil.copytree(DEFAULT_POLICIES, tmp_path / "policies"))


def compiled(folder: Path) -> EmbeddedEngine:
    return EmbeddedEngine(policy_set.load(folder), 5)


def put(path: str, content: str | bytes) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())

    return spoil


def more(path: str, content: str) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / path).write_text((folder / path).read_text("utf-8") + content, "utf-8")

    return spoil


def outside(path: str) -> Spoil:
    """A link to a file beside the folder."""

    def spoil(folder: Path) -> None:
        elsewhere = folder.parent / "elsewhere.rego"
        elsewhere.write_text("package terms\n\nextra := 1\n", "utf-8")
        (folder / path).symlink_to(elsewhere)

    return spoil


def outside_folder(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    (folder / "more").symlink_to(folder.parent / "elsewhere")


def second_law(folder: Path) -> None:
    place = folder / "legal_basis" / "bsl" / "section_8_again"
    place.mkdir()
    text = (folder / LAW).read_text("utf-8")
    renamed = text.replace("package legal_basis.bsl.section_8", "package legal_basis.bsl.section_8_again")
    (place / "section_8_again.rego").write_text(renamed, "utf-8")


UNKNOWN_LAW = "# METADATA\n# title: x\n# custom:\n#   legal_basis: bsl.99\npackage terms\n"
TERMS = r"terms/terms\.rego"
#: The line of what is added at the end of that module.
END = len((DEFAULT_POLICIES / "terms" / "terms.rego").read_text("utf-8").splitlines()) + 2

# ruff: noqa: E501  # one case a line
CASES: list[tuple[str, Spoil, str]] = [
    ("syntax-error", more("terms/terms.rego", "\nx := {\n"), rf"{TERMS}:\d+: .*compile"),
    ("unknown-name", more("terms/terms.rego", "\nx := nothing\n"), rf"{TERMS}:{END}: .*compile"),
    ("conflict", more("terms/terms.rego", "\nx := 1\n\nx := 2\n"), rf"{TERMS}:{END + 2}: (?s:.*)conflict"),
    ("conflict-of-kinds", more("terms/terms.rego", "\nx := 1\n\nx contains 2\n"), rf"{TERMS}:\d+: "),
    ("recursion", more("terms/terms.rego", "\nx := y\n\ny := x\n"), rf"{TERMS}:\d+: data\.terms\.. depends on itself"),
    ("recursion-of-one", more("terms/terms.rego", "\nx := x\n"), rf"{TERMS}:{END}: .*data\.terms\.x → data\.terms\.x"),
    ("recursive-function", more("terms/terms.rego", "\nf(x) := f(x + 1)\n"), rf"{TERMS}:{END}: .*data\.terms\.f → "),
    (
        "recursive-functions",
        more("terms/terms.rego", "\nf(x) := g(x)\n\ng(x) := [y | some z in x; y := f(z)]\n"),
        rf"{TERMS}:\d+: .*depends on itself",
    ),
    ("recursion-by-default", more("terms/terms.rego", "\ndefault d := 1\n\nd := 2 if not d\n"), "depends on itself"),
    (
        "recursion-over-packages",
        more("terms/terms.rego", "\nconsumer_is_public if data.decision.decision.allow\n"),
        r"\.rego:\d+: .*depends on itself: .*data\.terms\.consumer_is_public",
    ),
    ("recursion-by-all-data", more("terms/terms.rego", "\nx := count(data)\n"), rf"{TERMS}:{END}: .*depends on itself"),
    ("recursion-by-variable", more("terms/terms.rego", "\nx := data.terms[input.name]\n"), "depends on itself"),
    ("deep-nesting", more("terms/terms.rego", f"\nx := {'[' * 40}{']' * 40}\n"), rf"{TERMS}:{END}: nested deeper"),
    ("deep-comprehension", more("terms/terms.rego", f"\nx := {'{y | y := ' * 30}1{'}' * 30}\n"), "nested deeper"),
    ("minuses", more("terms/terms.rego", f"\nx := {'-' * 40}1\n"), rf"{TERMS}:{END}: nested deeper"),
    ("long-line", more("terms/terms.rego", f"\nx := {'+'.join(['1'] * 5000)}\n"), rf"{TERMS}:{END}: "),
    ("some-like-a-rule", more("terms/terms.rego", "\ny := 1\n\nx if {\n\tsome y\n\t[1][y]\n}\n"), rf"{TERMS}:{END + 3}: `some y`"),
    ("wrong-type", put("agreements/data.json", "[]"), r"agreements/data\.json:1: at the top"),
    ("wrong-package", put("terms/more.rego", "package term\n"), r"terms/more\.rego:1: package term lies in"),
    ("package-in-no-folder", put("more.rego", "# x\npackage terms\n"), r"more\.rego:2: package terms lies in"),
    ("two-rules-for-a-law", second_law, r"section_8_again\.rego: .*answers to the citation bsl\.8 already"),
    ("unknown-law", put("terms/terms.rego", UNKNOWN_LAW), rf"{TERMS}:1: the legal basis bsl\.99 is not in"),
    ("data-over-a-rule", put("terms/data.json", '{"income": []}'), r"data\.json: there is no schema"),
    ("yaml-data", put("agreements/data.yaml", "{}"), r"agreements/data\.yaml: data is read from data\.json only"),
    ("capital-data", put("agreements/DATA.json", "{}"), r"DATA\.json: data is read from data\.json only"),
    ("capital-rego", put("terms/more.REGO", "package terms\n"), r"more\.REGO: a module's name ends in \.rego"),
    ("link-out", outside("terms/more.rego"), r"terms/more\.rego: a link that leads out"),
    ("linked-folder", outside_folder, r"more: a link to a folder"),
    ("broken-link", lambda f: (f / "terms/more.rego").symlink_to(f / "none"), r"terms/more\.rego: not a plain file"),
    ("pipe", lambda f: os.mkfifo(f / "terms" / "more.rego"), r"terms/more\.rego: not a plain file"),
    ("folder-as-data", lambda f: (f / "extra" / "data.json").mkdir(parents=True), r"extra/data\.json: a folder"),
    ("folder-as-rego", lambda f: (f / "terms" / "more.rego").mkdir(), r"terms/more\.rego: a folder"),
    ("bom-module", put("terms/more.rego", b"\xef\xbb\xbfpackage terms\n"), r"more\.rego:1: begins with a byte order"),
    ("bom-data", put("agreements/data.json", b"\xef\xbb\xbf{}"), r"data\.json:1: begins with a byte order"),
    ("no-utf-8", put("terms/more.rego", b"package terms\n\n# \xff\n"), r"more\.rego:3: not valid UTF-8"),
    ("utf-16", put("agreements/data.json", "{}".encode("utf-16")), r"data\.json:1: not valid UTF-8"),
    ("nul", more("terms/terms.rego", "\nx := \0\n"), rf"{TERMS}:{END}: "),
    ("large-module", put("terms/more.rego", b"#" * (2 << 20)), r"more\.rego: larger than 1 MiB"),
    ("name-twice", put("purposes/data.json", '{\n"a": 1,\n"b": {},\n"a": 2}'), r"data\.json:4: .*'a' stands twice"),
    ("deep-json", put("purposes/data.json", "[" * 200_000), r"data\.json:1: not valid JSON: nested too deep"),
    ("deep-schema", put("schemas/purposes/schema.json", '{"not":' * 2000 + "{}" + "}" * 2000), r"schema\.json"),
    ("no-schema-at-all", put("schemas/purposes/schema.json", '{"type": "objekt"}'), r"schema\.json: not a JSON Sch"),
    ("nan", put("purposes/data.json", '{"a": NaN}'), r"data\.json:1: .*NaN is no number"),
    ("long-number", put("purposes/data.json", "9" * 5000), r"data\.json:1: not valid JSON"),
    ("half-a-character", put("purposes/data.json", r'{"\ud800": {}}'), r"purposes/data\.json"),
    ("root-data-again", put("data.json", '{"purposes": {}}'), r"data\.json: there is no schema"),
    ("no-metadata", more("terms/terms.rego", "\n# METADATA\n# title: [\nx := 1\n"), rf"{TERMS}:{END}: METADATA is no"),
    ("metadata-list", more("terms/terms.rego", "\n# METADATA\n# - x\nx := 1\n"), rf"{TERMS}:{END}: METADATA is a"),
]  # fmt: skip


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("spoil", "said"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_bad_input_stops_the_whole_set(copy: Path, spoil: Spoil, said: str) -> None:
    """It ends at load, soon, with an error that names the file and where there is one the line."""
    compiled(copy)
    spoil(copy)
    with pytest.raises(PolicyError, match=said):
        compiled(copy)


@pytest.mark.parametrize(
    "spoil",
    [
        put("terms/terms.rego.bak", "no rego"),
        put("terms/terms.rego~", "no rego"),
        put("law.pdf", b"%PDF-1.7\xff\x00"),
        put("README.md", "about"),
        put(".git/objects/x.rego", "no rego"),
        put("terms/.#terms.rego", "no rego"),
    ],
)
def test_what_does_not_decide_changes_nothing(copy: Path, spoil: Spoil) -> None:
    """Backups, documents and what begins with a dot are not read: the revision stays."""
    before = policy_set.load(copy).revision
    spoil(copy)
    assert before == policy_set.load(copy).revision


def test_link_within_the_folder_is_followed(copy: Path) -> None:
    """A platform that mounts each file as a link into a hidden folder of its own is served."""
    before = policy_set.load(copy).revision
    hidden = copy / "..2026_11_22" / "terms.rego"
    hidden.parent.mkdir()
    (copy / "terms" / "terms.rego").rename(hidden)
    (copy / "terms" / "terms.rego").symlink_to(Path("..") / "..2026_11_22" / "terms.rego")
    assert before == policy_set.load(copy).revision


@pytest.mark.parametrize(
    "data",
    [{"decision": {"decision": {"allow": True}}}, {"decision": {}}, {"decision": {"decision": {}}}, {"decision": 1}],
    ids=["answer", "package", "empty", "number"],
)  # fmt: skip
def test_data_cannot_answer_for_a_rule(data: dict[str, Any]) -> None:
    """Where data and a rule have one name, the embedded engine would believe the data: such a set is refused."""
    policies = PolicySet({"decision.rego": DECIDES}, data)
    if data == {"decision": {}}:
        EmbeddedEngine(policies, 5)  # nothing is given twice
        return
    with pytest.raises(PolicyError, match=r"decision\.rego:3: .*given by data too"):
        EmbeddedEngine(policies, 5)


@pytest.mark.parametrize(
    "text",
    [
        "x := 1\n\nf(x) := x\n",
        "x := 1\n\ny if {\n\tx := 2\n\tx == 2\n}\n",
        "x := 1\n\ny if every x in [1] { x == 1 }\n",
        "a.b := 1\n\na.c := a.b\n",
        "p contains x if {\n\tsome x in [1, 2]\n\tnot q[x]\n}\n\nq contains 1\n",
        'f("a") := data.decision.p\n\nf("b") := 2\n\np := 1\n',
        'x := "a [[[[[[[[[[[[[[[[[[ b"\n',
        "# [[[[[[[[[[[[[[[[[[[[ --------\nx := `[[[[[[[[[[[[[[[[`\n",
    ],
)
def test_what_is_no_mistake_is_accepted(text: str) -> None:
    """Arguments and variables named like rules, rules below rules, brackets in texts: all of that is Rego."""
    EmbeddedEngine(PolicySet({"decision.rego": f"{DECIDES}\n{text}"}, {}), 5)


# Places in JSON

DOCUMENT = """{
  "a": {"x": 1, "y":
    [10,
     {"x": "}"},
     30]},
  "b\\u0062": {
    "": null
  }
}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("a",), 2),
        (("a", "y"), 2),
        (("a", "y", 0), 3),
        (("a", "y", 1, "x"), 4),
        (("a", "y", 2), 5),
        (("bb",), 6),
        (("bb", ""), 7),
        (("bb", "none", "deeper"), 6),
        (("a", "x", "deeper"), 2),
    ],
)
def test_line_of_a_value_is_where_it_stands(path: tuple[str | int, ...], line: int) -> None:
    """Names repeat and texts hold brackets; the line is of the very value, or of its nearest parent."""
    assert line == Lines(DOCUMENT).of(path)


def test_name_that_stands_twice_is_told_where_it_repeats() -> None:
    """The same name in two objects is no repetition; in one object it is, at its second place."""
    with pytest.raises(JsonError) as caught:
        parse('{"a": {"x": 1},\n "b": {"x": 1,\n "y": 2,\n "x": 3}}')
    assert (4, "the name 'x' stands twice in one object") == (caught.value.line, str(caught.value))


# Much of it


def many_agreements(policies: PolicySet, number: int) -> dict[str, Any]:
    """Agreements like those that there are, each with an id of its own."""
    own = list(policies.data["agreements"].values())
    names = map("".join, itertools.product(string.ascii_lowercase, repeat=4))
    ids = [f"a-{name}" for name in itertools.islice(names, number)]
    return {name: {**own[index % len(own)], "id": name} for index, name in enumerate(ids)}


@pytest.mark.slow
def test_large_data_is_held_to_its_schema_whole(copy: Path) -> None:
    """Of 50 MB of agreements, the one that is wrong is found, with its line."""
    agreements = many_agreements(policy_set.load(copy), 100_000)
    file = copy / "agreements" / "data.json"
    agreements["a-wrong"] = {**agreements["a-aaaa"], "id": "a-wrong", "valid_to": "soon"}
    text = json.dumps(agreements, indent=2)
    assert len(text) > 50_000_000
    file.write_text(text, "utf-8")
    with pytest.raises(PolicyError, match=r"agreements/data\.json:\d+: at a-wrong/valid_to") as caught:
        policy_set.load(copy)
    assert caught.value.line == text.count("\n", 0, text.rindex('"valid_to"')) + 1


@pytest.mark.slow
def test_many_agreements_decide_like_few() -> None:
    """Among 100,000 agreements, a request is decided as among forty."""
    policies = policy_set.load(DEFAULT_POLICIES)
    agreements = many_agreements(policies, 100_000) | policies.data["agreements"]
    many = PolicySet(policies.modules, {**policies.data, "agreements": agreements})
    few, more_ = EmbeddedEngine(policies, 5), EmbeddedEngine(many, 5)
    for question in (INCOME, {**INCOME, "agreement": "a-aaaa"}, {**INCOME, "subject_role": "child"}):
        one, other = few.decide_now(question), more_.decide_now(question)
        assert (one.allow, one.granted) == (other.allow, other.granted)


INCOME = {
    "time": "2026-11-21T20:00:00Z",
    "kind": "exchange",
    "consumer": "91000008",
    "processor": None,
    "provider": "94000068",
    "dataset": "eindkomst.indkomst",
    "attributes": ["maaned"],
    "key": "personnummer",
    "subject_role": "applicant",
    "purpose": "housing-benefit.income",
    "legal_basis": "bsl.8",
    "agreement": "udk-eindkomst",
    "law_date": "2026-11-21",
    "consent": None,
    "partial_acceptable": False,
    "emergency": False,
}


async def test_prepared_engine_decides_as_one_made_at_once() -> None:
    """Built step by step, with the loop going on between, an engine gives the same decisions."""
    policies = policy_set.load(DEFAULT_POLICIES)
    turns = 0

    async def go_on() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(go_on())
    prepared = await prepare(policies, 5)
    other.cancel()
    at_once = EmbeddedEngine(policies, 5)
    assert turns >= len(policies.modules) + len(policies.data)
    assert at_once.revision == prepared.revision
    for field, value in [
        ("time", INCOME["time"]),
        ("subject_role", "child"),
        ("consumer", "1"),
        ("attributes", []),
    ]:
        question = {**INCOME, field: value}
        assert at_once.decide_now(question) == prepared.decide_now(question)


async def test_set_that_does_not_compile_is_not_prepared() -> None:
    """Built step by step, a broken set is refused as it is at once."""
    with pytest.raises(PolicyError, match=r"other\.rego:3: "):
        await prepare(PolicySet({"decision.rego": DECIDES, "other.rego": "package other\n\nx := {"}, {}), 5)
