"""The fault harness finds what it is there to find: logs that are wrong on purpose do not pass it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.harness import fault, power
from tests.faults.harness.power import Op
from tests.faults.harness.runs import Result, Stand
from tests.faults.harness.stores import PostgresStore, SqliteStore
from tests.support.postgres import Server

#: By sabotage, kills of which some fall between what is in the wrong order.
KILLS = {
    "early": [f"writer.pwrite64:{number}:KILL" for number in range(20, 38, 3)],
    "unintended": [f"opener.told:{number}:KILL" for number in range(8, 14)],
}


def played(folder: Path, wrong: str, names: list[str]) -> list[Result]:
    """Makes runs over SQLite, one after another."""
    template = folder / "template"
    template.mkdir()
    stand = Stand(SqliteStore(template), folder / "runs", wrong)
    return [stand.run("exchange", fault.parse(name)) for name in names]


def problems(results: list[Result]) -> set[str]:
    """What was found, by the first word."""
    return {problem.partition(":")[0] for result in results for problem in result.problems}


@pytest.mark.slow
def test_commits_that_are_not_durable_are_found_by_power_cuts(quick_path: Path) -> None:
    """With `synchronous=OFF` acknowledged entries are missing after a power cut; in earnest none is."""
    folders = [quick_path / "off", quick_path / "full"]
    cuts = [f"power:{number}:nothing" for number in range(500, 900, 130)]
    for folder in folders:
        folder.mkdir()
    assert "lost" in problems(played(folders[0], "unsynced", cuts))
    assert set() == problems(played(folders[1], "", cuts))


@pytest.mark.slow
def test_commits_that_are_not_durable_are_found_by_crashes_of_the_server(
    postgres_server_of_its_own: Server, quick_path: Path
) -> None:
    """With `synchronous_commit=off` acknowledged entries are missing after a crash; in earnest none is."""
    found = {}
    for wrong in ("unsynced", ""):
        template = quick_path / f"template-{wrong}"
        template.mkdir()
        stand = Stand(PostgresStore(template, postgres_server_of_its_own, None), quick_path / wrong, wrong)
        crashes = [f"server:{number}:before" for number in (150, 190, 230, 270)]
        found[wrong] = problems([stand.run("exchange", fault.parse(name)) for name in crashes])
    assert "lost" in found["unsynced"]
    assert set() == found[""]


@pytest.mark.slow
@pytest.mark.parametrize("wrong", KILLS)
def test_a_wrong_order_is_found_by_kills(quick_path: Path, wrong: str) -> None:
    """An answer before its entry, and a read before its intention, are found."""
    found = problems(played(quick_path, wrong, KILLS[wrong]))
    assert "untraced" in found
    assert found <= {"untraced", "otherwise"}


def test_what_was_not_synced_may_be_missing(tmp_path: Path) -> None:
    """A cut keeps what was synced, and of the rest nothing, all or a part, down to sectors."""
    before = tmp_path / "before"
    before.mkdir()
    (before / "a").write_bytes(b"old")
    ops = [
        Op("write", Path("a"), 0, b"new"),
        Op("sync", Path("a")),
        Op("write", Path("a"), 3, b"x" * 2048),
        Op("create", Path("b")),
        Op("write", Path("b"), 0, b"fresh"),
        Op("write", Path("told"), -1, b"a line\n"),
    ]

    def cut(number: int, kind: str, seed: int = 1) -> dict[str, bytes]:
        folder = tmp_path / f"{number}-{kind}-{seed}"
        folder.mkdir()
        power.cut(ops, number, kind, seed, before, folder, "told")
        return {p.name: p.read_bytes() for p in folder.iterdir()}

    assert {"a": b"old", "told": b""} == cut(1, "nothing")
    assert {"a": b"new", "told": b""} == cut(1, "all")
    assert {"a": b"new", "told": b"a line\n"} == cut(6, "nothing")
    assert {"a": b"new" + b"x" * 2048, "b": b"fresh", "told": b"a line\n"} == cut(6, "all")
    torn = [cut(6, "torn", seed)["a"] for seed in range(20)]
    assert all(content.startswith(b"new") for content in torn)
    assert any(b"x\0" in content or b"\0x" in content for content in torn)


@pytest.mark.parametrize(
    ("name", "injection"),
    [
        ("writer.pwrite64:17:EIO", "inject=pwrite64:error=EIO:when=17"),
        ("opener.fdatasync:2:EIO+", "inject=fdatasync:error=EIO:when=2+"),
        ("writer.fdatasync:3:EIOx4", "inject=fdatasync:error=EIO:when=3..6"),
        ("writer.pwrite64:5:SHORT", "inject=pwrite64:retval=0:when=5"),
        ("opener.told:9:KILL", "inject=write:signal=KILL:when=9"),
    ],
)
def test_a_fault_is_known_by_its_name(name: str, injection: str) -> None:
    """A name is read and written the same, and says what strace is to do."""
    (found,) = fault.parse(name)
    assert (name, injection) == (str(found), found.injection)
