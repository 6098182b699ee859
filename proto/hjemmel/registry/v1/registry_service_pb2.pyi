import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DescribeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeResponse(_message.Message):
    __slots__ = ("datasets", "most_keys")
    DATASETS_FIELD_NUMBER: _ClassVar[int]
    MOST_KEYS_FIELD_NUMBER: _ClassVar[int]
    datasets: _containers.RepeatedCompositeFieldContainer[ServedDataset]
    most_keys: int
    def __init__(self, datasets: _Optional[_Iterable[_Union[ServedDataset, _Mapping]]] = ..., most_keys: _Optional[int] = ...) -> None: ...

class ServedDataset(_message.Message):
    __slots__ = ("name", "attributes", "key_kinds")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    KEY_KINDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    attributes: _containers.RepeatedCompositeFieldContainer[ServedAttribute]
    key_kinds: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., attributes: _Optional[_Iterable[_Union[ServedAttribute, _Mapping]]] = ..., key_kinds: _Optional[_Iterable[str]] = ...) -> None: ...

class ServedAttribute(_message.Message):
    __slots__ = ("name", "type")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ...) -> None: ...

class FetchRequest(_message.Message):
    __slots__ = ("dataset", "attributes", "key_kind", "keys", "effect_time", "registration_time", "current", "mandate")
    DATASET_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    KEY_KIND_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    EFFECT_TIME_FIELD_NUMBER: _ClassVar[int]
    REGISTRATION_TIME_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    MANDATE_FIELD_NUMBER: _ClassVar[int]
    dataset: str
    attributes: _containers.RepeatedScalarFieldContainer[str]
    key_kind: str
    keys: _containers.RepeatedScalarFieldContainer[str]
    effect_time: _timestamp_pb2.Timestamp
    registration_time: _timestamp_pb2.Timestamp
    current: bool
    mandate: FetchMandate
    def __init__(self, dataset: _Optional[str] = ..., attributes: _Optional[_Iterable[str]] = ..., key_kind: _Optional[str] = ..., keys: _Optional[_Iterable[str]] = ..., effect_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., registration_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., current: _Optional[bool] = ..., mandate: _Optional[_Union[FetchMandate, _Mapping]] = ...) -> None: ...

class FetchMandate(_message.Message):
    __slots__ = ("consumer", "processor", "purpose", "legal_basis", "agreement", "request_id")
    CONSUMER_FIELD_NUMBER: _ClassVar[int]
    PROCESSOR_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASIS_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    consumer: str
    processor: str
    purpose: str
    legal_basis: str
    agreement: str
    request_id: str
    def __init__(self, consumer: _Optional[str] = ..., processor: _Optional[str] = ..., purpose: _Optional[str] = ..., legal_basis: _Optional[str] = ..., agreement: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class FetchResponse(_message.Message):
    __slots__ = ("records",)
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[FoundRecord]
    def __init__(self, records: _Optional[_Iterable[_Union[FoundRecord, _Mapping]]] = ...) -> None: ...

class FoundRecord(_message.Message):
    __slots__ = ("key", "attributes")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: RecordValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[RecordValue, _Mapping]] = ...) -> None: ...
    KEY_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    key: str
    attributes: _containers.MessageMap[str, RecordValue]
    def __init__(self, key: _Optional[str] = ..., attributes: _Optional[_Mapping[str, RecordValue]] = ...) -> None: ...

class RecordValue(_message.Message):
    __slots__ = ("text", "integer", "boolean")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    BOOLEAN_FIELD_NUMBER: _ClassVar[int]
    text: str
    integer: int
    boolean: bool
    def __init__(self, text: _Optional[str] = ..., integer: _Optional[int] = ..., boolean: _Optional[bool] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("dataset", "key_kind", "after_position", "limit")
    DATASET_FIELD_NUMBER: _ClassVar[int]
    KEY_KIND_FIELD_NUMBER: _ClassVar[int]
    AFTER_POSITION_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    dataset: str
    key_kind: str
    after_position: str
    limit: int
    def __init__(self, dataset: _Optional[str] = ..., key_kind: _Optional[str] = ..., after_position: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("changes", "position", "settled_position", "more")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    SETTLED_POSITION_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[WatchedChange]
    position: str
    settled_position: str
    more: bool
    def __init__(self, changes: _Optional[_Iterable[_Union[WatchedChange, _Mapping]]] = ..., position: _Optional[str] = ..., settled_position: _Optional[str] = ..., more: _Optional[bool] = ...) -> None: ...

class WatchedChange(_message.Message):
    __slots__ = ("key", "change_time", "position")
    KEY_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    key: str
    change_time: _timestamp_pb2.Timestamp
    position: str
    def __init__(self, key: _Optional[str] = ..., change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., position: _Optional[str] = ...) -> None: ...
