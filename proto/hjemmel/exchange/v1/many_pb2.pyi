import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from hjemmel.exchange.v1 import decision_pb2 as _decision_pb2
from hjemmel.exchange.v1 import envelope_pb2 as _envelope_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MandateBody(_message.Message):
    __slots__ = ("consumer", "dataset", "attributes", "key_kind", "purpose", "legal_basis", "agreement", "law_date", "effect_time", "registration_time", "partial_acceptable", "matching", "subscription")
    CONSUMER_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    KEY_KIND_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASIS_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_FIELD_NUMBER: _ClassVar[int]
    LAW_DATE_FIELD_NUMBER: _ClassVar[int]
    EFFECT_TIME_FIELD_NUMBER: _ClassVar[int]
    REGISTRATION_TIME_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_ACCEPTABLE_FIELD_NUMBER: _ClassVar[int]
    MATCHING_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    consumer: str
    dataset: str
    attributes: _containers.RepeatedScalarFieldContainer[str]
    key_kind: str
    purpose: str
    legal_basis: str
    agreement: str
    law_date: str
    effect_time: _timestamp_pb2.Timestamp
    registration_time: _timestamp_pb2.Timestamp
    partial_acceptable: bool
    matching: bool
    subscription: Subscription
    def __init__(self, consumer: _Optional[str] = ..., dataset: _Optional[str] = ..., attributes: _Optional[_Iterable[str]] = ..., key_kind: _Optional[str] = ..., purpose: _Optional[str] = ..., legal_basis: _Optional[str] = ..., agreement: _Optional[str] = ..., law_date: _Optional[str] = ..., effect_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., registration_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., partial_acceptable: _Optional[bool] = ..., matching: _Optional[bool] = ..., subscription: _Optional[_Union[Subscription, _Mapping]] = ...) -> None: ...

class Subscription(_message.Message):
    __slots__ = ("end_time",)
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    end_time: _timestamp_pb2.Timestamp
    def __init__(self, end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SubjectBody(_message.Message):
    __slots__ = ("request_id", "value", "subject_role", "case_reference", "consent_reference", "salt", "known_state")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_ROLE_FIELD_NUMBER: _ClassVar[int]
    CASE_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CONSENT_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    SALT_FIELD_NUMBER: _ClassVar[int]
    KNOWN_STATE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    value: str
    subject_role: _envelope_pb2.SubjectRole
    case_reference: str
    consent_reference: str
    salt: bytes
    known_state: bytes
    def __init__(self, request_id: _Optional[str] = ..., value: _Optional[str] = ..., subject_role: _Optional[_Union[_envelope_pb2.SubjectRole, str]] = ..., case_reference: _Optional[str] = ..., consent_reference: _Optional[str] = ..., salt: _Optional[bytes] = ..., known_state: _Optional[bytes] = ...) -> None: ...

class BatchBody(_message.Message):
    __slots__ = ("mandate_id", "size", "root")
    MANDATE_ID_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    mandate_id: str
    size: int
    root: bytes
    def __init__(self, mandate_id: _Optional[str] = ..., size: _Optional[int] = ..., root: _Optional[bytes] = ...) -> None: ...

class SubjectBatch(_message.Message):
    __slots__ = ("envelope", "subjects")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    envelope: _envelope_pb2.SignedEnvelope
    subjects: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, envelope: _Optional[_Union[_envelope_pb2.SignedEnvelope, _Mapping]] = ..., subjects: _Optional[_Iterable[bytes]] = ...) -> None: ...

class BatchedRequest(_message.Message):
    __slots__ = ("mandate", "batch", "subject", "index", "hashes", "delivery")
    MANDATE_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    HASHES_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    mandate: _envelope_pb2.SignedEnvelope
    batch: bytes
    subject: bytes
    index: int
    hashes: _containers.RepeatedScalarFieldContainer[bytes]
    delivery: ChangeDelivery
    def __init__(self, mandate: _Optional[_Union[_envelope_pb2.SignedEnvelope, _Mapping]] = ..., batch: _Optional[bytes] = ..., subject: _Optional[bytes] = ..., index: _Optional[int] = ..., hashes: _Optional[_Iterable[bytes]] = ..., delivery: _Optional[_Union[ChangeDelivery, _Mapping]] = ...) -> None: ...

class ChangeDelivery(_message.Message):
    __slots__ = ("position", "change_time", "delivery_time", "reading")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_TIME_FIELD_NUMBER: _ClassVar[int]
    READING_FIELD_NUMBER: _ClassVar[int]
    position: str
    change_time: _timestamp_pb2.Timestamp
    delivery_time: _timestamp_pb2.Timestamp
    reading: int
    def __init__(self, position: _Optional[str] = ..., change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delivery_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reading: _Optional[int] = ...) -> None: ...

class SubjectAnswer(_message.Message):
    __slots__ = ("request_id", "data", "withheld_attributes", "receipt", "error")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    data: bytes
    withheld_attributes: _containers.RepeatedCompositeFieldContainer[_decision_pb2.RefusedAttribute]
    receipt: _decision_pb2.Receipt
    error: _status_pb2.Status
    def __init__(self, request_id: _Optional[str] = ..., data: _Optional[bytes] = ..., withheld_attributes: _Optional[_Iterable[_Union[_decision_pb2.RefusedAttribute, _Mapping]]] = ..., receipt: _Optional[_Union[_decision_pb2.Receipt, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
