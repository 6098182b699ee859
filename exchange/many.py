"""Many exchanges under one signed mandate: each subject goes through the pipeline, all side by side.

Nothing is skipped for being many: each subject is authenticated (as one of those that were signed), decided,
intended, minimised and recorded by `exchange.pipeline`. What they share is done once: a batch's signature, a
decision about the same question, a look-up of all subjects, a commit of the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from exchange.errors import ExchangeError, FieldViolation, Refused
from exchange.gathering import GatheringRegisters
from exchange.model.request import Caller, Envelope, Kind, Mandate, Request, Statement
from exchange.pipeline import Answer, Parts, Pipeline
from exchange.ports import Authenticator
from exchange.stopped import StoppedClock

AuthenticatorOf = Callable[[Authenticator, Caller, Envelope, Statement], Authenticator]
Result = Answer | ExchangeError


@dataclass(frozen=True, slots=True)
class Format:
    """The wire format of mandates and batches, as pure functions.

    Attributes:
        read_mandate: reads a mandate's body, as the request about no subject yet, and its kind of entry.
        read_request: reads the request about one subject from its sealed form.
        authenticator: makes the authenticator of a mandate's subjects.
        max_subjects: how many subjects a batch may hold.
    """

    read_mandate: Callable[[bytes], tuple[Request, str]]
    read_request: Callable[[bytes], Request]
    authenticator: AuthenticatorOf
    max_subjects: int


class Many:
    """Begins calls about many subjects. One instance serves all."""

    def __init__(self, parts: Parts, form: Format) -> None:
        """Takes the parts of the pipeline, and the wire format."""
        self._parts = parts
        self._form = form

    async def begin(self, certificate: bytes, mandate: Envelope) -> Mandated:
        """Authenticates a mandate.

        Raises:
            ExchangeError: it is refused; recorded, and carrying its receipt, unless the log itself failed.
        """
        pipeline = Pipeline(self._parts)
        try:
            caller = self._parts.authenticator.identify(certificate)
            stated = self._parts.authenticator.authenticate(caller, mandate)
            request, kind = self._form.read_mandate(mandate.body)
            processor = self._parts.authenticator.authorise(
                stated.issuer, request.consumer, request.dataset, request.purpose
            )
        except Exception as error:  # whatever it is, it is recorded like the refusal of an exchange
            raise await pipeline.refuse(Kind.EXCHANGE, certificate, mandate, error) from error
        asked = Mandate(
            request.consumer,
            processor,
            request.purpose,
            request.legal_basis,
            request.agreement,
            stated.request_id,
        )
        parts = replace(
            self._parts,
            authenticator=self._form.authenticator(self._parts.authenticator, caller, mandate, stated),
            registers=GatheringRegisters(self._parts.registers, asked),
            read_body=self._form.read_request,
        )
        return Mandated(parts, kind, certificate, self._form.max_subjects)


class Mandated:
    """What goes on under one mandate."""

    def __init__(self, parts: Parts, kind: str, certificate: bytes, max_subjects: int) -> None:
        """Use `Many.begin`."""
        self._parts = parts
        self._kind = kind
        self._certificate = certificate
        self._max_subjects = max_subjects

    async def exchange(self, requests: Sequence[Envelope], timeout: float | None) -> list[Result]:
        """Carries the exchanges of a batch through; gives for each its answer, or why there is none.

        Raises:
            ExchangeError: the batch as a whole is refused, and recorded.
        """
        if not 0 < len(requests) <= self._max_subjects:
            violation = FieldViolation("batch.subjects", f"must hold 1 to {self._max_subjects} subjects")
            error = Refused.because("FIELD_INVALID", violation)
            first = requests[0] if requests else Envelope(b"", "")
            raise await Pipeline(self._parts).refuse(self._kind, self._certificate, first, error)
        pipeline = Pipeline(replace(self._parts, clock=StoppedClock(self._parts.clock)))
        calls = [pipeline.exchange(self._certificate, e, timeout, self._kind) for e in requests]
        results = await asyncio.gather(*calls, return_exceptions=True)
        return [_known(result) for result in results]


def _known(result: Answer | BaseException) -> Result:
    if isinstance(result, Answer | ExchangeError):
        return result
    raise result
