"""What the tests of the adapters share: the catalogue, and adapters on generated registers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.catalogue import load_catalogue
from adapters.sql import SqlAdapter
from exchange.model.catalogue import Catalogue

Open = Callable[..., SqlAdapter]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The catalogue that comes with Hjemmel."""
    return load_catalogue()


@pytest.fixture
def adapter(catalogue: Catalogue, register_folder: Path) -> Iterator[Open]:
    """Opens adapters on registers: `adapter("cpr")`; closes them after the test."""
    opened: list[SqlAdapter] = []

    def make(
        register: str, *, url: str | None = None, max_records: int = 10_000, catalogue: Catalogue = catalogue
    ) -> SqlAdapter:
        where = url or f"sqlite:///{register_folder / register}.db"
        opened.append(SqlAdapter(where, catalogue, register, max_records))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
