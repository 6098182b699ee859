"""A pipeline whose log is real and whose other parts are simulated: what it asks of them is kept small.

The envelope's body names a home and what should happen; its signature is the request id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, date, datetime
from typing import Any

import orjson

from exchange import released
from exchange.errors import Failed
from exchange.model.catalogue import Attribute, Catalogue, Dataset, Key, Source, Text
from exchange.model.decision import Decision, Reason
from exchange.model.request import (
    Caller,
    Consent,
    Envelope,
    Lookup,
    Record,
    Request,
    Statement,
    SubjectKey,
)
from exchange.pipeline import Parts
from exchange.ports import Trail
from tests.faults.harness.told import Side

CONSUMER, PROVIDER = "91000008", "95000088"
KEY = "dar_adresse_id"
REVISION = "0" * 64
NO_AGREEMENT = "none"
_NOTHING = Text("", "")
_PERSON = Dataset(
    "cpr.person",
    "cpr",
    PROVIDER,
    _NOTHING,
    "person",
    Source("simulated", {}, ""),
    (Attribute("status", "string", "ordinary", _NOTHING),),
    (Key(KEY, "dar_adresse_id", "many"),),
)
under_way: ContextVar[str] = ContextVar("under_way")


def home(number: int) -> str:
    """An address to ask about."""
    return f"0a3f50a0-0000-32b8-8000-{number:012x}"


def envelope(request_id: str, about: str, agreement: str = "udk-cpr") -> Envelope:
    """A request."""
    return Envelope(orjson.dumps({"home": about, "agreement": agreement}), request_id)


def parts(trail: Trail, side: Side) -> Parts:
    """Everything that a pipeline works with, over this log, leaving a trace of each read."""
    return Parts(
        catalogue=Catalogue.of((_PERSON,)),
        authenticator=_Believing(),
        consents=_NoConsents(),
        policy=_ByAgreement(),
        registers=_Traced(side),
        trail=trail,
        clock=_Clock(),
        read_body=_body,
        encode_data=released.encode,
        fetch_timeout=5,
    )


class _Believing:
    """Implements `exchange.ports.Authenticator`: who asks is no matter here."""

    def identify(self, certificate: bytes) -> Caller:
        return Caller(CONSUMER, "")

    def authenticate(self, caller: Caller, envelope: Envelope) -> Statement:
        return Statement(caller.cvr, "sagsbehandler-17", envelope.signature)

    def authorise(self, issuer: str, consumer: str, dataset: str, purpose: str) -> str | None:
        return None


class _NoConsents:
    """Implements `exchange.ports.ConsentRegister`."""

    async def find(self, reference: str, subject: SubjectKey, case_reference: str) -> Consent | None:
        return None


class _ByAgreement:
    """Implements `exchange.ports.PolicyEngine`: one agreement is refused, every other one granted."""

    revision = REVISION

    async def decide(self, policy_input: Mapping[str, Any]) -> Decision:
        refused = policy_input["agreement"] == NO_AGREEMENT
        reasons = (Reason("AGREEMENT_MISSING"),) if refused else ()
        granted = () if refused else ("status",)
        return Decision(not refused, granted, (), reasons, (), "2018-1", REVISION)


class _Traced:
    """Implements `exchange.ports.Registers`: the trace of a read is durable before it."""

    def __init__(self, side: Side) -> None:
        self._side = side

    async def fetch(self, lookup: Lookup, timeout: float) -> Mapping[str, Sequence[Record]]:
        self._side.read(under_way.get())
        if home(0) in lookup.values:
            raise Failed.because("REGISTER_UNAVAILABLE")
        return {value: [{"status": "01"}] for value in lookup.values}


class _Clock:
    """Implements `exchange.ports.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self) -> date:
        return self.now().date()


def _body(body: bytes) -> Request:
    asked = orjson.loads(body)
    return Request(
        consumer=CONSUMER,
        dataset=_PERSON.name,
        attributes=("status",),
        subject=SubjectKey(KEY, asked["home"]),
        subject_role="applicant",
        purpose="housing-benefit.household",
        legal_basis="udl.5",
        agreement=asked["agreement"],
        case_reference="SAG-2025-0017",
        consent_reference=None,
        law_date=None,
        effect_time=None,
        registration_time=None,
        partial_acceptable=False,
    )
