import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from hjemmel.exchange.v1 import catalogue_pb2 as _catalogue_pb2
from hjemmel.exchange.v1 import decision_pb2 as _decision_pb2
from hjemmel.exchange.v1 import envelope_pb2 as _envelope_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Package(_message.Message):
    __slots__ = ("name", "title", "terms", "digest", "parts")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    title: _catalogue_pb2.LocalizedText
    terms: str
    digest: str
    parts: _containers.RepeatedCompositeFieldContainer[PackagePart]
    def __init__(self, name: _Optional[str] = ..., title: _Optional[_Union[_catalogue_pb2.LocalizedText, _Mapping]] = ..., terms: _Optional[str] = ..., digest: _Optional[str] = ..., parts: _Optional[_Iterable[_Union[PackagePart, _Mapping]]] = ...) -> None: ...

class PackagePart(_message.Message):
    __slots__ = ("name", "title", "next")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    name: str
    title: _catalogue_pb2.LocalizedText
    next: NextAuthority
    def __init__(self, name: _Optional[str] = ..., title: _Optional[_Union[_catalogue_pb2.LocalizedText, _Mapping]] = ..., next: _Optional[_Union[NextAuthority, _Mapping]] = ...) -> None: ...

class NextAuthority(_message.Message):
    __slots__ = ("cvr", "name", "text")
    CVR_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    cvr: str
    name: str
    text: _catalogue_pb2.LocalizedText
    def __init__(self, cvr: _Optional[str] = ..., name: _Optional[str] = ..., text: _Optional[_Union[_catalogue_pb2.LocalizedText, _Mapping]] = ...) -> None: ...

class AssembleBody(_message.Message):
    __slots__ = ("consumer", "package", "digest", "applicant_digest", "agreements", "case_reference", "law_date", "effect_time", "registration_time")
    CONSUMER_FIELD_NUMBER: _ClassVar[int]
    PACKAGE_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    APPLICANT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    AGREEMENTS_FIELD_NUMBER: _ClassVar[int]
    CASE_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    LAW_DATE_FIELD_NUMBER: _ClassVar[int]
    EFFECT_TIME_FIELD_NUMBER: _ClassVar[int]
    REGISTRATION_TIME_FIELD_NUMBER: _ClassVar[int]
    consumer: str
    package: str
    digest: str
    applicant_digest: bytes
    agreements: _containers.RepeatedCompositeFieldContainer[PartAgreement]
    case_reference: str
    law_date: str
    effect_time: _timestamp_pb2.Timestamp
    registration_time: _timestamp_pb2.Timestamp
    def __init__(self, consumer: _Optional[str] = ..., package: _Optional[str] = ..., digest: _Optional[str] = ..., applicant_digest: _Optional[bytes] = ..., agreements: _Optional[_Iterable[_Union[PartAgreement, _Mapping]]] = ..., case_reference: _Optional[str] = ..., law_date: _Optional[str] = ..., effect_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., registration_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PartAgreement(_message.Message):
    __slots__ = ("part", "agreement")
    PART_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_FIELD_NUMBER: _ClassVar[int]
    part: str
    agreement: str
    def __init__(self, part: _Optional[str] = ..., agreement: _Optional[str] = ...) -> None: ...

class Applicant(_message.Message):
    __slots__ = ("value", "consent_reference", "salt")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    CONSENT_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    SALT_FIELD_NUMBER: _ClassVar[int]
    value: str
    consent_reference: str
    salt: bytes
    def __init__(self, value: _Optional[str] = ..., consent_reference: _Optional[str] = ..., salt: _Optional[bytes] = ...) -> None: ...

class PackagedRequest(_message.Message):
    __slots__ = ("body", "terms", "part", "index", "subject", "applicant")
    BODY_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    APPLICANT_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    terms: str
    part: str
    index: int
    subject: str
    applicant: bytes
    def __init__(self, body: _Optional[bytes] = ..., terms: _Optional[str] = ..., part: _Optional[str] = ..., index: _Optional[int] = ..., subject: _Optional[str] = ..., applicant: _Optional[bytes] = ...) -> None: ...

class AssembleRequest(_message.Message):
    __slots__ = ("envelope", "applicant")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    APPLICANT_FIELD_NUMBER: _ClassVar[int]
    envelope: _envelope_pb2.SignedEnvelope
    applicant: bytes
    def __init__(self, envelope: _Optional[_Union[_envelope_pb2.SignedEnvelope, _Mapping]] = ..., applicant: _Optional[bytes] = ...) -> None: ...

class AssembleResponse(_message.Message):
    __slots__ = ("answer", "summary")
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    answer: PartAnswer
    summary: AssembleSummary
    def __init__(self, answer: _Optional[_Union[PartAnswer, _Mapping]] = ..., summary: _Optional[_Union[AssembleSummary, _Mapping]] = ...) -> None: ...

class PartAnswer(_message.Message):
    __slots__ = ("part", "index", "subject", "request_id", "data", "decision", "withheld_attributes", "receipt", "error")
    PART_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    part: str
    index: int
    subject: _envelope_pb2.SubjectKey
    request_id: str
    data: bytes
    decision: _decision_pb2.Decision
    withheld_attributes: _containers.RepeatedCompositeFieldContainer[_decision_pb2.RefusedAttribute]
    receipt: _decision_pb2.Receipt
    error: _status_pb2.Status
    def __init__(self, part: _Optional[str] = ..., index: _Optional[int] = ..., subject: _Optional[_Union[_envelope_pb2.SubjectKey, _Mapping]] = ..., request_id: _Optional[str] = ..., data: _Optional[bytes] = ..., decision: _Optional[_Union[_decision_pb2.Decision, _Mapping]] = ..., withheld_attributes: _Optional[_Iterable[_Union[_decision_pb2.RefusedAttribute, _Mapping]]] = ..., receipt: _Optional[_Union[_decision_pb2.Receipt, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class AssembleSummary(_message.Message):
    __slots__ = ("complete", "missing")
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    complete: bool
    missing: _containers.RepeatedCompositeFieldContainer[MissingPiece]
    def __init__(self, complete: _Optional[bool] = ..., missing: _Optional[_Iterable[_Union[MissingPiece, _Mapping]]] = ...) -> None: ...

class MissingPiece(_message.Message):
    __slots__ = ("part", "needed", "request_id", "reason", "because_of", "next")
    PART_FIELD_NUMBER: _ClassVar[int]
    NEEDED_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BECAUSE_OF_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    part: str
    needed: bool
    request_id: str
    reason: _decision_pb2.Reason
    because_of: str
    next: NextAuthority
    def __init__(self, part: _Optional[str] = ..., needed: _Optional[bool] = ..., request_id: _Optional[str] = ..., reason: _Optional[_Union[_decision_pb2.Reason, _Mapping]] = ..., because_of: _Optional[str] = ..., next: _Optional[_Union[NextAuthority, _Mapping]] = ...) -> None: ...

class ListPackagesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListPackagesResponse(_message.Message):
    __slots__ = ("packages", "next_page_token")
    PACKAGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    packages: _containers.RepeatedCompositeFieldContainer[Package]
    next_page_token: str
    def __init__(self, packages: _Optional[_Iterable[_Union[Package, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetPackageRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetPackageResponse(_message.Message):
    __slots__ = ("package",)
    PACKAGE_FIELD_NUMBER: _ClassVar[int]
    package: Package
    def __init__(self, package: _Optional[_Union[Package, _Mapping]] = ...) -> None: ...
