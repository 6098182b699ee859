"""An example of a plug-in: a register in files of comma-separated values, one file a dataset.

The first line names the attributes, and may name the four times of a record (YYYY-MM-DDTHH:MM:SSZ, no
end: still). The entry's source says `file`; the connection's url is the folder, `file:///srv/register`.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from adapters import port


def open_csv(_register: str, datasets: Sequence[port.Dataset], connection: port.Connection) -> CsvAdapter:
    """Makes the adapter of a register: what the entry point names."""
    place = urlsplit(connection.url)
    if place.scheme != "file":
        raise ValueError("url must be file:///…, the folder of the register's files")
    for dataset in datasets:
        if set(dataset.source.options) != {"file"}:
            raise ValueError(f"{dataset.source.place}: the kind csv takes file, and nothing else")
    return CsvAdapter(Path(unquote(place.path)))


class CsvAdapter:
    """Reads the whole file for each question: simple, and right for small registers."""

    most_subjects = 1000

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def fetch(self, lookup: port.Lookup) -> Sequence[port.Found]:
        """Finds the records, in a thread: files are slow."""
        return await asyncio.to_thread(lambda: list(self._found(lookup)))

    async def close(self) -> None:
        """Nothing is open."""

    def _found(self, lookup: port.Lookup) -> Iterator[port.Found]:
        types = {a.name: a.type for a in lookup.dataset.attributes}
        key = next(k.attribute for k in lookup.dataset.keys if k.kind == lookup.kind)
        try:
            with (self._folder / lookup.dataset.source.options["file"]).open(
                encoding="utf-8", newline=""
            ) as file:
                rows = list(csv.DictReader(file, strict=True))
        except OSError:
            raise port.Unavailable(port.Cause.CONNECTION) from None
        except UnicodeDecodeError:
            raise port.AnswerInvalid(port.Cause.NOT_UTF8) from None
        except csv.Error:
            raise port.AnswerInvalid(port.Cause.NOT_DECODED) from None
        for row in rows:
            if row.get(key) in lookup.values and _holds(row, lookup):
                record = {name: _value(row, name, types[name]) for name in lookup.attributes}
                yield port.Found(
                    row[key], {name: value for name, value in record.items() if value is not None}
                )


def _value(row: dict[str, str], name: str, type_: str) -> port.Value | None:
    text = row.get(name)
    if text is None:
        raise port.SchemaChanged(port.Cause.FIELD_MISSING, name)
    if not text:
        return None
    try:
        return (
            int(text)
            if type_ == "integer"
            else {"true": True, "false": False}[text]
            if type_ == "boolean"
            else text
        )
    except (ValueError, KeyError):
        raise port.SchemaChanged(port.Cause.FIELD_TYPE, name) from None


def _holds(row: dict[str, str], lookup: port.Lookup) -> bool:
    if "virkningFra" not in row and not lookup.current:
        raise port.AnswerInvalid(port.Cause.PRESENT_ONLY)
    for axis, at in (("virkning", lookup.as_of.effect), ("registrering", lookup.as_of.registration)):
        begin, end = row.get(f"{axis}Fra"), row.get(f"{axis}Til")
        if (begin and at < _moment(begin)) or (end and at >= _moment(end)):
            return False
    return True


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise port.AnswerInvalid(port.Cause.TIMES) from None
