"""Loading files: every row counted, history kept, and what is served changes in one step or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.kinds.snapshot import SnapshotError, open_snapshot
from adapters.port import AnswerInvalid, Connection
from tests.support.adapters import lookup_of
from tests.unit.snapshot.conftest import (
    BEGIN,
    ROAD,
    SECOND,
    THIRD,
    TIMED,
    TOLD,
    Loader,
    as_csv,
    ndjson,
    packed,
    roads,
    time,
)

Served = Callable[..., list[tuple[Any, ...]]]
MANY = [ROAD | {"vejId": f"v{n}"} for n in range(12)]


def parquet(rows: list[dict[str, Any]]) -> bytes:
    arrow, written = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    sink = arrow.BufferOutputStream()
    written.write_table(arrow.Table.from_pylist(rows), sink)
    return bytes(sink.getvalue())


FORMS = {"laengde": {"form": "text"}}


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("vej.ndjson", ndjson(MANY), {}),
        ("vej.ndjson.gz", ndjson(MANY), {}),
        ("vej.ndjson.zip", b"\xef\xbb\xbf" + ndjson(MANY), {}),
        ("vej.json", json.dumps(MANY).encode(), {"format": "json"}),
        ("vej.json.zip", json.dumps({"veje": MANY}).encode(), {"format": "json", "records": "veje.item"}),
        ("vej.csv", as_csv(MANY), {"format": "csv", "delimiter": ";", "attributes": FORMS}),
        (
            "vej.csv.gz",
            as_csv(MANY).decode().encode("latin-1"),
            {"format": "csv", "delimiter": ";", "encoding": "latin-1", "attributes": FORMS},
        ),
        ("vej.parquet", parquet(MANY), {"format": "parquet"}),
    ],
    ids=["ndjson", "gz", "zip-bom", "json", "json-zip", "csv", "csv-latin", "parquet"],
)
def test_every_format_gives_the_same_rows(
    loaded: Loader, served: Served, name: str, content: bytes, options: dict[str, Any]
) -> None:
    """Whatever a file is written in: all rows, with their letters and their types."""
    report = loaded(content, roads(**options), name)
    assert (True, 12, 12, 12, {}) == (report.applied, report.rows, report.loaded, report.new, report.refused)
    expected = sorted((f"v{n}", "Ærøåsvej", "3", 120) for n in range(12))
    assert expected == served("vejId, vejnavn, status, laengde")


async def test_what_is_loaded_is_answered(loaded: Loader, url: str) -> None:
    """The adapter answers now and at registrations before, and says that it knows no times of effect."""
    loaded([ROAD], taken=BEGIN)
    loaded([ROAD | {"vejnavn": "Nyvej"}], taken=SECOND)
    adapter = open_snapshot("vej", [roads()], Connection(url))
    lookup = lookup_of(roads(), ["vejnavn"], "code", "v1", current=True)
    assert [{"vejnavn": "Nyvej"}] == [dict(f.record) for f in await adapter.fetch(lookup)]
    with pytest.raises(AnswerInvalid, match="does not tell what held at another time"):
        await adapter.fetch(lookup_of(roads(), ["vejnavn"], "code", "v1"))
    await adapter.close()


def test_history_is_kept_by_a_second_file(loaded: Loader, served: Served) -> None:
    """Unchanged, changed, gone and new things: each has the registrations that it must have."""
    loaded([ROAD | {"vejId": f"v{n}"} for n in range(3)], taken=BEGIN)
    second = [ROAD | {"vejId": "v0"}, ROAD | {"vejId": "v1", "laengde": 5}, ROAD | {"vejId": "v3"}]
    report = loaded(second, taken=SECOND)
    assert (2, 1, 1) == (report.new, report.ended, report.gone)
    first, then = time(BEGIN), time(SECOND)
    assert [
        ("v0", 120, first, None),
        ("v1", 120, first, then),
        ("v1", 5, then, None),
        ("v2", 120, first, then),
        ("v3", 120, then, None),
    ] == served("vejId, laengde, registreringFra, registreringTil")


def test_a_registers_own_history_is_taken_over(loaded: Loader, served: Served) -> None:
    """Where the file tells both times they are the table's, ends that came later included."""
    dataset = roads(times=TOLD)
    loaded([TIMED], dataset, taken=THIRD)
    changed = [TIMED | {"registreringTil": SECOND}, TIMED | {"laengde": 5, "registreringFra": SECOND}]
    report = loaded(changed, dataset, taken="2022-01-02T00:00:00Z")
    assert (1, 1, 0, 0) == (report.new, report.ended, report.gone, report.contradicting)
    assert [(120, time(BEGIN), time(SECOND)), (5, time(SECOND), None)] == served(
        "laengde, registreringFra, registreringTil"
    )


