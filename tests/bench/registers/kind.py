"""What the benchmark wants of a kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from adapters.port import Dataset, Lookup, Mandate, RegisterAdapter
from adapters.registers import Registers
from tests.support.adapters import MANDATE, lookup_of

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
        key: kind of the key that subjects are named by.
        attributes: what is asked for.
    """

    dataset: Dataset
    adapter: RegisterAdapter
    raw: Callable[[Sequence[str]], Awaitable[int]]
    what: str
    key: str = KEY
    attributes: tuple[str, ...] = ATTRIBUTES
    mandate: Mandate = MANDATE

    def lookup(self, values: Sequence[str]) -> Lookup:
        """The question about some subjects."""
        return replace(lookup_of(self.dataset, self.attributes, self.key, *values), mandate=self.mandate)


Opened = Callable[[Path, Registers], AbstractAsyncContextManager[Kind]]
