"""Puts real rows of BBR and DAR beside the generated ones.

The join that leads from a building to its property in the real data: `Bygning.grund` is
`Grund.id_lokalId`, whose `bestemtFastEjendom` is `Ejendomsrelation.id_lokalId`, which carries
`bfeNummer`. A unit names its entrance and its floor, not its building; those name it.

A file is taken over row by row in batches; what the joins need lies in temporary tables of the
database, so that memory does not grow with the files. Each database changes in one transaction:
whatever goes wrong leaves it as it was.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa

from adapters.registers.real_loader import FileReport, Loader
from adapters.registers.real_rows import RealDataError
from adapters.registers.store import schema

Progress = Callable[[int, int], None]
"""Called with (compressed bytes read, bytes in all)."""

_FILES: Final = MappingProxyType(
    {
        "bbr": ("Opgang", "Etage", "Grund", "Ejendomsrelation", "Bygning", "Enhed"),
        "dar": ("Adresse",),
    }
)
_TARGETS: Final = {"Bygning": "bbr.bygning", "Enhed": "bbr.enhed", "Adresse": "dar.adresse"}
_LOOKUPS: Final = {
    "Opgang": ("building", "bygning"),
    "Etage": ("building", "bygning"),
    "Grund": ("property", "bestemtFastEjendom"),
    "Ejendomsrelation": ("bfe", "bfeNummer"),
}


@dataclass(frozen=True, slots=True)
class RealReport:
    """The reports of all files that became rows of a dataset."""

    files: tuple[FileReport, ...]


@dataclass
class _Meter:
    """Turns bytes of one file into progress over all."""

    total: int
    report: Progress | None
    before: int = 0

    def file(self, at: int) -> None:
        if self.report is not None:
            self.report(min(self.before + at, self.total), self.total)


def load_real(source: Path, target: Path, progress: Progress | None = None) -> RealReport:
    """Loads real BBR and DAR rows into `bbr.db` and `dar.db` of a folder.

    Running it again changes nothing; a newer extract replaces the rows it has in common.

    Args:
        source: Folder with `bbr/*.ndjson.gz` and `dar/*.ndjson.gz`.
        target: Folder of the databases; they and their tables are made when missing.
        progress: Told how far it is.

    Raises:
        RealDataError: A file is missing or damaged, a line is no JSON object, or the counts do
            not add up. The database is as it was.
    """
    paths = [source / r / f"{name}.ndjson.gz" for r, names in _FILES.items() for name in names]
    for path in paths:
        if not path.is_file():
            raise RealDataError(f"{path}: there is no such file")
    meter = _Meter(sum(path.stat().st_size for path in paths), progress)
    target.mkdir(parents=True, exist_ok=True)
    reports: list[FileReport] = []
    for register, names in _FILES.items():
        engine = sa.create_engine(f"sqlite:///{target / f'{register}.db'}", poolclass=sa.pool.NullPool)
        metadata, tables = schema(register)
        try:
            with engine.begin() as connection:
                metadata.create_all(connection)
                loader = Loader(connection, tables, meter.file)
                for name in names:
                    path = source / register / f"{name}.ndjson.gz"
                    if name in _LOOKUPS:
                        loader.remember(path, *_LOOKUPS[name])
                    else:
                        reports.append(loader.take(path, _TARGETS[name]))
                    meter.before += path.stat().st_size
        finally:
            engine.dispose()
    return RealReport(tuple(reports))
