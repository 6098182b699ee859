"""Asking for a package: what a client says and believes, without any I/O.

Each part's answer is verified like the answer to a single exchange. About whom was asked is found out again
from the answers before: a broker that asks about somebody else, leaves a part out or calls an incomplete
package complete is found out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256

from hjemmel.exchange.v1 import assemble_pb2, catalogue_pb2, envelope_pb2
from hjemmel.exchange.v1 import exchange_service_pb2 as pb

from exchange import packaged
from exchange.client import failures, protocol, wire
from exchange.client.credentials import Credentials
from exchange.client.errors import ClientError, InvalidRequest, ReceiptInvalid
from exchange.client.protocol import Answer, Prepared, Question, new_request_id
from exchange.client.retry import Attempts
from exchange.identity import signing
from exchange.model.catalogue import Text
from exchange.model.request import Statement, SubjectKey
from exchange.packages import terms as wording
from exchange.packages.course import Came, Course, Gap
from exchange.packages.missing import Missing
from exchange.packages.model import Next, Package, Part, Told
from exchange.packages.tables import PackageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What a package is asked for. See `AssembleBody` in the API for each field.

    Attributes:
        applicant: the value of the applicant's identifier, of the kind that the package names.
        agreements: by part, or by dataset for all parts that ask for it. A part for which none is given is
            not asked, and told as missing.
        law_date: whose law decides the case, and on which ages are reckoned.
        caseworker: who causes the requests: an employee's id, or the name of an automated process.
        consumer: the authority asked for, where the caller is its processor.
    """

    applicant: str
    agreements: Mapping[str, str] = field(hash=False)
    case_reference: str
    caseworker: str
    law_date: date
    consumer: str | None = None
    consent_reference: str | None = None
    effect_time: datetime | None = None
    registration_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class PartAnswered:
    """What came of asking about one subject of a part.

    Attributes:
        part: what was asked.
        subject: whom it is about.
        request_id: of its exchange.
        answer: the data and the receipt, or the error that says why there is none.
    """

    part: Part
    subject: SubjectKey
    request_id: str
    answer: Answer | ClientError


