"""What the benchmark wants of a kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from adapters.port import Dataset, RegisterAdapter
from adapters.registers import Registers

DATASET, KEY = "bbr.enhed", "bbr_enhed_id"
ATTRIBUTES = ("status", "enh026EnhedensSamledeAreal", "enh031AntalVaerelser")


@dataclass(frozen=True, slots=True)
class Kind:
    """A register behind a kind of adapter, and the same question without the adapter.

    Attributes:
        dataset: as the kind has it.
        adapter: what is measured, behind its host.
        raw: the bare query or call for some subjects: sent, answered, decoded, no more.
        what: what the raw call is.
    """

    dataset: Dataset
    adapter: RegisterAdapter
    raw: Callable[[Sequence[str]], Awaitable[int]]
    what: str


Opened = Callable[[Path, Registers], AbstractAsyncContextManager[Kind]]
