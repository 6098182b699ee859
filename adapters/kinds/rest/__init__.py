"""The kind `rest`: JSON over HTTP, by what the catalogue entry says; see docs/registers-rest.md."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.kinds.rest.adapter import RestAdapter
from adapters.port import Connection, Dataset


def open_rest(register: str, datasets: Sequence[Dataset], connection: Connection) -> RestAdapter:
    """See `adapters.port.Opener`."""
    del register  # the datasets say everything
    return RestAdapter(datasets, connection)
