"""A provider's own access log: every request id that its register served must have a record.

CSV with a column `request_id`, or NDJSON with such a field. Nothing else of it is read, kept or shown.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

from audit.errors import FormatError
from audit.formats import entry
from audit.formats.entry import Entry
from exchange.records.findings import Finding, Kind
from exchange.records.own import OwnCopy
from exchange.records.store import OwnStore

_FIELD = "request_id"
_ID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_READING = frozenset({"exchange", "matching", "change"})  # kinds of entries
_UNREAD = frozenset({"refused"})  # outcomes after which no register was read


def read(path: Path) -> Iterator[tuple[int, str]]:
    """Gives the request ids of an access log, each with its line.

    Raises:
        FormatError: the file has another form; the message tells the line and no value of it.
        OSError: it cannot be read.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            begin = file.read(1)
            file.seek(0)
            for line, value in _ndjson(file) if begin == "{" else _csv(file):
                if not isinstance(value, str) or not _ID.fullmatch(value.lower()):
                    raise FormatError(f"{path.name}, line {line}: {_FIELD} is no UUID")
                yield line, value.lower()
        except (ValueError, csv.Error) as error:
            raise FormatError(f"{path.name} is neither CSV nor NDJSON in UTF-8") from error


def compare(store: OwnStore, copy: OwnCopy, path: Path) -> tuple[int, list[Finding]]:
    """Holds an access log against the copy; gives how many reads it has, and those without a record.

    Raises:
        FormatError: the access log has another form.
        OwnCopyError: the copy cannot be read.
    """
    recorded = _recorded(store)
    evidence = {"complete-to.checkpoint": copy.last[1]} if copy.last else {}
    reads, findings = 0, []
    for line, request_id in read(path):
        reads += 1
        outcome = recorded.get(request_id)
        if outcome is not None and outcome not in _UNREAD:
            continue
        problem = f"request {request_id} read the register, and "
        problem += (
            f"no record of {copy.end} entries says so"
            if outcome is None
            else "its record says that it was refused before"
        )
        findings.append(Finding(Kind.NOT_RECORDED, f"{path.name}, line {line}", problem, None, evidence))
    return reads, findings


def _recorded(store: OwnStore) -> dict[str, str]:
    """The outcomes of the exchanges that read this authority's registers, by request id."""
    found: dict[str, str] = {}
    for own in store.each():
        try:
            content = entry.decode_any(own.leaf)[0]
        except FormatError:
            continue  # told of as damage of the copy already
        if not isinstance(content, Entry) or content.kind not in _READING:
            continue
        if content.provider != store.authority:
            continue
        if content.request_id and found.get(content.request_id, "refused") in _UNREAD:
            found[content.request_id] = content.outcome
    return found


def _csv(file: Iterator[str]) -> Iterator[tuple[int, object]]:
    rows = csv.DictReader(file)
    if _FIELD not in (rows.fieldnames or ()):
        raise FormatError(f"the access log has no column {_FIELD}")
    for row in rows:
        yield rows.line_num, row[_FIELD]


def _ndjson(file: Iterator[str]) -> Iterator[tuple[int, object]]:
    for line, text in enumerate(file, 1):
        if text.strip():
            document = json.loads(text)
            yield line, document.get(_FIELD) if isinstance(document, dict) else None