@dataclass(frozen=True, slots=True)
class MissingPiece:
    """Something that did not come, and whom to ask next."""

    missing: Missing
    next: Next


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a package.

    Attributes:
        complete: whether nothing is missing that the task needs.
        missing: what is missing, in the order of the terms.
    """

    complete: bool
    missing: tuple[MissingPiece, ...]


Assembled = PartAnswered | Summary


class Assembling:
    """One package under way, as the one who asked sees it."""

    def __init__(self, credentials: Credentials, package: Package, application: Application) -> None:
        """Signs the request.

        Raises:
            InvalidRequest: an agreement is given for what is neither part nor dataset of the package.
        """
        self._credentials = credentials
        self._package = package
        self._application = application
        consumer = application.consumer or credentials.cvr
        agreements = _agreements(package, application.agreements)
        applicant = assemble_pb2.Applicant(
            value=application.applicant,
            consent_reference=application.consent_reference or "",
            salt=os.urandom(packaged.SALT),
        )
        self._applicant = applicant.SerializeToString(deterministic=True)
        self._body = assemble_pb2.AssembleBody(
            consumer=consumer,
            package=package.name,
            digest=package.digest,
            applicant_digest=sha256(self._applicant).digest(),
            agreements=[assemble_pb2.PartAgreement(part=p, agreement=a) for p, a in agreements.items()],
            case_reference=application.case_reference,
            law_date=application.law_date.isoformat(),
            effect_time=wire.time(application.effect_time),
            registration_time=wire.time(application.registration_time),
        ).SerializeToString(deterministic=True)
        self._id = new_request_id()
        statement = Statement(credentials.cvr, application.caseworker, self._id)
        self._signature = signing.sign(
            credentials.request_key,
            credentials.request_key_id,
            credentials.algorithm,
            statement,
            credentials.audience,
            self._body,
        )
        self._course = Course(package.terms, application.applicant, agreements.keys(), application.law_date)
        self._summed_up = False

    @property
    def request(self) -> assemble_pb2.AssembleRequest:
        """The request to send."""
        envelope = envelope_pb2.SignedEnvelope(body=self._body, signature=self._signature)
        return assemble_pb2.AssembleRequest(envelope=envelope, applicant=self._applicant)

    def read(self, message: assemble_pb2.AssembleResponse) -> Assembled:
        """Verifies and reads what came.

        Raises:
            ReceiptInvalid: it is not what the log recorded, or does not follow from what came before.
        """
        if self._summed_up:
            raise ReceiptInvalid("the broker went on after it had summed up")
        if message.WhichOneof("message") == "summary":
            return self._summary(message.summary)
        return self._answer(message.answer)

    def end(self) -> None:
        """Finds that nothing was left out.

        Raises:
            ReceiptInvalid: the broker ended without summing up.
        """
        if not self._summed_up:
            raise ReceiptInvalid("the broker ended before it had summed up")

    def _answer(self, told: assemble_pb2.PartAnswer) -> PartAnswered:
        part = self._package.terms.part(told.part)
        subject = self._expected(part, told.index)
        if part is None or subject is None:
            raise ReceiptInvalid("the broker asked what does not follow from the package and its answers")
        if (told.subject.kind, told.subject.value) != (part.key.kind, subject):
            raise ReceiptInvalid(f"the broker asked about another subject than {part.name} leads to")
        request_id = packaged.request_id(self._id, part.name, told.index)
        if told.request_id != request_id:
            raise ReceiptInvalid("the broker told a request id that does not follow from the signed one")
        prepared = self._prepared(part, told.index, subject, request_id)
        log = self._credentials.log
        if told.HasField("error"):
            error = failures.raised(failures.failure_in(told.error), log, prepared, Attempts())
            if not error.reasons:
                raise ReceiptInvalid(f"the broker gave no reason why {part.name} did not come")
            self._course.came(part, told.index, request_id, error.reasons[0])
            return PartAnswered(part, SubjectKey(part.key.kind, subject), request_id, error)
        response = pb.ExchangeResponse(
            data=told.data,
            decision=told.decision,
            withheld_attributes=told.withheld_attributes,
            receipt=told.receipt,
        )
        answer = protocol.read_answer(prepared, response, log)
        self._course.came(part, told.index, request_id, Came(answer.records, answer.withheld))
        return PartAnswered(part, SubjectKey(part.key.kind, subject), request_id, answer)

    def _expected(self, part: Part | None, index: int) -> str | None:
        """Whom the broker must ask about in a place, where it may ask there at all and has not yet."""
        if part is None or not self._course.is_due(part) or self._course.has_ended(part, index):
            return None
        subjects = self._course.subjects(part)
        if isinstance(subjects, Gap) or not 0 <= index < len(subjects):
            return None
        return subjects[index]

    def _prepared(self, part: Part, index: int, subject: str, request_id: str) -> Prepared:
        """A part's request, made as the broker made it."""
        body = packaged.request(self._body, self._package.text, part, index, subject, self._applicant)
        asked = packaged.exchange_body(body)
        own = self._application
        question = Question(
            dataset=part.dataset,
            attributes=part.attributes,
            subject=SubjectKey(part.key.kind, subject),
            subject_role=part.role,
            purpose=part.purpose,
            legal_basis=part.legal_basis,
            agreement=asked.agreement,
            case_reference=own.case_reference,
            caseworker=own.caseworker,
            consumer=own.consumer,
            consent_reference=asked.consent_reference or None,
            law_date=own.law_date,
            effect_time=own.effect_time,
            registration_time=own.registration_time,
            partial_acceptable=part.partial,
        )
        return Prepared(question, asked.consumer, request_id, body, self._signature)

    def _summary(self, told: assemble_pb2.AssembleSummary) -> Summary:
        if not self._course.is_over:
            raise ReceiptInvalid("the broker summed up before all parts had an answer")
        own = self._course.missing()
        said = [(m.part, m.needed, m.request_id, m.reason.code, m.because_of) for m in told.missing]
        if said != [(m.part, m.needed, m.request_id, m.reason.code, m.because_of) for m in own]:
            raise ReceiptInvalid("what the broker calls missing is not what is missing")
        complete = not any(m.needed for m in own)
        if told.complete != complete:
            raise ReceiptInvalid("the broker says another thing of the whole than its parts do")
        self._summed_up = True
        return Summary(complete, tuple(MissingPiece(m, self._package.told[m.part].next) for m in own))


def read_package(message: assemble_pb2.Package) -> Package:
    """Reads a package as a broker describes it.

    Raises:
        InvalidRequest: its terms do not hold, or are not those of the digest.
    """
    try:
        terms = wording.parse(message.terms)
    except PackageError as error:
        raise InvalidRequest(f"the broker's package {message.name} does not hold: {error}") from error
    told = {p.name: Told(_text(p.title), _next(p.next)) for p in message.parts}
    digest = wording.digest_of(message.terms)
    if (terms.package, digest) != (message.name, message.digest) or list(told) != [
        p.name for p in terms.parts
    ]:
        raise InvalidRequest(f"the broker's package {message.name} is not what its terms say")
    return Package(_text(message.title), terms, message.terms, digest, told)


def _agreements(package: Package, given: Mapping[str, str]) -> dict[str, str]:
    parts = package.terms.parts
    unknown = given.keys() - {p.name for p in parts} - {p.dataset for p in parts}
    if unknown:
        names = ", ".join(sorted(unknown))
        raise InvalidRequest(f"the package {package.name} has no part and asks for no dataset named {names}")
    found = {p.name: given.get(p.name) or given.get(p.dataset) for p in parts}
    return {part: agreement for part, agreement in found.items() if agreement}


def _next(message: assemble_pb2.NextAuthority) -> Next:
    return Next(message.cvr, message.name, _text(message.text))


def _text(message: catalogue_pb2.LocalizedText) -> Text:
    return Text(message.en, message.da)
