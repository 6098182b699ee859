"""The host of all adapters: what a register answers is bounded in time and size, and checked.

An adapter may hang, raise, answer too much or about somebody else. Whatever it does becomes one of
three failures, and none of its own words reach the caller: they could hold personal data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace

from exchange.errors import ExchangeError, Failed
from exchange.model.catalogue import Catalogue
from exchange.model.request import AsOf, Found, Record, SubjectKey
from exchange.ports import RegisterAdapter

_ADAPTERS_CODES = frozenset({"REGISTER_ANSWER_INVALID", "REGISTER_TIMEOUT", "REGISTER_UNAVAILABLE"})


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
        self._datasets = deepcopy(dict(catalogue.datasets))  # what adapters see is nobody else's
        self._adapters = adapters
        self._max_records = max_records
        self._slots = {register: asyncio.Semaphore(max_concurrent) for register in adapters}

    async def fetch(
        self, dataset: str, attributes: Sequence[str], key: SubjectKey, as_of: AsOf, timeout: float
    ) -> Sequence[Record]:
        """See `exchange.ports.Registers`."""
        described = self._datasets[dataset]
        adapter = self._adapters.get(described.register)
        if adapter is None:
            raise Failed.because("REGISTER_UNAVAILABLE")
        try:
            async with asyncio.timeout(timeout), self._slots[described.register]:
                found = await adapter.fetch(described, tuple(attributes), replace(key), as_of)
        except TimeoutError as error:
            raise Failed.because("REGISTER_TIMEOUT") from error
        except ExchangeError as error:
            raise Failed.because(_own_code(error)) from error
        except asyncio.CancelledError as error:
            if _is_cancelled():  # the exchange itself, and not only something inside the adapter
                raise
            raise Failed.because("REGISTER_UNAVAILABLE") from error
        except Exception as error:  # whatever a third party's adapter raises
            raise Failed.because("REGISTER_UNAVAILABLE") from error
        try:
            return self._checked(found, key)
        except Exception as error:  # its records are its own objects and may raise too
            raise Failed.because("REGISTER_ANSWER_INVALID") from error

    def _checked(self, found: Sequence[Found], key: SubjectKey) -> list[Record]:
        """Copies the records, so that they stay what they are at the check."""
        if isinstance(found, str) or not isinstance(found, Sequence) or len(found) > self._max_records:
            raise TypeError("an adapter gives a bounded sequence")
        if any(str(f.key) != key.value for f in found):
            raise ValueError("a record of another subject")
        return [dict(f.record) for f in found]


def _own_code(error: ExchangeError) -> str:
    """An adapter may say that its answer makes no sense; of anybody else's matters it has no say."""
    code = error.reasons[0].code if error.reasons else ""
    return code if code in _ADAPTERS_CODES else "REGISTER_UNAVAILABLE"


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
