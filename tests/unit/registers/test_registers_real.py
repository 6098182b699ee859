"""Loading real rows of BBR and DAR."""

import gzip
import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adapters.registers import RealDataError, RealReport, Registers, load_real, write

REAL = os.environ.get("HJEMMEL_REAL_DATA")
FROM = {"registreringFra": "2017-06-02T12:29:37Z", "virkningFra": "2000-02-05T20:34:32.5Z"}
UNIT = {"id_lokalId": "unit", "opgang": "entrance", "etage": "floor", "kommunekode": "0461"}


def _files() -> dict[str, list[Any]]:
    """Two properties, two buildings and two units, as the real extract spells them."""
    return {
        "bbr/Opgang": [{"id_lokalId": "entrance", "bygning": "house", **FROM}],
        "bbr/Etage": [{"id_lokalId": "floor", "bygning": "shed", **FROM}],
        "bbr/Grund": [
            # The plot passed from one property to another.
            {
                "id_lokalId": "plot",
                "bestemtFastEjendom": "first",
                **FROM,
                "virkningTil": "2010-01-01T00:00:00Z",
            },
            {
                "id_lokalId": "plot",
                "bestemtFastEjendom": "second",
                **FROM,
                "virkningFra": "2010-01-01T00:00:00Z",
            },
            {
                "id_lokalId": "plot",
                "bestemtFastEjendom": "mistake",
                **FROM,
                "registreringTil": "2018-01-01T00:00:00Z",
            },
        ],
        "bbr/Ejendomsrelation": [
            {"id_lokalId": "first", "bfeNummer": "1001", **FROM},
            {"id_lokalId": "second", "bfeNummer": "1002", **FROM},
        ],
        "bbr/Bygning": [
            {
                "id_lokalId": "house",
                "grund": "plot",
                "byg026Opførelsesår": "1969",
                **FROM,
                "virkningTil": "2015-01-01T00:00:00Z",
            },
            {
                "id_lokalId": "house",
                "grund": "plot",
                "byg026Opførelsesår": "1971",
                **FROM,
                "virkningFra": "2015-01-01T00:00:00Z",
            },
            {"id_lokalId": "shed", "grund": "nowhere", **FROM},
        ],
        "bbr/Enhed": [
            {**UNIT, "enh031AntalVærelser": "3", "enh034Køkkenforhold": "E", **FROM},
            {**UNIT, "id_lokalId": "other", "opgang": "lost", **FROM},
        ],
        "dar/Adresse": [
            {
                "id": "address",
                "registreringfra": "2018-05-03T16:58:34Z",
                "registreringtil": None,
                "virkningfra": "2011-09-09T14:20:37.09+02:00",
                "virkningtil": None,
                "adressebetegnelse": "Ærøåsvej 1, 5000 Odense C",
                "dørbetegnelse": "",
                "husnummer_id": "number",
            }
        ],
    }


def _save(folder: Path, files: Mapping[str, Iterable[Any]]) -> Path:
    for name, rows in files.items():
        path = folder / f"{name}.ndjson.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in rows]
        path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return folder


def _rows(folder: Path, register: str, query: str) -> list[Any]:
    with closing(sqlite3.connect(folder / f"{register}.db")) as connection:
        return connection.execute(query).fetchall()


def _counts(report: RealReport) -> dict[str, tuple[int, int, int]]:
    return {f.dataset: (f.read, f.written, f.replaced) for f in report.files}


def test_names_are_transliterated_and_values_are_not(tmp_path: Path) -> None:
    """Attributes with æøå land in the catalogue's columns; addresses keep their letters."""
    load_real(_save(tmp_path / "in", _files()), tmp_path)

    assert [(3, "E")] == _rows(
        tmp_path,
        "bbr",
        "SELECT enh031AntalVaerelser, enh034Koekkenforhold FROM enhed WHERE id_lokalId = 'unit'",
    )
    assert [("Ærøåsvej 1, 5000 Odense C", None, "number")] == _rows(
        tmp_path, "dar", "SELECT adressebetegnelse, doerbetegnelse, husnummer FROM adresse"
    )


def test_times_are_normalised(tmp_path: Path) -> None:
    """Times of any precision and zone become fixed-width UTC."""
    load_real(_save(tmp_path / "in", _files()), tmp_path)

    assert [("2018-05-03T16:58:34.000000Z", None, "2011-09-09T12:20:37.090000Z", None)] == _rows(
        tmp_path,
        "dar",
        "SELECT registreringFra, registreringTil, virkningFra, virkningTil FROM adresse",
    )


def test_building_has_the_property_of_its_time(tmp_path: Path) -> None:
    """Each row of a building has the property its plot belonged to when the row took effect."""
    load_real(_save(tmp_path / "in", _files()), tmp_path)

    rows = _rows(tmp_path, "bbr", "SELECT byg026Opfoerelsesaar, bfeNummer FROM bygning ORDER BY virkningFra")
    assert {(1969, 1001), (1971, 1002), (None, None)} == set(rows)


