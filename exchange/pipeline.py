"""One exchange, from the envelope to the receipt.

    authenticate ─► decide ─► intend ─► fetch ─► minimise ─► record ─► reply

Each step takes what only the step before it gives, so that they cannot be called in another order.
Whatever ends an exchange early is recorded like a grant, and carries its receipt. After `intend` a
crash leaves an `interrupted` entry; before it, no register was read.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from exchange.errors import ExchangeError, Failed, FieldViolation, Refused
from exchange.minimise import Minimised, WrongTypeError, cut
from exchange.model.catalogue import Catalogue, Dataset
from exchange.model.decision import Decision, RefusedAttribute
from exchange.model.request import (
    AsOf,
    Consent,
    Envelope,
    Kind,
    Lookup,
    Mandate,
    Record,
    Request,
    Statement,
    Value,
    timestamp,
)
from exchange.model.trace import Draft, Outcome, Receipt
from exchange.ports import (
    Authenticator,
    ChangeFeeds,
    Clock,
    ConsentRegister,
    PolicyEngine,
    Registers,
    Trail,
)

_log = logging.getLogger(__name__)
UNCHANGED = "UNCHANGED"  # in the entry of what was read, and not released because the caller has it
_CITED = "cited"  # policies learn that a consent is cited, never which: a reference can tell whose it is


def _nothing_is_known(_request_id: str, _data: bytes) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Parts:
    """What the pipeline works with: its ports, and the pure functions of the wire format.

    Attributes:
        is_known: tells whether the caller of a request has exactly this data already. It is read and recorded
            then, and does not leave.
        feeds: what registers tell of changes, where any does; for subscriptions.
    """

    catalogue: Catalogue
    authenticator: Authenticator
    consents: ConsentRegister
    policy: PolicyEngine
    registers: Registers
    trail: Trail
    clock: Clock
    read_body: Callable[[bytes], Request]
    encode_data: Callable[[Sequence[Record]], bytes]
    fetch_timeout: float  # seconds
    is_known: Callable[[str, bytes], bool] = _nothing_is_known
    feeds: ChangeFeeds | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """After step 1: an authenticated question about a dataset that exists."""

    statement: Statement
    request: Request
    dataset: Dataset
    law_date: date


@dataclass(frozen=True, slots=True)
class Granted:
    """After step 2: the policy allows it."""

    asked: Asked
    decision: Decision


@dataclass(frozen=True, slots=True)
class Intended:
    """After step 3: it is durable that a register is about to be read."""

    granted: Granted


@dataclass(frozen=True, slots=True)
class Fetched:
    """After step 4: what the registers answered, unchecked."""

    granted: Granted
    records: Sequence[Record]
    facts: Mapping[str, Sequence[Value | None]]


@dataclass(frozen=True, slots=True)
class Released:
    """After step 5: what may leave, in the bytes in which it leaves."""

    granted: Granted
    minimised: Minimised
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to an exchange or, with no data, to a dry run.

    Attributes:
        unchanged: whether the data is withheld because the caller has it.
    """

    data: bytes
    decision: Decision
    withheld: tuple[RefusedAttribute, ...]
    receipt: Receipt
    unchanged: bool = False


class Pipeline:
    """Carries exchanges through. One instance serves all calls."""

    def __init__(self, parts: Parts) -> None:
        """Takes the parts."""
        self._parts = parts

    async def exchange(
        self, certificate: bytes, envelope: Envelope, timeout: float | None, kind: str = Kind.EXCHANGE
    ) -> Answer:
        """Answers one request within a time (seconds), or raises why not.

        Args:
            certificate: the connection's client certificate, PEM; empty where it had none.
            envelope: the signed request.
            timeout: what is left of the caller's deadline, where it set one.
            kind: the kind of entry.

        Raises:
            ExchangeError: refused or failed; recorded, and carrying its receipt, unless the log
                itself failed.
        """
        return await _Exchange(self._parts, kind, certificate, envelope, timeout).run()

    async def dry_run(self, certificate: bytes, envelope: Envelope) -> Answer:
        """Tells what `exchange` would decide, without reading a register.

        Raises:
            ExchangeError: as `exchange`.
        """
        return await _Exchange(self._parts, Kind.DRY_RUN, certificate, envelope).rehearse()

    async def is_refused(self, certificate: bytes, envelope: Envelope, kind: str) -> bool:
        """Tells whether a request would be refused at this moment. Nothing is read, recorded or told.

        For what goes on under one signature: whoever is told something then is told by `exchange`.
        """
        return await _Exchange(self._parts, kind, certificate, envelope).is_refused()

    async def refuse(
        self, kind: str, certificate: bytes, envelope: Envelope, error: Exception
    ) -> ExchangeError:
        """Records a refusal of what did not become an exchange; gives the error with its receipt."""
        return await _Exchange(self._parts, kind, certificate, envelope).refused(error)


