import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from hjemmel.exchange.v1 import decision_pb2 as _decision_pb2
from hjemmel.exchange.v1 import envelope_pb2 as _envelope_pb2
from hjemmel.exchange.v1 import many_pb2 as _many_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchRequest(_message.Message):
    __slots__ = ("opening", "batch", "begin", "removal", "acknowledgement")
    OPENING_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    BEGIN_FIELD_NUMBER: _ClassVar[int]
    REMOVAL_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    opening: WatchOpening
    batch: _many_pb2.SubjectBatch
    begin: WatchBegin
    removal: WatchRemoval
    acknowledgement: WatchAcknowledgement
    def __init__(self, opening: _Optional[_Union[WatchOpening, _Mapping]] = ..., batch: _Optional[_Union[_many_pb2.SubjectBatch, _Mapping]] = ..., begin: _Optional[_Union[WatchBegin, _Mapping]] = ..., removal: _Optional[_Union[WatchRemoval, _Mapping]] = ..., acknowledgement: _Optional[_Union[WatchAcknowledgement, _Mapping]] = ...) -> None: ...

class WatchOpening(_message.Message):
    __slots__ = ("mandate", "cursor")
    MANDATE_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    mandate: _envelope_pb2.SignedEnvelope
    cursor: str
    def __init__(self, mandate: _Optional[_Union[_envelope_pb2.SignedEnvelope, _Mapping]] = ..., cursor: _Optional[str] = ...) -> None: ...

class WatchBegin(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchRemoval(_message.Message):
    __slots__ = ("request_ids",)
    REQUEST_IDS_FIELD_NUMBER: _ClassVar[int]
    request_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, request_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class WatchAcknowledgement(_message.Message):
    __slots__ = ("deliveries",)
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    deliveries: int
    def __init__(self, deliveries: _Optional[int] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("delivery", "heartbeat", "cursor")
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    delivery: WatchDelivery
    heartbeat: WatchHeartbeat
    cursor: str
    def __init__(self, delivery: _Optional[_Union[WatchDelivery, _Mapping]] = ..., heartbeat: _Optional[_Union[WatchHeartbeat, _Mapping]] = ..., cursor: _Optional[str] = ...) -> None: ...

class WatchDelivery(_message.Message):
    __slots__ = ("subject_id", "change", "data", "decision", "withheld_attributes", "receipt", "error")
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    subject_id: str
    change: _many_pb2.ChangeDelivery
    data: bytes
    decision: _decision_pb2.Decision
    withheld_attributes: _containers.RepeatedCompositeFieldContainer[_decision_pb2.RefusedAttribute]
    receipt: _decision_pb2.Receipt
    error: _status_pb2.Status
    def __init__(self, subject_id: _Optional[str] = ..., change: _Optional[_Union[_many_pb2.ChangeDelivery, _Mapping]] = ..., data: _Optional[bytes] = ..., decision: _Optional[_Union[_decision_pb2.Decision, _Mapping]] = ..., withheld_attributes: _Optional[_Iterable[_Union[_decision_pb2.RefusedAttribute, _Mapping]]] = ..., receipt: _Optional[_Union[_decision_pb2.Receipt, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class WatchHeartbeat(_message.Message):
    __slots__ = ("read_time",)
    READ_TIME_FIELD_NUMBER: _ClassVar[int]
    read_time: _timestamp_pb2.Timestamp
    def __init__(self, read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