def test_unit_lies_in_the_building_of_its_entrance_or_floor(tmp_path: Path) -> None:
    """A unit's building is that of its entrance, else that of its floor."""
    load_real(_save(tmp_path / "in", _files()), tmp_path)

    rows = _rows(tmp_path, "bbr", "SELECT id_lokalId, bygning FROM enhed")
    assert {("unit", "house"), ("other", "shed")} == set(rows)


def test_loading_twice_changes_nothing(tmp_path: Path, small: Registers) -> None:
    """A second run replaces each row by itself; generated rows stay beside the real ones."""
    write(small, tmp_path)
    source = _save(tmp_path / "in", _files())
    first = load_real(source, tmp_path)
    once = _rows(tmp_path, "bbr", "SELECT * FROM bygning ORDER BY id_lokalId, virkningFra")
    second = load_real(source, tmp_path)
    twice = _rows(tmp_path, "bbr", "SELECT * FROM bygning ORDER BY id_lokalId, virkningFra")

    assert (3, 3, 0) == _counts(first)["bbr.bygning"]
    assert (3, 3, 3) == _counts(second)["bbr.bygning"]
    assert once == twice
    assert 3 + len(small.tables["bbr.bygning"].rows) == len(twice)


def test_rejected_rows_are_counted_by_reason(tmp_path: Path) -> None:
    """A row that cannot be taken over is counted, and the others are written."""
    files = _files()
    late = {**FROM, "virkningTil": "1999-01-01T00:00:00Z"}
    files["bbr/Enhed"] += [
        {**UNIT, "id_lokalId": "", **FROM},
        {**UNIT, "enh031AntalVærelser": "many", **FROM},
        {**UNIT, "registreringFra": "2017-06-02T12:29:37Z"},
        {**UNIT, **FROM, "virkningFra": "yesterday"},
        {**UNIT, **late},
        {**UNIT, **FROM},
    ]
    report = load_real(_save(tmp_path / "in", files), tmp_path)
    units = next(f for f in report.files if f.dataset == "bbr.enhed")

    assert {
        "id_missing": 1,
        "number_expected": 1,
        "time_missing": 1,
        "time_invalid": 1,
        "virkning_ends_before_it_begins": 1,
        "repeated": 1,
    } == dict(units.rejected)
    assert (8, 2) == (units.read, units.written)
    assert units.read == units.written + sum(units.rejected.values())


@pytest.mark.parametrize(("line", "message"), [("{", "not JSON"), ("[]", "not a JSON object")])
def test_bad_line_is_named_and_nothing_is_written(tmp_path: Path, line: str, message: str) -> None:
    """A bad line stops the load with its file and number, and leaves the database empty."""
    files = _files()
    files["bbr/Enhed"].append(line)

    with pytest.raises(RealDataError, match=rf"Enhed\.ndjson\.gz, line 3: {message}"):
        load_real(_save(tmp_path / "in", files), tmp_path)

    assert [(0,)] == _rows(tmp_path, "bbr", "SELECT count(*) FROM bygning")


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A missing file is found before anything is touched."""
    source = _save(tmp_path / "in", _files())
    (source / "dar" / "Adresse.ndjson.gz").unlink()

    with pytest.raises(RealDataError, match=r"Adresse\.ndjson\.gz: there is no such file"):
        load_real(source, tmp_path / "out")

    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("damage", [b"no gzip", None])
def test_damaged_file_is_named(tmp_path: Path, damage: bytes | None) -> None:
    """A file that is no gzip, or is cut off, is named."""
    source = _save(tmp_path / "in", _files())
    path = source / "bbr" / "Bygning.ndjson.gz"
    path.write_bytes(damage or path.read_bytes()[:-10])

    with pytest.raises(RealDataError, match=r"Bygning\.ndjson\.gz: damaged after line"):
        load_real(source, tmp_path)


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    """Progress is told in bytes, never falls, and ends at the size of all files."""
    source = _save(tmp_path / "in", _files())
    told: list[tuple[int, int]] = []
    load_real(source, tmp_path, lambda done, total: told.append((done, total)))

    size = sum(path.stat().st_size for path in source.rglob("*.gz"))
    assert told == sorted(told)
    assert (size, size) == told[-1]


@pytest.mark.skipif(not REAL, reason="HJEMMEL_REAL_DATA is not set")
def test_real_rows_are_all_taken_over(tmp_path: Path, small: Registers) -> None:
    """The real extract loads whole beside generated rows: each current building has its BFE."""
    write(small, tmp_path)
    source = Path(str(REAL)) / "registers"
    report = load_real(source, tmp_path)

    assert {
        "bbr.bygning": (18_625, 18_625, 0),
        "bbr.enhed": (19_568, 19_568, 0),
        "dar.adresse": (2_902, 2_902, 0),
    } == _counts(report)
    current = "registreringTil IS NULL AND virkningTil IS NULL AND length(id_lokalId) = 36"
    lost = f"SELECT count(*) FROM bygning WHERE bfeNummer IS NULL AND {current}"
    assert [(0,)] == _rows(tmp_path, "bbr", lost)
    assert [(0,)] == _rows(tmp_path, "bbr", "SELECT count(*) FROM enhed WHERE bygning IS NULL")
    assert _counts(report) == {
        name: (read, written, 0) for name, (read, written, _) in _counts(load_real(source, tmp_path)).items()
    }
