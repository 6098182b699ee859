"""A package under one signed request: each part goes through the pipeline, side by side with the others.

A part begins as soon as those that it follows have come. What it is about follows from what was released to
the authority, and from nothing else: the broker knows no more of the applicant than who asked may know.
Nothing is skipped for being part of a package: each exchange is authenticated, decided, intended, minimised
and recorded by `exchange.pipeline`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from hjemmel.exchange.v1 import assemble_pb2 as pb

from exchange import packaged
from exchange.errors import ExchangeError, FieldViolation, Refused
from exchange.gathering import GatheringRegisters
from exchange.model.request import Caller, Envelope, Kind, Mandate, Record, Request, Statement, SubjectKey
from exchange.packages.course import Came, Course, Gap
from exchange.packages.missing import Missing
from exchange.packages.model import Package, Part
from exchange.pipeline import Answer, Parts, Pipeline
from exchange.ports import Authenticator, Registers
from exchange.stopped import StoppedClock

_CHANGED = "must be {}, the terms in force: GetPackage shows them"


@dataclass(frozen=True, slots=True)
class Format:
    """The wire format of packages, as functions.

    Attributes:
        read_request: reads the request about one subject of a part from its sealed form.
        read_data: reads released records from the bytes in which they leave.
        authenticator: makes the authenticator of the parts under one signed request.
        check_applicant: finds that an applicant is the one whose digest was signed.
    """

    read_request: Callable[[bytes], Request]
    read_data: Callable[[bytes], Sequence[Record]]
    authenticator: Callable[[Authenticator, Caller, Envelope, Statement], Authenticator]
    check_applicant: Callable[[bytes, bytes], None]


@dataclass(frozen=True, slots=True)
class PartResult:
    """What came of asking about one subject of a part."""

    part: str
    index: int
    subject: SubjectKey
    request_id: str
    result: Answer | ExchangeError


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed request for a package that holds as a whole."""

    certificate: bytes
    caller: Caller
    envelope: Envelope
    statement: Statement
    body: pb.AssembleBody
    applicant: bytes
    package: Package


class Assemblies:
    """Begins calls for packages. One instance serves all."""

    def __init__(self, parts: Parts, form: Format, packages: Mapping[str, Package], concurrent: int) -> None:
        """Takes the parts of the pipeline, the wire format, the packages, and how many exchanges at once."""
        self._parts = parts
        self._form = form
        self._packages = packages
        self._concurrent = concurrent

    async def begin(
        self, certificate: bytes, envelope: Envelope, applicant: bytes, timeout: float | None
    ) -> Assembly:
        """Authenticates a request for a package, and finds that all of it can be asked.

        Raises:
            ExchangeError: it is refused as a whole; recorded, and carrying its receipt, unless the log
                itself failed.
        """
        try:
            signed = self._checked(certificate, envelope, applicant)
        except Exception as error:  # whatever it is, it is recorded like the refusal of an exchange
            pipeline = Pipeline(self._parts)
            raise await pipeline.refuse(Kind.EXCHANGE, certificate, envelope, error) from error
        return Assembly(self._parts, self._form, signed, self._concurrent, timeout)

    def _checked(self, certificate: bytes, envelope: Envelope, applicant: bytes) -> Signed:
        # 1. Who asks? Nothing in the body is believed before its signature.
        caller = self._parts.authenticator.identify(certificate)
        stated = self._parts.authenticator.authenticate(caller, envelope)
        body = packaged.read_signed(envelope.body)
        # 2. For which package, and for the terms that are in force?
        package = self._packages.get(body.package)
        if package is None:
            violation = FieldViolation("package", "must be a package of this exchange")
            raise Refused.because("PACKAGE_UNKNOWN", violation)
        if body.digest != package.digest:
            raise Refused.because(
                "PACKAGE_CHANGED", FieldViolation("digest", _CHANGED.format(package.digest))
            )
        # 3. About the applicant who was signed for, and in a form that each part about them can be asked in.
        self._form.check_applicant(applicant, body.applicant_digest)
        signed = Signed(certificate, caller, envelope, stated, body, applicant, package)
        cited = packaged.cited(body, package.terms)
        about = [p for p in package.terms.parts if p.about_applicant and p.name in cited]
        if not about:
            form = "must cite an agreement for one part about the applicant at least"
            raise Refused.because("FIELD_INVALID", FieldViolation("agreements", form))
        for part in about:
            self._form.read_request(_request(signed, part, 0, ""))
        return signed


