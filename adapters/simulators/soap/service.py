"""A register's SOAP service, as its WSDL and the entry of its datasets say that it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from aiohttp import web
from lxml import etree

from adapters.kinds.soap.entry import plan_of
from adapters.kinds.soap.envelope import parsed
from adapters.kinds.soap.paths import XmlElement
from adapters.kinds.soap.wsdl import Wsdl
from adapters.port import AsOf, Connection, Dataset, RegisterError
from adapters.simulators.backwards import moment_told
from adapters.simulators.faults import Faults
from adapters.simulators.rows import Rows, at
from adapters.simulators.soap.answering import answered, content_type, fault
from adapters.simulators.soap.asked import Route, routes
from adapters.simulators.soap.spoiling import spoil
from adapters.simulators.wire import sent, turned_away


class SoapSimulator:
    """A register's SOAP service.

    Attributes:
        path: of its endpoint; `?wsdl` gives the WSDL.
        invented: nothing.
        options: the settings and codes that a connection to it needs.
    """

    invented: Sequence[str] = ()

    def __init__(self, register: str, datasets: Sequence[Dataset], rows: Rows, faults: Faults) -> None:
        """Reads the entries and their WSDLs.

        Raises:
            ValueError: one says something that cannot be.
        """
        self.path = f"/{register}"
        self.options: Mapping[str, str] = MappingProxyType(
            {name: f"…{name}…" for dataset in datasets for name in _options(dataset)}
        )
        connection = Connection("", self.options)
        wsdls: dict[str, Wsdl] = {}
        self._routes: Sequence[Route] = [
            route for dataset in datasets for route in routes(dataset, plan_of(dataset, connection, wsdls))
        ]
        self._wsdl = Path(next(iter(wsdls))).read_bytes()
        self._rows = rows
        self._faults = faults

    def application(self) -> web.Application:
        """See `adapters.simulators.Simulated`."""
        application = web.Application(client_max_size=1 << 20)
        application.add_routes([web.get(self.path, self._published), web.post(self.path, self._called)])

        async def close(_application: web.Application) -> None:
            self._rows.close()

        application.on_cleanup.append(close)
        return application

    async def _published(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._wsdl, content_type="text/xml")

    async def _called(self, request: web.Request) -> web.StreamResponse:
        faults = self._faults.next()
        said = await turned_away(request, faults)
        if said is not None:
            return said
        try:
            [element] = next(e for e in parsed(await request.read()) if e.tag.endswith("}Body"))
            found = [(route, route.told(element)) for route in self._routes]
        except (RegisterError, ValueError, StopIteration):
            return web.Response(status=400, text="no such call")
        for route, told in found:
            if told is not None:
                envelope, status = self._answer(route, told, faults)
                data = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
                return await sent(request, faults, data, content_type(route.ask), status)
        return web.Response(status=400, text="no such call")

    def _answer(self, route: Route, told: Mapping[str, str], faults: Faults) -> tuple[XmlElement, int]:
        meaning = faults.told("fault") or ("fine" if route.is_covered(told) else "not_authorised")
        outcomes = route.plan.outcomes
        code = next((code for code, meant in outcomes.meant.items() if meant == meaning), "")
        if meaning != "fine":
            return fault(route.ask, outcomes.fault, code), 500
        now = datetime.now(UTC)
        as_of = AsOf(moment_told(told, "effect") or now, moment_told(told, "registration") or now)
        rows = at(self._rows.find(route.dataset, route.key.attribute, [told["key"]]), as_of)
        envelope = answered(route, rows, code)
        spoil(envelope, route, faults)
        return envelope, 200


def simulator(register: str, datasets: Sequence[Dataset], folder: Path, faults: Faults) -> SoapSimulator:
    """Makes the simulator of a register from entries of kind `soap`.

    Raises:
        ValueError: an entry or its WSDL says something that cannot be.
    """
    return SoapSimulator(register, datasets, Rows(folder), faults)


def _options(dataset: Dataset) -> Sequence[str]:
    options = dataset.source.options
    codes = [f"{name}.AGREEMENT" for name, code in options.get("codes", {}).items() if "values" not in code]
    return [*options.get("settings", ()), *codes]