def test_deltas_follow_each_other(loaded: Loader, served: Served) -> None:
    """A delta adds; one that does not follow what is loaded is refused, as is one that says nothing."""
    with pytest.raises(SnapshotError, match="a delta needs a full file"):
        loaded([ROAD], delta=True, number="2", follows="1")
    loaded(MANY, taken=BEGIN, number="1")
    report = loaded([ROAD | {"laengde": 7}], delta=True, number="2", follows="1", taken=SECOND)
    assert (1, 1, 0) == (report.new, report.ended, report.gone)
    for follows, said in (("1", "it follows file 1, but 2 is loaded"), (None, "nobody says which file")):
        with pytest.raises(SnapshotError, match=said):
            loaded([ROAD | {"laengde": 8}], delta=True, number="3", follows=follows, taken=THIRD)
    assert 13 == len(served())


def test_the_same_file_twice_is_loaded_once(loaded: Loader, served: Served) -> None:
    """Nothing changes, and it is said."""
    assert loaded(MANY).applied
    before = served()
    assert not loaded(MANY).applied
    assert before == served()


def test_an_older_file_is_refused(loaded: Loader) -> None:
    """What was taken before the file that is loaded would turn time back."""
    loaded([ROAD], taken=SECOND)
    with pytest.raises(SnapshotError, match="taken before the file that is loaded"):
        loaded([ROAD | {"laengde": 1}], taken=BEGIN)


BAD: list[tuple[str, dict[str, Any] | str | bytes, str]] = [
    ("broken", '{"vejId": "v9", "vejn', "not_json"),
    ("latin-1", json.dumps(ROAD, ensure_ascii=False).encode("latin-1"), "not_utf8"),
    ("list", "[]", "no_object"),
    ("lost-letters", ROAD | {"vejId": "x", "vejnavn": "\N{REPLACEMENT CHARACTER}rø"}, "vejnavn: not_decoded"),
    ("another-type", ROAD | {"vejId": "x", "laengde": "lang"}, "laengde: another_type"),
    ("grown-enum", ROAD | {"vejId": "x", "status": "9"}, "status: unknown_code"),
    ("null", ROAD | {"vejId": "x", "vejnavn": None}, "vejnavn: null"),
    ("no-identity", ROAD | {"vejId": None}, "no_identity"),
    ("repeated", ROAD | {"vejId": "v3"}, "repeated"),
]
STRICT = {"status": {"codes": ["3"]}, "vejnavn": {"required": True}}


@pytest.mark.parametrize(("row", "reason"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_a_bad_row_is_counted_and_refuses_the_file(
    loaded: Loader, served: Served, row: dict[str, Any] | str | bytes, reason: str
) -> None:
    """The reason and the line are told, the row never; with leave, all others are loaded."""
    dataset = roads(attributes=STRICT)
    loaded([ROAD | {"vejId": "old"}], dataset, taken=BEGIN)
    before = served()
    rows = [*MANY[:6], row, *MANY[6:]]
    with pytest.raises(SnapshotError, match=f"1 rows cannot be taken over .1 {reason}") as caught:
        loaded(rows, dataset, taken=SECOND)
    assert "Ærø" not in str(caught.value)
    assert {reason: [7]} == caught.value.details["lines"]
    assert before == served()
    report = loaded(rows, dataset, taken=SECOND, most_refused=1)
    assert (13, 12, {reason: 1}) == (report.rows, report.loaded, report.refused)
    assert 0 == report.gone  # the row that was refused could be the one that seems to be gone


def test_rows_that_contradict_each_other_are_all_refused(loaded: Loader) -> None:
    """Of two rows about one thing nobody knows which holds."""
    with pytest.raises(SnapshotError, match="2 contradicts_another_row") as caught:
        loaded([*MANY, ROAD | {"vejId": "v3", "laengde": 1}])
    assert {"contradicts_another_row": [4, 13]} == caught.value.details["lines"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"virkningTil": "2019-01-01T00:00:00Z"}, "ends_before_it_begins"),
        ({"registreringFra": None}, "registreringFra: missing"),
        ({"virkningFra": "2020-01-01T00:00:00"}, "virkningFra: no_time"),
    ],
)
def test_times_that_make_no_sense_are_refused(loaded: Loader, change: dict[str, Any], reason: str) -> None:
    """An end before its beginning, a missing beginning, a time without a zone."""
    with pytest.raises(SnapshotError, match=reason):
        loaded([TIMED | change], roads(times=TOLD))


