"""The host of all adapters: what a register answers is bounded in time and size, and checked.

An adapter may hang, raise, answer too much or about somebody else. Whatever it does becomes one of
three failures, and none of its own words reach the caller: they could hold personal data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from exchange.errors import ExchangeError, Failed
from exchange.model.catalogue import Catalogue
from exchange.model.request import AsOf, Found, Record, SubjectKey
from exchange.ports import RegisterAdapter


class GuardedRegisters:
    """Implements `exchange.ports.Registers` over one adapter a register."""

    def __init__(
        self,
        catalogue: Catalogue,
        adapters: Mapping[str, RegisterAdapter],
        max_records: int,
        max_concurrent: int,
    ) -> None:
        """Takes the adapters by register, and the bounds that hold for each of them."""
        self._catalogue = catalogue
        self._adapters = adapters
        self._max_records = max_records
        self._slots = {register: asyncio.Semaphore(max_concurrent) for register in adapters}

    async def fetch(
        self, dataset: str, attributes: Sequence[str], key: SubjectKey, as_of: AsOf, timeout: float
    ) -> Sequence[Record]:
        """See `exchange.ports.Registers`."""
        described = self._catalogue.datasets[dataset]
        adapter = self._adapters.get(described.register)
        if adapter is None:
            raise Failed.because("REGISTER_UNAVAILABLE")
        try:
            async with asyncio.timeout(timeout), self._slots[described.register]:
                found = await adapter.fetch(described, attributes, key, as_of)
        except TimeoutError as error:
            raise Failed.because("REGISTER_TIMEOUT") from error
        except ExchangeError:
            raise
        except Exception as error:  # whatever a third party's adapter raises
            raise Failed.because("REGISTER_UNAVAILABLE") from error
        return self._checked(found, key)

    def _checked(self, found: Sequence[Found], key: SubjectKey) -> list[Record]:
        try:
            if len(found) > self._max_records:
                raise Failed.because("REGISTER_ANSWER_INVALID")
            if any(str(f.key) != key.value for f in found):  # another subject's record
                raise Failed.because("REGISTER_ANSWER_INVALID")
            return [f.record for f in found]
        except (TypeError, AttributeError) as error:
            raise Failed.because("REGISTER_ANSWER_INVALID") from error
