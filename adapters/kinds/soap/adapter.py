"""The SOAP adapter: fills the message of an entry, calls the operation, reads the records strictly."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final

from adapters.kinds.http.client import Call, HttpClient
from adapters.kinds.soap.entry import Ask, Plan, plan_of
from adapters.kinds.soap.mandate import options_of
from adapters.kinds.soap.reading import read
from adapters.kinds.soap.wsdl import MessageError, Wsdl
from adapters.kinds.template import usual_filling
from adapters.kinds.values import sortable
from adapters.port import AnswerInvalid, Cause, Connection, Dataset, Found, Lookup

_LARGE: Final = 16 * 1024  # bytes; parsing more takes longer than the event loop may stand still
_THREADS: Final = 2


class SoapAdapter:
    """Reads the datasets of one register from its SOAP services, one subject a call."""

    most_subjects = 1

    def __init__(self, datasets: Sequence[Dataset], connection: Connection) -> None:
        """Reads the entries and the WSDLs that they name; connects with the first call.

        Raises:
            ValueError: an entry, a WSDL or the connection says something that cannot be.
        """
        wsdls: dict[str, Wsdl] = {}
        self._plans: Mapping[str, Plan] = {d.name: plan_of(d, connection, wsdls) for d in datasets}
        contexts = [plan.context for plan in self._plans.values()]
        self._http = HttpClient(connection, options_of(contexts, connection))
        self._max_records = connection.max_records
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="soap")

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        """See `adapters.port.RegisterAdapter`."""
        plan = self._plans[lookup.dataset.name]
        ask = plan.asks.get(lookup.kind)
        if ask is None:
            raise AnswerInvalid(Cause.FIELD_UNKNOWN)
        if not lookup.current and not all(plan.tells(ask, axis) for axis in ("registrering", "virkning")):
            raise AnswerInvalid(Cause.PRESENT_ONLY)
        answer = await self._http.ask(Call("", (), message(plan, ask, lookup), ask.operation.http))
        if len(answer.body) <= _LARGE:
            return read(answer, plan, ask, lookup, self._max_records)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, read, answer, plan, ask, lookup, self._max_records)

    async def close(self) -> None:
        """See `adapters.port.RegisterAdapter`."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        await self._http.close()


def message(plan: Plan, ask: Ask, lookup: Lookup) -> bytes:
    """Writes the call.

    Raises:
        NotCovered: the register has no code for what the request cites.
        AnswerInvalid: the key holds what XML cannot.
    """
    filling = {
        **usual_filling(lookup, lookup.values[0]),
        **plan.context.filling(lookup.mandate, ask.places),
        "now": sortable(datetime.now(UTC)),
    }
    try:
        return ask.operation.write(_said(ask.request.filled(filling)), _said(ask.header.filled(filling)))
    except MessageError:  # its words may hold the key
        raise AnswerInvalid(Cause.FIELD_VALUE) from None


def _said(node: Any) -> Any:
    """Leaves out what is empty, such as the processor where there is none."""
    if isinstance(node, dict):
        return {name: _said(value) for name, value in node.items() if value != ""}
    return node
