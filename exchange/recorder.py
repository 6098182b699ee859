"""The audit log behind the pipeline's port: decides what of an exchange is public and what is sealed.

This is the one place where a draft becomes an entry. Public: names of authorities, datasets,
attributes, rules. Sealed: whoever it is about, whoever asked, in which case, and the request itself.
"""

from __future__ import annotations

from hashlib import sha256

from audit.errors import DuplicateRequest, IntentionClosed, LogBusy, LogStopped
from audit.formats import canonical
from audit.formats.entry import AppliedObligation, Entry, Submission
from audit.log import AuditLog
from exchange.errors import ExchangeError, Failed, Refused
from exchange.model.request import timestamp
from exchange.model.trace import Draft, Receipt
from exchange.sealed import request_bytes, subject_bytes


class Recorder:
    """Implements `exchange.ports.Trail` over an audit log."""

    def __init__(self, log: AuditLog) -> None:
        """Takes the log."""
        self._log = log

    async def intend(self, draft: Draft, timeout: float | None = None) -> None:
        """See `exchange.ports.Trail`."""
        try:
            await self._log.intend(submission(draft), timeout)
        except _LOG_ERRORS as error:
            raise _translated(error) from error

    async def record(self, draft: Draft, *, closes_intention: bool, timeout: float | None = None) -> Receipt:
        """See `exchange.ports.Trail`."""
        try:
            done = await self._log.append(
                submission(draft), closes_intention=closes_intention, timeout=timeout
            )
        except _LOG_ERRORS as error:
            raise _translated(error) from error
        return Receipt(done.index, done.leaf.data, done.proof.text, done.leaf.openings)


def submission(draft: Draft) -> Submission:
    """Divides a draft into what becomes public and what is sealed."""
    entry = Entry(
        kind=draft.kind,
        time=timestamp(draft.time),
        request_id=draft.request_id,
        caller=draft.caller,
        consumer=draft.consumer,
        provider=draft.provider,
        processor=draft.processor,
        dataset=draft.dataset,
        attributes_asked=draft.attributes_asked,
        attributes_granted=draft.attributes_granted,
        attributes_released=draft.attributes_released,
        purpose=draft.purpose,
        legal_basis=draft.legal_basis,
        legal_basis_version=draft.legal_basis_version,
        law_date=draft.law_date,
        agreement=draft.agreement,
        outcome=draft.outcome.value,
        reasons=draft.reasons,
        obligations=tuple(AppliedObligation(o.id, o.fact, o.effect) for o in draft.obligations),
        policy_revision=draft.policy_revision,
    )
    return Submission(
        entry,
        subject=_sealing_subject(draft),
        values=_sealed(draft),
        claims_request_id=draft.request_id is not None and not draft.reuses_request_id,
    )


def _sealed(draft: Draft) -> dict[str, bytes]:
    request = request_bytes(draft.envelope.signature, draft.envelope.body)
    values = {"request": request}
    if draft.subject is not None:
        values["subject"] = subject_bytes(draft.subject.kind, draft.subject.value)
    if draft.caseworker is not None:
        values["caseworker"] = draft.caseworker.encode()
    if draft.case_reference is not None:
        values["case"] = draft.case_reference.encode()
    if draft.policy_input is not None:
        values["policy_input"] = canonical.encode(dict(draft.policy_input))
    if draft.response_digest is not None:
        values["response"] = draft.response_digest
    return values


def _sealing_subject(draft: Draft) -> bytes:
    if draft.subject is not None:
        return subject_bytes(draft.subject.kind, draft.subject.value)
    # Nobody is known to be asked about: a key of its own, erasable with this one record.
    request = request_bytes(draft.envelope.signature, draft.envelope.body)
    return b"unattributed:" + sha256(request).digest()


_LOG_ERRORS = (DuplicateRequest, IntentionClosed, LogBusy, LogStopped)


def _translated(error: Exception) -> ExchangeError:
    if isinstance(error, DuplicateRequest):
        return Refused.because("REQUEST_ID_REUSED")
    if isinstance(error, LogBusy):
        return Failed.because("LOG_BUSY")
    return Failed.because("LOG_UNAVAILABLE")
