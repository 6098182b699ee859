import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SubjectRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SUBJECT_ROLE_UNSPECIFIED: _ClassVar[SubjectRole]
    SUBJECT_ROLE_APPLICANT: _ClassVar[SubjectRole]
    SUBJECT_ROLE_SPOUSE: _ClassVar[SubjectRole]
    SUBJECT_ROLE_HOUSEHOLD_MEMBER: _ClassVar[SubjectRole]
    SUBJECT_ROLE_CHILD: _ClassVar[SubjectRole]
    SUBJECT_ROLE_OWNER: _ClassVar[SubjectRole]
    SUBJECT_ROLE_PROPERTY: _ClassVar[SubjectRole]
    SUBJECT_ROLE_COMPANY: _ClassVar[SubjectRole]
    SUBJECT_ROLE_PERSON: _ClassVar[SubjectRole]
SUBJECT_ROLE_UNSPECIFIED: SubjectRole
SUBJECT_ROLE_APPLICANT: SubjectRole
SUBJECT_ROLE_SPOUSE: SubjectRole
SUBJECT_ROLE_HOUSEHOLD_MEMBER: SubjectRole
SUBJECT_ROLE_CHILD: SubjectRole
SUBJECT_ROLE_OWNER: SubjectRole
SUBJECT_ROLE_PROPERTY: SubjectRole
SUBJECT_ROLE_COMPANY: SubjectRole
SUBJECT_ROLE_PERSON: SubjectRole

class SignedEnvelope(_message.Message):
    __slots__ = ("body", "signature")
    BODY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    signature: str
    def __init__(self, body: _Optional[bytes] = ..., signature: _Optional[str] = ...) -> None: ...

class ExchangeBody(_message.Message):
    __slots__ = ("consumer", "dataset", "attributes", "subject", "subject_role", "purpose", "legal_basis", "agreement", "case_reference", "consent_reference", "law_date", "effect_time", "registration_time", "partial_acceptable", "emergency_ground")
    CONSUMER_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_ROLE_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASIS_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_FIELD_NUMBER: _ClassVar[int]
    CASE_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CONSENT_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    LAW_DATE_FIELD_NUMBER: _ClassVar[int]
    EFFECT_TIME_FIELD_NUMBER: _ClassVar[int]
    REGISTRATION_TIME_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_ACCEPTABLE_FIELD_NUMBER: _ClassVar[int]
    EMERGENCY_GROUND_FIELD_NUMBER: _ClassVar[int]
    consumer: str
    dataset: str
    attributes: _containers.RepeatedScalarFieldContainer[str]
    subject: SubjectKey
    subject_role: SubjectRole
    purpose: str
    legal_basis: str
    agreement: str
    case_reference: str
    consent_reference: str
    law_date: str
    effect_time: _timestamp_pb2.Timestamp
    registration_time: _timestamp_pb2.Timestamp
    partial_acceptable: bool
    emergency_ground: str
    def __init__(self, consumer: _Optional[str] = ..., dataset: _Optional[str] = ..., attributes: _Optional[_Iterable[str]] = ..., subject: _Optional[_Union[SubjectKey, _Mapping]] = ..., subject_role: _Optional[_Union[SubjectRole, str]] = ..., purpose: _Optional[str] = ..., legal_basis: _Optional[str] = ..., agreement: _Optional[str] = ..., case_reference: _Optional[str] = ..., consent_reference: _Optional[str] = ..., law_date: _Optional[str] = ..., effect_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., registration_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., partial_acceptable: _Optional[bool] = ..., emergency_ground: _Optional[str] = ...) -> None: ...

class SubjectKey(_message.Message):
    __slots__ = ("kind", "value")
    KIND_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    kind: str
    value: str
    def __init__(self, kind: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
