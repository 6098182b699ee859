"""A small register of roads, its files, and what is served of it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.kinds.snapshot import Load, Report, load_file
from adapters.kinds.snapshot.metadata import Expected
from exchange.model.catalogue import Attribute, Dataset, Key, Source, Text

TEXT = Text("", "")
ATTRIBUTES = {"vejId": "string", "vejnavn": "string", "status": "code", "laengde": "integer"}
TOLD = {n: n for n in ("registreringFra", "registreringTil", "virkningFra", "virkningTil")}
BEGIN, SECOND, THIRD = "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", "2022-01-01T00:00:00Z"
ROAD = {"vejId": "v1", "vejnavn": "Ærøåsvej", "status": "3", "laengde": 120}
TIMED = ROAD | {"registreringFra": BEGIN, "registreringTil": None, "virkningFra": BEGIN, "virkningTil": None}
Rows = Sequence[dict[str, Any] | str | bytes]


def roads(**options: Any) -> Dataset:
    """The dataset; its file is NDJSON without times unless told otherwise."""
    described = {"table": "vej", "format": "ndjson", "identity": ["vejId"], "absent": "null", **options}
    return Dataset(
        name="vej.vej",
        register="vej",
        provider="95000088",
        title=TEXT,
        subject="property",
        source=Source("snapshot", described, "a test"),
        attributes=tuple(Attribute(name, type_, "ordinary", TEXT) for name, type_ in ATTRIBUTES.items()),
        keys=(Key("code", "vejId", "one"),),
    )


def ndjson(rows: Rows) -> bytes:
    lines = [r if isinstance(r, bytes) else r.encode() if isinstance(r, str) else _json(r) for r in rows]
    return b"\n".join(lines) + b"\n"


def _json(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode()


def as_csv(rows: Sequence[dict[str, Any]], delimiter: str = ";") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def packed(path: Path, content: bytes) -> Path:
    """Writes a file, compressed as its name says."""
    if path.suffix == ".gz":
        content = gzip.compress(content)
    elif path.suffix == ".zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("vej_Metadata.json", "{}")
            archive.writestr(path.with_suffix("").name, content)
        content = buffer.getvalue()
    path.write_bytes(content)
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'vej.db'}"


Loader = Callable[..., Report]


@pytest.fixture
def loaded(url: str, tmp_path: Path) -> Loader:
    """Writes rows into a file and loads it."""

    def call(
        content: Rows | bytes,
        dataset: Dataset | None = None,
        name: str = "vej.ndjson",
        *,
        taken: str | None = None,
        number: str | None = None,
        follows: str | None = None,
        rows: int | None = None,
        sha256: str | None = None,
        as_is: bool = False,
        **options: Any,
    ) -> Report:
        file = tmp_path / name
        if isinstance(content, bytes) and as_is:
            file.write_bytes(content)
        else:
            packed(file, content if isinstance(content, bytes) else ndjson(content))
        expected = Expected(rows, sha256, taken, number, follows)
        return load_file(Load(file, dataset or roads(), url, expected, **options))

    return call


@pytest.fixture
def served(url: str) -> Callable[[str], list[tuple[Any, ...]]]:
    """What a query gives of what is served."""

    def query(columns: str = "*") -> list[tuple[Any, ...]]:
        engine = sa.create_engine(url)
        try:
            if not sa.inspect(engine).has_table("vej"):
                return []
            quoted = ", ".join(f'"{c.strip()}"' for c in columns.split(",")) if columns != "*" else "*"
            with engine.connect() as connection:
                rows = connection.execute(sa.text(f"SELECT {quoted} FROM vej"))
                return sorted((tuple(row) for row in rows), key=repr)
        finally:
            engine.dispose()

    return query


def time(text: str) -> str:
    """A time as the table has it."""
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