class _Exchange:
    """One exchange under way, and what is known so far for the draft of its entry."""

    def __init__(
        self,
        parts: Parts,
        kind: str,
        certificate: bytes,
        envelope: Envelope,
        timeout: float | None = None,
    ) -> None:
        self._parts = parts
        self._ends = None if timeout is None else time.monotonic() + timeout
        self._certificate = certificate
        self._intended = False
        self._known: dict[str, Any] = {
            "kind": kind,
            "time": parts.clock.now(),
            "envelope": envelope,
        }

    async def run(self) -> Answer:
        try:
            asked = self._authenticate()
            granted = await self._decide(asked)
            intended = await self._intend(granted)
            fetched = await self._fetch(intended)
            released = self._minimise(fetched)
            return await self._record(released)
        except Exception as error:
            ended = await self._recorded(_understood(error))
            if ended is error:  # as its own cause it would be a cycle, kept with all that it holds
                raise
            raise ended from error

    async def rehearse(self) -> Answer:
        try:
            granted = await self._decide(self._authenticate())
            self._note(outcome=Outcome.GRANTED)
            receipt = await self._parts.trail.record(self._draft, closes_intention=False)
            return Answer(b"", granted.decision, (), receipt)
        except Exception as error:
            ended = await self._recorded(_understood(error))
            if ended is error:
                raise
            raise ended from error

    async def is_refused(self) -> bool:
        try:
            await self._decide(self._authenticate())
        except Refused:
            return True
        except Exception:  # noqa: BLE001  # no answer: the next exchange learns why
            return False
        return False

    async def refused(self, error: Exception) -> ExchangeError:
        with suppress(ExchangeError):  # what is known of the caller, and no more
            self._note(caller=self._parts.authenticator.identify(self._certificate).cvr)
        return await self._recorded(_understood(error))

    # 1. Who asks, and is it a question at all? Nothing in the body is believed before its signature.

    def _authenticate(self) -> Asked:
        envelope: Envelope = self._known["envelope"]
        caller = self._parts.authenticator.identify(self._certificate)
        self._note(caller=caller.cvr, consumer=caller.cvr)
        statement = self._parts.authenticator.authenticate(caller, envelope)
        self._note(request_id=statement.request_id, caseworker=statement.caseworker)
        request = self._parts.read_body(envelope.body)
        law_date = request.law_date or self._parts.clock.today()
        self._note(
            consumer=request.consumer,
            dataset=request.dataset,
            attributes_asked=request.attributes,
            purpose=request.purpose,
            legal_basis=request.legal_basis,
            agreement=request.agreement,
            law_date=law_date.isoformat(),
            subject=request.subject,
            case_reference=request.case_reference,
        )
        processor = self._parts.authenticator.authorise(
            statement.issuer, request.consumer, request.dataset, request.purpose
        )
        self._note(processor=processor)
        dataset = _existing(self._parts.catalogue, request)
        self._note(provider=dataset.provider)
        return Asked(statement, request, dataset, law_date)

    # 2. Does a law allow it? Closed world: no answer is no.

    async def _decide(self, asked: Asked) -> Granted:
        policy_input = await self._policy_input(asked)
        self._note(policy_input=policy_input, policy_revision=self._parts.policy.revision)
        decision = await self._parts.policy.decide(policy_input)
        if not decision.answers(asked.request.attributes, part_will_do=asked.request.partial_acceptable):
            raise Failed.because("POLICY_ANSWER_INVALID")
        self._note(legal_basis_version=decision.legal_basis_version, policy_revision=decision.revision)
        if not decision.allow:
            raise Refused(*decision.all_reasons, decision=decision)
        self._note(attributes_granted=decision.granted)
        return Granted(asked, decision)

    async def _policy_input(self, asked: Asked) -> dict[str, Any]:
        """What the policy decides on. No personal data: see invariant 5."""
        request = asked.request
        return {
            "time": _decision_time(self._known["time"], request),
            "kind": self._known["kind"],
            "consumer": request.consumer,
            "processor": self._known["processor"],
            "provider": asked.dataset.provider,
            "dataset": request.dataset,
            "attributes": list(request.attributes),
            "key": request.subject.kind,
            "subject_role": request.subject_role,
            "purpose": request.purpose,
            "legal_basis": request.legal_basis,
            "agreement": request.agreement,
            "law_date": asked.law_date.isoformat(),
            "consent": await self._consent(request),
            "partial_acceptable": request.partial_acceptable,
            "emergency": request.emergency_ground is not None,
        }

    async def _consent(self, request: Request) -> dict[str, Any] | None:
        if request.consent_reference is None:
            return None
        consent = await self._parts.consents.find(
            request.consent_reference, request.subject, request.case_reference
        )
        return _consent_facts(consent)

    # 3. Durable before any register is read. The request id is used up here.

    async def _intend(self, granted: Granted) -> Intended:
        await self._parts.trail.intend(self._draft, self._left)
        self._intended = True
        if self._left is not None and self._left <= 0:  # nobody waits for the answer: nothing is read for it
            raise Failed.because("LOG_BUSY")
        return Intended(granted)

    # 4. The register is asked for the granted attributes, and for the facts that obligations name.

    async def _fetch(self, intended: Intended) -> Fetched:
        granted = intended.granted
        request, now = granted.asked.request, self._known["time"]
        as_of = AsOf(request.effect_time or now, request.registration_time or now)
        left = self._left
        limit = self._parts.fetch_timeout if left is None else min(self._parts.fetch_timeout, left)
        conditions = [o.when for o in granted.decision.obligations if o.when]
        wanted: dict[str, list[str]] = {request.dataset: list(granted.decision.granted)}
        for condition in conditions:
            names = wanted.setdefault(condition.dataset, [])
            if condition.attribute not in names:
                names.append(condition.attribute)
        found: dict[str, Sequence[Record]] = {}
        for name, attributes in wanted.items():
            dataset = self._parts.catalogue.datasets.get(name)
            if dataset is None or dataset.key(request.subject.kind) is None:
                continue  # the question cannot be answered, so that its obligation withholds
            lookup = Lookup(
                dataset,
                tuple(attributes),
                request.subject.kind,
                (request.subject.value,),
                as_of,
                _mandate(granted.asked, self._known["processor"]),
                current=request.effect_time is None and request.registration_time is None,
            )
            answer = await self._parts.registers.fetch(lookup, limit)
            found[name] = answer.get(request.subject.value, ())
        facts = {c.fact: [record.get(c.attribute) for record in found.get(c.dataset, ())] for c in conditions}
        return Fetched(granted, found[request.dataset], facts)

    # 5. Whatever came back is cut to the grant.

    def _minimise(self, fetched: Fetched) -> Released:
        asked, decision = fetched.granted.asked, fetched.granted.decision
        try:
            minimised = cut(asked.dataset, decision, fetched.records, fetched.facts, asked.law_date)
            data = self._parts.encode_data(minimised.records)
        except WrongTypeError as error:
            about = f"{asked.dataset.name}, {error}: a field is of another type"
            raise Failed.because("REGISTER_ANSWER_INVALID", about=about) from error
        except (ValueError, AttributeError, TypeError) as error:  # a value too large, or no text
            raise Failed.because("REGISTER_ANSWER_INVALID", about=asked.dataset.name) from error
        self._note(obligations=minimised.applied)
        # The whole request is refused if one attribute is, unless a part will do.
        if minimised.withheld and not (asked.request.partial_acceptable and minimised.released):
            reasons = dict.fromkeys(w.reason for w in minimised.withheld)
            raise Refused(*reasons, decision=decision)
        self._note(
            attributes_released=minimised.released if minimised.records else (),
            reasons=tuple(dict.fromkeys(r.reason.code for r in (*decision.refused, *minimised.withheld))),
            response_digest=sha256(data).digest(),
        )
        return Released(fetched.granted, minimised, data)

    # 6. Durable before anything leaves. 7. The reply.

    async def _record(self, released: Released) -> Answer:
        decision, data = released.granted.decision, released.data
        unchanged = self._parts.is_known(released.granted.asked.statement.request_id, data)
        if unchanged:
            self._note(attributes_released=(), reasons=(UNCHANGED,), response_digest=None)
        self._note(outcome=Outcome.GRANTED)
        receipt = await self._parts.trail.record(self._draft, closes_intention=True, timeout=self._left)
        return Answer(b"" if unchanged else data, decision, released.minimised.withheld, receipt, unchanged)

    # However it ended, it is recorded.

    async def _recorded(self, error: ExchangeError) -> ExchangeError:
        reused = any(r.code == "REQUEST_ID_REUSED" for r in error.reasons)
        self._note(
            outcome=Outcome.REFUSED if isinstance(error, Refused) else Outcome.FAILED,
            reasons=tuple(dict.fromkeys(r.code for r in error.reasons)),
            attributes_released=(),
            response_digest=None,
            reuses_request_id=reused,
        )
        try:
            error.receipt = await self._parts.trail.record(
                self._draft, closes_intention=self._intended and not reused
            )
        except Refused as again:  # the id turned out to be used only now
            return again if reused else await self._recorded(again)
        except Exception as unrecorded:  # noqa: BLE001 - whatever the log raised, nobody is told its words
            # What cannot be recorded did not happen: the caller learns that, and nothing else.
            return _understood(unrecorded)
        return error

    def _note(self, **known: Any) -> None:
        self._known.update(known)

    @property
    def _left(self) -> float | None:
        """What is left of the caller's time (seconds), where it set an end."""
        return None if self._ends is None else max(0.0, self._ends - time.monotonic())

    @property
    def _draft(self) -> Draft:
        """What is known by now, frozen."""
        return Draft(**self._known)


