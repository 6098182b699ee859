"""A sample of all the damage that can be done to a log, wherever it stands, from a fixed seed.

The whole run is `make damage`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation_of_logs import Bench, cases, file, published, sqlite
from tests.support.damage import whole_log
from tests.support.damage.database import DatabaseBench
from tests.support.damage.verdict import Verdict
from tests.support.logs import LogSite
from tests.support.tsa import Tsa

SEED = 7


def all_found(bench: Bench, count: int) -> list[Verdict]:
    """Judges so many cases, each found as it should be."""
    judged = list(cases(bench, range(count), SEED, "suite"))
    lacking = [f"{n}: {v.kind}, {v.what}: {lack}" for n, v in judged for lack in v.lacks]
    assert [] == lacking, lacking[:5]
    return [v for _, v in judged]


def test_no_damage_to_published_files_goes_unnoticed(tmp_path: Path) -> None:
    """Each is found by ours, which names what was changed and nothing else; and outside, if signed for."""
    with published(tmp_path) as bench:
        judged = all_found(bench, 150)
    assert 12 == len({v.kind for v in judged})


def test_no_damage_to_rows_goes_unnoticed(tmp_path: Path, tsa: Tsa) -> None:
    """Rows of every table, on SQLite: found and named, unless nothing can tell, which is said why."""
    (tmp_path / "out").mkdir()
    with sqlite(tmp_path, tsa) as bench:
        judged = all_found(bench, 150)
    assert {"log_entries", "log_head", "log_tiles", "vault_sealed"} <= {v.where.split(".")[0] for v in judged}


def test_no_damage_to_the_file_goes_unnoticed(tmp_path: Path, tsa: Tsa) -> None:
    """Any bytes of the SQLite file: found, or no row reads otherwise."""
    (tmp_path / "out").mkdir()
    with file(tmp_path, tsa) as bench:
        assert any(not v.ours for v in all_found(bench, 50))


@pytest.mark.slow
def test_no_damage_to_rows_on_postgresql_goes_unnoticed(
    postgres_site: LogSite, tsa: Tsa, tmp_path: Path
) -> None:
    """The same rows, on PostgreSQL."""
    (tmp_path / "out").mkdir()
    with DatabaseBench.of(whole_log.make(postgres_site, tsa, 600), tmp_path / "out") as bench:
        all_found(bench, 40)