def test_overlaps_and_skew_are_told(loaded: Loader) -> None:
    """Two current rows about a common time, and a row recorded after the file was taken."""
    rows = [TIMED, TIMED | {"virkningFra": SECOND, "registreringFra": THIRD}]
    report = loaded(rows, roads(times=TOLD), taken=SECOND)
    assert (1, 1) == (report.overlapping, report.ahead)


def test_a_field_that_is_gone_refuses_the_file(loaded: Loader) -> None:
    """Renamed, it is missing in every row, and another one is there that nobody reads."""
    renamed = [{("navn" if k == "vejnavn" else k): v for k, v in row.items()} for row in MANY]
    with pytest.raises(SnapshotError, match="no record has 'vejnavn'; fields that are not read: navn"):
        loaded(renamed)
    with pytest.raises(SnapshotError, match="column 'vejnavn' is missing; there are: vejId"):
        loaded(as_csv(renamed), roads(format="csv", delimiter=";", attributes=FORMS), "vej.csv")
    assert ("nyt",) == loaded([row | {"nyt": 1} for row in MANY]).fields_unknown


@pytest.mark.parametrize(
    ("name", "content", "options", "said"),
    [
        ("vej.ndjson.gz", None, {}, "damaged after record"),
        ("vej.ndjson.zip", None, {}, "damaged after record"),
        ("vej.json", json.dumps(MANY).encode()[:-40], {"format": "json"}, "not JSON after record 11"),
        (
            "vej.csv",
            as_csv(MANY).decode().encode("latin-1"),
            {"format": "csv", "delimiter": ";"},
            "not utf-8",
        ),
        ("vej.csv", b'vejId;vejnavn;status;laengde\n"v1;', {"format": "csv", "delimiter": ";"}, "no CSV"),
        ("vej.parquet", parquet(MANY)[:-20], {"format": "parquet"}, "no Parquet, or damaged"),
        ("vej.ndjson", b"", {}, "there is no record in it"),
    ],
    ids=["gz", "zip", "json", "csv-latin", "csv", "parquet", "empty"],
)
def test_a_damaged_file_changes_nothing(
    loaded: Loader, served: Served, tmp_path: Path, name: str, content: bytes | None, options: Any, said: str
) -> None:
    """A file that was cut off or is of another encoding is named, with how far it was read."""
    loaded([ROAD], taken=BEGIN)
    before = served()
    if content is None:
        whole = packed(tmp_path / name, ndjson(MANY)).read_bytes()
        content = whole[: len(whole) // 2]
    with pytest.raises(SnapshotError, match=said):
        loaded(content, roads(**options), name, taken=SECOND, as_is=True)
    assert before == served()


def test_what_was_announced_is_held(loaded: Loader, served: Served) -> None:
    """Another number of rows, or another digest, than the metadata says: nothing is loaded."""
    with pytest.raises(SnapshotError, match="it has 12 rows, but 13 were announced"):
        loaded(MANY, rows=13)
    with pytest.raises(SnapshotError, match="SHA-256 is not the one that was announced"):
        loaded(MANY, sha256="0" * 64)
    assert [] == served()
    assert loaded(MANY, rows=12, sha256=hashlib.sha256(ndjson(MANY)).hexdigest()).applied


def test_a_dry_run_tells_all_and_changes_nothing(loaded: Loader, served: Served) -> None:
    """Its report is the one of the load that follows."""
    loaded(MANY, taken=BEGIN)
    before = served()
    change = [ROAD | {"laengde": 9}]
    dry = loaded(change, taken=SECOND, dry_run=True)
    assert before == served()
    wet = loaded(change, taken=SECOND)
    assert (False, True) == (dry.applied, wet.applied)
    assert (dry.new, dry.ended, dry.gone) == (wet.new, wet.ended, wet.gone) == (1, 1, 11)


def test_danish_names_and_local_days(loaded: Loader, served: Served) -> None:
    """Names with æøå are transliterated, times may be days in Denmark."""
    row = {
        "vejId": "v1",
        "vejnavn": "Ø",
        "status": "3",
        "længde": 1,
        "gyldigFra": "2020-06-02",
        "gyldigTil": None,
    }
    times = {"virkningFra": "gyldigFra", "virkningTil": "gyldigTil"}
    dataset = roads(spelling="danish", times=times, time_form="date", attributes={"laengde": "længde"})
    loaded([row], dataset, taken=BEGIN)
    assert [(1, "2020-06-01T22:00:00.000000Z", time(BEGIN))] == served(
        "laengde, virkningFra, registreringFra"
    )
