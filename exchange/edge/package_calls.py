"""Packages behind gRPC: what they ask for, and the answers to one as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from hjemmel.exchange.v1 import assemble_pb2 as pb
from hjemmel.exchange.v1 import catalogue_pb2, envelope_pb2

from exchange.assembly import Assemblies, PartResult
from exchange.edge import translate
from exchange.edge.callers import certificate_of
from exchange.edge.status import Context, status_of
from exchange.errors import ExchangeError, FieldViolation, Refused
from exchange.model.catalogue import Text
from exchange.model.request import Envelope
from exchange.packages.missing import Missing
from exchange.packages.model import Next, Package

_PAGE = 50
_MAX_PAGE = 200


class PackageCalls:
    """What `ExchangeService` says of packages."""

    def __init__(self, assemblies: Assemblies, packages: Mapping[str, Package]) -> None:
        """Takes who assembles, and what there is."""
        self._assemblies = assemblies
        self._packages = packages

    async def assemble(
        self, request: pb.AssembleRequest, context: Context
    ) -> AsyncIterator[pb.AssembleResponse]:
        """Carries a package through.

        Raises:
            ExchangeError: the request as a whole is refused.
        """
        envelope = Envelope(request.envelope.body, request.envelope.signature)
        begun = asyncio.ensure_future(
            self._assemblies.begin(
                certificate_of(context), envelope, request.applicant, context.time_remaining()
            )
        )
        begun.add_done_callback(_seen)  # recorded where it is refused, even where nobody is left to tell
        assembly = await asyncio.shield(begun)
        try:
            async for result in assembly.results():
                yield pb.AssembleResponse(answer=_answer(result))
            yield pb.AssembleResponse(summary=_summary(assembly.package, assembly.missing))
        finally:
            assembly.stop()

    def listed(self, request: pb.ListPackagesRequest) -> pb.ListPackagesResponse:
        """Lists packages by name.

        Raises:
            Refused: FIELD_INVALID.
        """
        size = min(request.page_size or _PAGE, _MAX_PAGE)
        if size < 0:
            raise Refused.because("FIELD_INVALID", FieldViolation("page_size", "must not be negative"))
        names = sorted(n for n in self._packages if n > request.page_token)
        return pb.ListPackagesResponse(
            packages=[_package(self._packages[n]) for n in names[:size]],
            next_page_token=names[size - 1] if len(names) > size else "",
        )

    def got(self, request: pb.GetPackageRequest) -> pb.GetPackageResponse:
        """Describes a package.

        Raises:
            Refused: NOT_FOUND.
        """
        package = self._packages.get(request.name)
        if package is None:
            raise Refused.because("NOT_FOUND")
        return pb.GetPackageResponse(package=_package(package))


def _answer(part: PartResult) -> pb.PartAnswer:
    message = pb.PartAnswer(
        part=part.part,
        index=part.index,
        subject=envelope_pb2.SubjectKey(kind=part.subject.kind, value=part.subject.value),
        request_id=part.request_id,
    )
    if isinstance(part.result, ExchangeError):
        message.error.CopyFrom(status_of(part.result))
        return message
    message.data = part.result.data
    message.decision.CopyFrom(translate.decision(part.result.decision))
    message.withheld_attributes.extend(translate.refused(w) for w in part.result.withheld)
    message.receipt.CopyFrom(translate.receipt(part.result.receipt))
    return message


def _summary(package: Package, missing: tuple[Missing, ...]) -> pb.AssembleSummary:
    return pb.AssembleSummary(
        complete=not any(m.needed for m in missing),
        missing=[
            pb.MissingPiece(
                part=m.part,
                needed=m.needed,
                request_id=m.request_id,
                reason=translate.reason(m.reason),
                because_of=m.because_of,
                next=_next(package.told[m.part].next),
            )
            for m in missing
        ],
    )


def _package(package: Package) -> pb.Package:
    return pb.Package(
        name=package.name,
        title=_text(package.title),
        terms=package.text,
        digest=package.digest,
        parts=[
            pb.PackagePart(name=name, title=_text(told.title), next=_next(told.next))
            for name, told in package.told.items()
        ],
    )


def _next(value: Next) -> pb.NextAuthority:
    return pb.NextAuthority(cvr=value.cvr, name=value.name, text=_text(value.text))


def _text(value: Text) -> catalogue_pb2.LocalizedText:
    return catalogue_pb2.LocalizedText(en=value.en, da=value.da)


def _seen(task: asyncio.Future[Any]) -> None:
    if not task.cancelled():
        task.exception()
