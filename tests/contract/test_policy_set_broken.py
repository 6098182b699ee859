"""Policy sets that do not hold: none of them decides anything, and the error names the file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from exchange.config import DEFAULT_POLICIES
from exchange.policy import policy_set
from exchange.policy.embedded import EmbeddedEngine
from exchange.policy.policy_set import PolicyError
from tests.support.broker import RunningBroker, Site

SECTION = "legal_basis/bsl/section_8/section_8.rego"


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A copy of the policies that may be broken."""
    return Path(shutil.copytree(DEFAULT_POLICIES, tmp_path / "policies"))


class Break(NamedTuple):
    """A way to break a policy set, and what the error must name."""

    name: str
    names: str
    do: Callable[[Path], object]


def replaced(path: str, old: str, new: str) -> Callable[[Path], None]:
    """Replaces a text in a file, which must hold it."""

    def do(folder: Path) -> None:
        file = folder / path
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), "utf-8")

    return do


def added(path: str, text: str | bytes) -> Callable[[Path], None]:
    """Adds to the end of a file, or makes it."""

    def do(folder: Path) -> None:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_bytes() if file.exists() else b""
        file.write_bytes(before + (text if isinstance(text, bytes) else text.encode()))

    return do


def removing(pattern: str) -> Callable[[Path], None]:
    """Removes files."""

    def do(folder: Path) -> None:
        for file in list(folder.glob(pattern)):
            file.unlink()

    return do


def agreement(**fields: object) -> Callable[[Path], None]:
    """Changes fields of an agreement."""

    def do(folder: Path) -> None:
        file = folder / "agreements/data.json"
        data = json.loads(file.read_text("utf-8"))
        data["udk-cpr"] |= fields
        file.write_text(json.dumps(data), "utf-8")

    return do


def calling(builtin: str) -> Callable[[Path], None]:
    """Adds a rule that calls a built-in."""
    return added(SECTION, f"\nsneaky := {builtin}\n")


AGREEMENTS = r"agreements/data\.json"
NEW = "legal_basis/new/section_1/section_1.rego"
BREAKS = [
    Break("a syntax error", r"section_8\.rego", added(SECTION, "\nallow if {\n")),
    Break("an unknown name", r"section_8\.rego", added(SECTION, "\nx := nowhere\n")),
    Break("an unknown function", r"section_8\.rego", calling("no.such(1)")),
    Break("the network", r"section_8\.rego:\d+: .*http\.send", calling('http.send({"url": "http://x"})')),
    Break("the clock", r"section_8\.rego:\d+: .*time\.now_ns", calling("time.now_ns()")),
    Break("chance", r"section_8\.rego:\d+: .*rand\.intn", calling('rand.intn("x", 2)')),
    Break("the environment", r"section_8\.rego:\d+: .*opa\.runtime", calling("opa.runtime()")),
    Break(
        "a count on which engines differ",
        r"section_8\.rego:\d+: .*strings\.count",
        calling('strings.count("a", "a")'),
    ),
    Break("no package", r"new/section_1", added(NEW, "x := 1\n")),
    Break("an empty file", r"new/section_1", added(NEW, "")),
    Break("bytes that are no UTF-8", r"section_8\.rego", added(SECTION, b"\n# \xff\xfe\n")),
    Break(
        "no Danish text",
        r"section_8\.rego:\d+: .*failure_msg",
        replaced(SECTION, "#     da: >-", "#     no: >-"),
    ),
    Break(
        "no code to its text", r"section_8\.rego:\d+: ", replaced(SECTION, "#   short_name: ", "#   name: ")
    ),
    Break(
        "METADATA that is no YAML",
        r"section_8\.rego:\d+: ",
        added(SECTION, "\n# METADATA\n# title: [\nx := 1\n"),
    ),
    Break(
        "METADATA that is a list",
        r"section_8\.rego:\d+: ",
        added(SECTION, "\n# METADATA\n# - title\nx := 1\n"),
    ),
    Break("data that is no JSON", rf"{AGREEMENTS}:\d+: ", added("agreements/data.json", ",")),
    Break("data that is no UTF-8", AGREEMENTS, added("agreements/data.json", b"\xff")),
    Break("a field of another type", rf"{AGREEMENTS}:\d+: at udk-cpr/purposes", agreement(purposes="all")),
    Break("a field that nobody reads", rf"{AGREEMENTS}:\d+: at udk-cpr", agreement(valid_until="2024-06-30")),
    Break(
        "a consumer that is no CVR number",
        rf"{AGREEMENTS}:\d+: at udk-cpr/consumer",
        agreement(consumer="9100000"),
    ),
    Break("a date that is none", rf"{AGREEMENTS}:\d+: at udk-cpr/valid_to", agreement(valid_to="soon")),
    Break("data without a schema", r"exceptions/data\.json: .*schema", added("exceptions/data.json", "{}")),
    Break(
        "a schema that is no JSON", r"agreements/schema\.json", added("schemas/agreements/schema.json", "}")
    ),
    Break("no decision", "the policy set does not compile", removing("decision/decision.rego")),
    Break("no modules", "policies", removing("**/*.rego")),
    Break("no folder", "policies", shutil.rmtree),
]


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_one_broken_file_stops_the_whole_set(policies: Path, case: Break) -> None:
    """A set that does not parse, compile, explain itself or fit its schemas is refused by name."""
    case.do(policies)
    with pytest.raises(PolicyError, match=case.names) as caught:
        EmbeddedEngine(policy_set.load(policies), 1)
    assert "backtrace" not in str(caught.value)


BY_NAME = {case.name: case for case in BREAKS}


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        ("a syntax error", "embedded"),  # an OPA server compiles by itself, and loads no broken bundle
        ("no Danish text", "embedded"),
        ("no Danish text", "opa"),
        ("a field of another type", "embedded"),
        ("a field of another type", "opa"),
    ],
)
def test_a_broker_does_not_start_on_a_broken_set(
    start: Callable[..., RunningBroker], site: Site, policies: Path, name: str, engine: str
) -> None:
    """There is no broker without policies, on either engine, and no log is begun for one."""
    case = BY_NAME[name]
    case.do(policies)
    with pytest.raises(PolicyError, match=case.names):
        start(policy={"folder": str(policies), "engine": engine})
    assert not (site.folder / "log.db").exists()


def test_the_set_that_these_tests_break_holds(policies: Path) -> None:
    """Left alone, the copy compiles and has the revision of the original."""
    copied, original = policy_set.load(policies), policy_set.load(DEFAULT_POLICIES)
    EmbeddedEngine(copied, 1)
    assert original.revision == copied.revision