def _existing(catalogue: Catalogue, request: Request) -> Dataset:
    dataset = catalogue.datasets.get(request.dataset)
    if dataset is None:
        raise Refused.because(
            "DATASET_UNKNOWN", FieldViolation("dataset", "must be a dataset of the catalogue")
        )
    if not set(request.attributes) <= dataset.attribute_names:
        names = ", ".join(sorted(dataset.attribute_names))
        raise Refused.because("ATTRIBUTE_UNKNOWN", FieldViolation("attributes", f"must be among {names}"))
    if dataset.key(request.subject.kind) is None:
        kinds = ", ".join(k.kind for k in dataset.keys)
        raise Refused.because("KEY_KIND_UNKNOWN", FieldViolation("subject.kind", f"must be one of {kinds}"))
    return dataset


def _mandate(asked: Asked, processor: str | None) -> Mandate:
    request = asked.request
    return Mandate(
        request.consumer,
        processor,
        request.purpose,
        request.legal_basis,
        request.agreement,
        asked.statement.request_id,
    )


def _decision_time(now: datetime, request: Request) -> str:
    """The time that the policy is told: to the second where a consent may begin or end, else the hour.

    Agreements and laws are in force by days. Less is enough, and lets many requests be the same question.
    """
    return timestamp(now if request.consent_reference is not None else now.replace(minute=0, second=0))


def _consent_facts(consent: Consent | None) -> dict[str, Any]:
    if consent is None:
        return {"reference": _CITED, "known": False}
    return {
        "reference": _CITED,
        "known": True,
        "given_time": timestamp(consent.given_time),
        "expires_time": timestamp(consent.expires_time) if consent.expires_time else None,
        "withdrawn_time": timestamp(consent.withdrawn_time) if consent.withdrawn_time else None,
        "consumer": consent.consumer,
        "purposes": list(consent.purposes),
        "subject_matches": consent.subject_matches,
        "case_matches": consent.case_matches,
    }


def _understood(error: Exception) -> ExchangeError:
    """Takes whatever is not understood for a failure.

    Its text may hold personal data, so that only its kind is logged.
    """
    if isinstance(error, ExchangeError):
        return error
    _log.error("exchange_failed", extra={"error": type(error).__name__})
    return Failed.because("INTERNAL")