class Assembly:
    """A package under way. Its answers are given as they come; then `missing` tells what did not."""

    def __init__(
        self, parts: Parts, form: Format, signed: Signed, concurrent: int, timeout: float | None
    ) -> None:
        """Use `Assemblies.begin`."""
        self._form = form
        self._signed = signed
        self._ends = None if timeout is None else time.monotonic() + timeout
        self._room = asyncio.Semaphore(concurrent)
        self._stopped = False
        self._results: asyncio.Queue[PartResult | None] = asyncio.Queue()
        self._terms = signed.package.terms
        self._parts = replace(
            parts,
            authenticator=form.authenticator(
                parts.authenticator, signed.caller, signed.envelope, signed.statement
            ),
            read_body=form.read_request,
        )
        body = signed.body
        applicant = packaged.read_applicant(signed.applicant).value
        cited = packaged.cited(body, self._terms)
        self._course = Course(self._terms, applicant, cited, date.fromisoformat(body.law_date))
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def results(self) -> AsyncIterator[PartResult]:
        """Carries the package through; gives what came of each exchange, as it comes."""
        running = asyncio.ensure_future(self._run())
        while (result := await self._results.get()) is not None:
            yield result
        await running

    def stop(self) -> None:
        """Begins nothing more. What was begun comes to its record."""
        self._stopped = True

    @property
    def missing(self) -> tuple[Missing, ...]:
        """What did not come, once all results were given."""
        return self._course.missing()

    @property
    def package(self) -> Package:
        """What is assembled."""
        return self._signed.package

    async def _run(self) -> None:
        try:
            self._tasks = {p.name: asyncio.ensure_future(self._part(p)) for p in self._terms.parts}
            await asyncio.gather(*self._tasks.values())
        finally:
            self._results.put_nowait(None)

    async def _part(self, part: Part) -> None:
        if part.follows:
            await asyncio.wait([self._tasks[name] for name in part.follows])
        if self._stopped or not self._course.is_due(part):
            return
        subjects = self._course.subjects(part)
        if isinstance(subjects, Gap) or not subjects:
            return
        parts = replace(self._parts, clock=StoppedClock(self._parts.clock))
        if len(subjects) > 1:
            parts = replace(parts, registers=self._gathering(part, parts.registers))
        pipeline = Pipeline(parts)
        await asyncio.gather(*(self._one(pipeline, part, i, s) for i, s in enumerate(subjects)))

    async def _one(self, pipeline: Pipeline, part: Part, index: int, subject: str) -> None:
        async with self._room:
            left = None if self._ends is None else self._ends - time.monotonic()
            if self._stopped or (left is not None and left <= 0):  # nobody waits: nothing more is begun
                self._stopped = True
                return
            envelope = Envelope(_request(self._signed, part, index, subject), self._signed.envelope.signature)
            try:
                result: Answer | ExchangeError = await pipeline.exchange(
                    self._signed.certificate, envelope, left
                )
            except ExchangeError as error:
                result = error
        request_id = packaged.request_id(self._signed.statement.request_id, part.name, index)
        if isinstance(result, ExchangeError):
            self._course.came(part, index, request_id, result.reasons[0])
        else:
            withheld = (*result.decision.refused, *result.withheld)
            came = Came(tuple(self._form.read_data(result.data)), withheld)
            self._course.came(part, index, request_id, came)
        key = SubjectKey(part.key.kind, subject)
        self._results.put_nowait(PartResult(part.name, index, key, request_id, result))

    def _gathering(self, part: Part, registers: Registers) -> Registers:
        """Asks together about those of the part that come together, in the name of the signed request."""
        body, stated = self._signed.body, self._signed.statement
        processor = None if stated.issuer == body.consumer else stated.issuer
        agreement = next(a.agreement for a in body.agreements if a.part == part.name)
        mandate = Mandate(
            body.consumer, processor, part.purpose, part.legal_basis, agreement, stated.request_id
        )
        return GatheringRegisters(registers, mandate)


def _request(signed: Signed, part: Part, index: int, subject: str) -> bytes:
    text = signed.package.text
    return packaged.request(signed.envelope.body, text, part, index, subject, signed.applicant)
