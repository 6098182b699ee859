"""A dataset's entry for the kind `snapshot`: how its file is written, and what tells its rows apart.

    [datasets.source]
    kind = "snapshot"
    table = "vej"                  # the loader makes it
    format = "csv"                 # ndjson, json, csv, parquet; each may be compressed (.gz, .zip)
    delimiter = ";"
    identity = ["vejId"]           # attributes: a thing has one current row for each time of effect
    attributes = { vejnavn = "Vejnavn" }
    times = { virkningFra = "Gyldig fra", virkningTil = "Gyldig til" }
    time_form = "date"
    metadata = { rows = "antal", sha256 = "checksum", taken = "dannet", number = "nummer", follows = "efter" }

`attributes`, `times`, `spelling` and `absent` are as in the kind `rest`.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from adapters.kinds.entry import Entry
from adapters.kinds.fields import Fields, fields_of
from adapters.kinds.sql.tables import BITEMPORAL
from adapters.kinds.values import instant, sortable
from adapters.port import Dataset

FORMATS: Final = ("ndjson", "json", "csv", "parquet")
EXPECTED: Final = ("rows", "sha256", "taken", "number", "follows")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What the loader wants to know.

    Attributes:
        fields: where in a record the attributes and times are.
        times: columns of the table; the loader itself tells the registration where the file does not.
        identity: attributes that tell what a row is about.
        expected: where the metadata file of a download tells what the file must be.
    """

    dataset: Dataset
    table: str
    format: str
    fields: Fields
    times: tuple[str, ...]
    identity: tuple[str, ...]
    records: str
    encoding: str
    delimiter: str
    time_form: str
    zone: ZoneInfo
    expected: Mapping[str, str]

    @property
    def tells_registration(self) -> bool:
        """Whether the file itself says when rows were recorded."""
        return "registreringFra" in self.fields.times

    def time(self, found: object) -> str:
        """Reads a time as the file writes it; gives it as the table has it.

        Raises:
            TypeError: it is no text.
            ValueError: it is not in the form that the entry says.
        """
        if self.time_form == "rfc3339":
            return sortable(instant(found))
        if not isinstance(found, str):
            raise TypeError("no text")
        if self.time_form == "date":
            day = date.fromisoformat(found)
            return sortable(datetime(day.year, day.month, day.day, tzinfo=self.zone))
        moment = datetime.fromisoformat(found)
        if moment.tzinfo is not None:
            raise ValueError("a zone where there should be none")
        return sortable(moment.replace(tzinfo=self.zone))


def entry_of(dataset: Dataset) -> FileEntry:
    """Reads the entry of a dataset.

    Raises:
        ValueError: it says something that cannot be.
    """
    entry = Entry(dataset.source.options, dataset.source.place)
    fields = fields_of(dataset, entry)
    told = entry.table("metadata")
    expected = {name: told.text(name) for name in EXPECTED if name in told}
    told.end()
    identity = entry.texts("identity")
    if not identity or not set(identity) <= dataset.attribute_names:
        raise ValueError(f"{entry.place}: identity must name attributes of the dataset")
    made = FileEntry(
        dataset=dataset,
        table=entry.text("table"),
        format=entry.one_of("format", FORMATS),
        fields=fields,
        times=tuple(n for n in BITEMPORAL if n.startswith("registrering") or n in fields.times),
        identity=identity,
        records=entry.text("records", "item"),
        encoding=entry.text("encoding", "utf-8"),
        delimiter=entry.text("delimiter", ","),
        time_form=entry.one_of("time_form", ("rfc3339", "date", "timestamp"), "rfc3339"),
        zone=_zone(entry.text("time_zone", "Europe/Copenhagen"), entry.place),
        expected=expected,
    )
    entry.end()
    try:
        codecs.lookup(made.encoding)
    except LookupError as error:
        raise ValueError(f"{entry.place}: encoding {made.encoding!r} is not known") from error
    if len(made.delimiter) != 1:
        raise ValueError(f"{entry.place}: delimiter must be one character")
    return made


def _zone(name: str, place: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{place}: time_zone {name!r} is not known") from error
