"""Proofs of completeness as files: verified by an outside program, and refused when anything is changed."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audit.completeness import proof_json
from audit.completeness.proving import covering
from audit.completeness.rows import Standing
from audit.errors import LogError, NotFound
from audit.formats import canonical
from tests.integration.audit.test_periods import people
from tests.support import tools
from tests.support.logs import LogSite
from tests.support.periods import Periods


@dataclass(frozen=True)
class Files:
    """Proofs of one log as files: about somebody with records, and about somebody without."""

    site: LogSite
    present: bytes
    absent: bytes


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Two periods, three subjects."""
    import asyncio  # noqa: PLC0415  # a fixture of the module has no loop of its own

    site = LogSite.at(tmp_path_factory.mktemp("proofs"))
    periods = Periods(site)

    async def write() -> None:
        with site.opened() as log:
            await people(log, 0, 6)
            periods.close()
            await people(log, 6, 4)
            periods.close()

    asyncio.run(write())
    made = [proof_json.write(periods.prove(s)) for s in (b"subject 0", b"stranger")]
    return Files(site, *made)


def holds(site: LogSite, data: bytes) -> bool:
    """Whether our verifier accepts a file."""
    try:
        proof_json.parse(data).verify(site.verifier)
    except LogError:
        return False
    return True


def holds_outside(site: LogSite, data: bytes, path: Path) -> subprocess.CompletedProcess[str]:
    """What the Go program says."""
    path.write_bytes(data)
    command = [str(tools.own("complete")), site.verifier.vkey, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_an_outside_program_verifies_them(files: Files, tmp_path: Path) -> None:
    """Go's checker for the log, a few lines of its own for the index: the same entries, or none."""
    for data, expected in ((files.present, [0, 3, 7, 10]), (files.absent, [])):
        assert expected == [r.index for r in proof_json.parse(data).verify(files.site.verifier).records]
        ran = holds_outside(files.site, data, tmp_path / "proof.json")
        assert (0, "") == (ran.returncode, ran.stderr)
        assert [f"entry {i}" for i in expected] == ran.stdout.splitlines()[1:]


def test_a_file_is_read_as_it_was_written(files: Files) -> None:
    """In one form only: what is parsed is written with the same bytes."""
    for data in (files.present, files.absent):
        assert data == proof_json.write(proof_json.parse(data))
        assert not holds(files.site, data + b"\n")


def changed(value: Any) -> Iterator[Any]:
    """Every value that differs from a JSON value in one place."""
    if isinstance(value, dict):
        for name in value:
            yield {k: v for k, v in value.items() if k != name}
            for other in changed(value[name]):
                yield {**value, name: other}
        yield {**value, "more": ""}
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield [*value[:at], *value[at + 1 :]]
            yield [*value[:at], item, *value[at:]]
            for other in changed(item):
                yield [*value[:at], other, *value[at + 1 :]]
    elif isinstance(value, str):
        if value:
            at = len(value) // 2
            yield value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]
            yield value[:-1]
        yield value + "A"
        yield 1
    else:
        yield value + 1
        yield str(value)


@pytest.mark.slow
def test_every_change_is_refused(files: Files) -> None:
    """Every field removed, doubled, altered, retyped; only whole periods at the ends may be missing."""
    tried = 0
    for data in (files.present, files.absent):
        document = canonical.decode(data)
        shorter = [
            {**document, "periods": document["periods"][:1]},
            {**document, "periods": document["periods"][1:]},
        ]
        for other in changed(document):
            if other in shorter:
                continue
            tried += 1
            assert not holds(files.site, canonical.encode(other)), other
    assert tried > 1000


def test_the_outside_program_refuses_as_well(files: Files, tmp_path: Path) -> None:
    """A record left out, another subject, another key, another path: also refused by the Go program."""
    document = canonical.decode(files.present)
    changes = []
    for name, value in (
        ("subject", "subject 1"),
        ("checkpoint", document["checkpoint"].replace("\n1", "\n2", 1)),
    ):
        changes.append({**document, name: value})
    for change in ("records", "path"):
        other = copy.deepcopy(document)
        other["periods"][0][change].pop()
        changes.append(other)
    for name in ("key", "salt", "account_opening"):
        other = copy.deepcopy(document)
        other["periods"][0][name] = document["periods"][1][name]
        changes.append(other)
    other = copy.deepcopy(document)
    other["periods"] = [document["periods"][1], document["periods"][0]]
    changes.append(other)
    for one in changes:
        assert 1 == holds_outside(files.site, canonical.encode(one), tmp_path / "proof.json").returncode
        assert not holds(files.site, canonical.encode(one))


def test_a_proof_names_nobody_else(files: Files) -> None:
    """Neither the identifier nor the pseudonym of anybody else stands in it."""
    assert b"subject 1" not in files.present
    assert b"subject" not in files.absent.replace(b'"subject"', b"").replace(b'\\"subject\\"', b"")


def at(day: int) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC)


def test_the_periods_of_a_time_are_those_that_may_hold_its_exchanges() -> None:
    """From the one in which it begins; an exchange may be recorded somewhat later than it says."""
    days = [
        Standing(
            d, d + 1, f"2026-11-{d:02}T00:00:00Z" if d > 1 else "", f"2026-11-{d + 1:02}T00:00:00Z", 0, "", ""
        )
        for d in range(1, 6)
    ]
    assert [2, 3, 4] == [p.first for p in covering(days, datetime(2026, 11, 2, 1, tzinfo=UTC), at(4))]
    assert [5] == [p.first for p in covering(days, datetime(2026, 11, 5, 1, tzinfo=UTC), at(6))]
    assert [1] == [
        p.first for p in covering(days, datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC))
    ]
    with pytest.raises(NotFound, match="periods are closed until 2026-11-06"):
        covering(days, at(1), at(7))
    with pytest.raises(NotFound, match="no period is closed"):
        covering([], at(1), at(7))
