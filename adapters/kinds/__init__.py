"""The kinds of adapters, by name: what the `source` of a dataset may say, by configuration only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from importlib.metadata import entry_points

from adapters.catalogue import CatalogueError
from adapters.port import Catalogue, Connection, Dataset, Opener, RegisterAdapter

PLUG_INS = "hjemmel.adapters"  # the group of entry points
_OWN = {
    "grpc": "adapters.kinds.grpc:open_grpc",
    "rest": "adapters.kinds.rest:open_rest",
    "soap": "adapters.kinds.soap:open_soap",
    "sql": "adapters.kinds.sql:open_sql",
    "datafordeler": "adapters.kinds.datafordeler.adapter:open_datafordeler",
    "snapshot": "adapters.kinds.snapshot:open_snapshot",
}


def open_adapters(
    catalogue: Catalogue, connection: Callable[[str], Connection], plug_ins: Collection[str] = ()
) -> dict[str, RegisterAdapter]:
    """Makes the adapters of a catalogue: one for each register and kind. Gives them by dataset.

    Args:
        catalogue: the datasets.
        connection: how a register is reached.
        plug_ins: the kinds that may come from other distributions; no other is ever loaded.

    Raises:
        CatalogueError: a kind is not known, or does not take what the catalogue or configuration says.
    """
    together: dict[tuple[str, str], list[Dataset]] = {}
    for dataset in catalogue.datasets.values():
        together.setdefault((dataset.register, dataset.source.kind), []).append(dataset)
    adapters: dict[str, RegisterAdapter] = {}
    for (register, kind), datasets in together.items():
        opener = _opener(kind, datasets[0], plug_ins)
        try:
            adapter = opener(register, datasets, connection(register))
        except ValueError as error:
            raise CatalogueError(f"register {register}: {error}") from error
        adapters |= dict.fromkeys((d.name for d in datasets), adapter)
    return adapters


def _opener(kind: str, dataset: Dataset, plug_ins: Collection[str]) -> Opener:
    if kind in _OWN:
        module, _, name = _OWN[kind].partition(":")
        opener: Opener = getattr(import_module(module), name)
        return opener
    place = dataset.source.place
    if kind not in plug_ins:
        known = ", ".join(sorted({*_OWN, *plug_ins}))
        raise CatalogueError(
            f"{place}: kind {kind!r} is none of {known}; a plug-in must be named in registers.plug_ins"
        )
    found: Mapping[str, Opener] = {e.name: e.load() for e in entry_points(group=PLUG_INS) if e.name == kind}
    if kind not in found:
        raise CatalogueError(f"{place}: plug-in {kind!r} is allowed, but no installed distribution has it")
    return found[kind]
