"""What the tests of the adapters share: the catalogue, and adapters on generated registers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from adapters.catalogue import load_catalogue
from adapters.kinds.sql import SqlAdapter
from adapters.port import Connection
from exchange.model.catalogue import Catalogue

Open = Callable[..., SqlAdapter]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The catalogue that comes with Hjemmel."""
    return load_catalogue()


@pytest.fixture
async def adapter(catalogue: Catalogue, register_folder: Path) -> AsyncIterator[Open]:
    """Opens adapters on registers: `adapter("cpr")`; closes them after the test."""
    opened: list[SqlAdapter] = []

    def make(
        register: str, *, url: str | None = None, max_records: int = 10_000, catalogue: Catalogue = catalogue
    ) -> SqlAdapter:
        where = url or f"sqlite:///{register_folder / register}.db"
        datasets = [d for d in catalogue.datasets.values() if d.register == register]
        opened.append(SqlAdapter(register, datasets, Connection(where, max_records=max_records)))
        return opened[-1]

    yield make
    for one in opened:
        await one.close()
