import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hjemmel.exchange.v1 import decision_pb2 as _decision_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CountBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COUNT_BY_UNSPECIFIED: _ClassVar[CountBy]
    COUNT_BY_HOUR: _ClassVar[CountBy]
    COUNT_BY_DAY: _ClassVar[CountBy]
    COUNT_BY_WEEK: _ClassVar[CountBy]
    COUNT_BY_MONTH: _ClassVar[CountBy]
    COUNT_BY_KIND: _ClassVar[CountBy]
    COUNT_BY_OUTCOME: _ClassVar[CountBy]
    COUNT_BY_AUTHORITY: _ClassVar[CountBy]
    COUNT_BY_CONSUMER: _ClassVar[CountBy]
    COUNT_BY_PROVIDER: _ClassVar[CountBy]
    COUNT_BY_DATASET: _ClassVar[CountBy]
    COUNT_BY_PURPOSE: _ClassVar[CountBy]
    COUNT_BY_LEGAL_BASIS: _ClassVar[CountBy]
    COUNT_BY_ATTRIBUTE: _ClassVar[CountBy]
    COUNT_BY_REASON: _ClassVar[CountBy]
    COUNT_BY_OBLIGATION: _ClassVar[CountBy]
COUNT_BY_UNSPECIFIED: CountBy
COUNT_BY_HOUR: CountBy
COUNT_BY_DAY: CountBy
COUNT_BY_WEEK: CountBy
COUNT_BY_MONTH: CountBy
COUNT_BY_KIND: CountBy
COUNT_BY_OUTCOME: CountBy
COUNT_BY_AUTHORITY: CountBy
COUNT_BY_CONSUMER: CountBy
COUNT_BY_PROVIDER: CountBy
COUNT_BY_DATASET: CountBy
COUNT_BY_PURPOSE: CountBy
COUNT_BY_LEGAL_BASIS: CountBy
COUNT_BY_ATTRIBUTE: CountBy
COUNT_BY_REASON: CountBy
COUNT_BY_OBLIGATION: CountBy

class GetRecordRequest(_message.Message):
    __slots__ = ("request_id", "index")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    index: int
    def __init__(self, request_id: _Optional[str] = ..., index: _Optional[int] = ...) -> None: ...

class GetRecordResponse(_message.Message):
    __slots__ = ("index", "entry")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    index: int
    entry: bytes
    def __init__(self, index: _Optional[int] = ..., entry: _Optional[bytes] = ...) -> None: ...

class GetReceiptRequest(_message.Message):
    __slots__ = ("request_id", "index")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    index: int
    def __init__(self, request_id: _Optional[str] = ..., index: _Optional[int] = ...) -> None: ...

class GetReceiptResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _decision_pb2.Receipt
    def __init__(self, receipt: _Optional[_Union[_decision_pb2.Receipt, _Mapping]] = ...) -> None: ...

class GetCheckpointRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCheckpointResponse(_message.Message):
    __slots__ = ("checkpoint",)
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    checkpoint: str
    def __init__(self, checkpoint: _Optional[str] = ...) -> None: ...

class GetConsistencyProofRequest(_message.Message):
    __slots__ = ("old_size", "new_size")
    OLD_SIZE_FIELD_NUMBER: _ClassVar[int]
    NEW_SIZE_FIELD_NUMBER: _ClassVar[int]
    old_size: int
    new_size: int
    def __init__(self, old_size: _Optional[int] = ..., new_size: _Optional[int] = ...) -> None: ...

class GetConsistencyProofResponse(_message.Message):
    __slots__ = ("hashes",)
    HASHES_FIELD_NUMBER: _ClassVar[int]
    hashes: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, hashes: _Optional[_Iterable[bytes]] = ...) -> None: ...

class WatchRecordsRequest(_message.Message):
    __slots__ = ("first_index",)
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    first_index: int
    def __init__(self, first_index: _Optional[int] = ...) -> None: ...

class WatchRecordsResponse(_message.Message):
    __slots__ = ("first_index", "end_index", "records", "other_hashes", "later_hashes", "checkpoint")
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    END_INDEX_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    OTHER_HASHES_FIELD_NUMBER: _ClassVar[int]
    LATER_HASHES_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    first_index: int
    end_index: int
    records: _containers.RepeatedCompositeFieldContainer[WatchedRecord]
    other_hashes: bytes
    later_hashes: bytes
    checkpoint: str
    def __init__(self, first_index: _Optional[int] = ..., end_index: _Optional[int] = ..., records: _Optional[_Iterable[_Union[WatchedRecord, _Mapping]]] = ..., other_hashes: _Optional[bytes] = ..., later_hashes: _Optional[bytes] = ..., checkpoint: _Optional[str] = ...) -> None: ...

class WatchedRecord(_message.Message):
    __slots__ = ("index", "entry")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    index: int
    entry: bytes
    def __init__(self, index: _Optional[int] = ..., entry: _Optional[bytes] = ...) -> None: ...

class RecordCriteria(_message.Message):
    __slots__ = ("subject", "caseworker", "case_reference", "kinds", "outcomes", "authorities", "consumers", "providers", "processors", "datasets", "purposes", "legal_bases", "agreements", "attributes", "released_attributes", "reasons", "obligations", "policy_revisions", "start_time", "end_time", "needs_review")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    CASEWORKER_FIELD_NUMBER: _ClassVar[int]
    CASE_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    AUTHORITIES_FIELD_NUMBER: _ClassVar[int]
    CONSUMERS_FIELD_NUMBER: _ClassVar[int]
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    PROCESSORS_FIELD_NUMBER: _ClassVar[int]
    DATASETS_FIELD_NUMBER: _ClassVar[int]
    PURPOSES_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASES_FIELD_NUMBER: _ClassVar[int]
    AGREEMENTS_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    RELEASED_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    OBLIGATIONS_FIELD_NUMBER: _ClassVar[int]
    POLICY_REVISIONS_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    NEEDS_REVIEW_FIELD_NUMBER: _ClassVar[int]
    subject: RecordSubject
    caseworker: str
    case_reference: str
    kinds: _containers.RepeatedScalarFieldContainer[str]
    outcomes: _containers.RepeatedScalarFieldContainer[str]
    authorities: _containers.RepeatedScalarFieldContainer[str]
    consumers: _containers.RepeatedScalarFieldContainer[str]
    providers: _containers.RepeatedScalarFieldContainer[str]
    processors: _containers.RepeatedScalarFieldContainer[str]
    datasets: _containers.RepeatedScalarFieldContainer[str]
    purposes: _containers.RepeatedScalarFieldContainer[str]
    legal_bases: _containers.RepeatedScalarFieldContainer[str]
    agreements: _containers.RepeatedScalarFieldContainer[str]
    attributes: _containers.RepeatedScalarFieldContainer[str]
    released_attributes: _containers.RepeatedScalarFieldContainer[str]
    reasons: _containers.RepeatedScalarFieldContainer[str]
    obligations: _containers.RepeatedScalarFieldContainer[str]
    policy_revisions: _containers.RepeatedScalarFieldContainer[str]
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    needs_review: bool
    def __init__(self, subject: _Optional[_Union[RecordSubject, _Mapping]] = ..., caseworker: _Optional[str] = ..., case_reference: _Optional[str] = ..., kinds: _Optional[_Iterable[str]] = ..., outcomes: _Optional[_Iterable[str]] = ..., authorities: _Optional[_Iterable[str]] = ..., consumers: _Optional[_Iterable[str]] = ..., providers: _Optional[_Iterable[str]] = ..., processors: _Optional[_Iterable[str]] = ..., datasets: _Optional[_Iterable[str]] = ..., purposes: _Optional[_Iterable[str]] = ..., legal_bases: _Optional[_Iterable[str]] = ..., agreements: _Optional[_Iterable[str]] = ..., attributes: _Optional[_Iterable[str]] = ..., released_attributes: _Optional[_Iterable[str]] = ..., reasons: _Optional[_Iterable[str]] = ..., obligations: _Optional[_Iterable[str]] = ..., policy_revisions: _Optional[_Iterable[str]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., needs_review: _Optional[bool] = ...) -> None: ...

class RecordSubject(_message.Message):
    __slots__ = ("kind", "value")
    KIND_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    kind: str
    value: str
    def __init__(self, kind: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class SearchRecordsRequest(_message.Message):
    __slots__ = ("ground", "criteria", "page_size", "page_token", "oldest_first")
    GROUND_FIELD_NUMBER: _ClassVar[int]
    CRITERIA_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    OLDEST_FIRST_FIELD_NUMBER: _ClassVar[int]
    ground: str
    criteria: RecordCriteria
    page_size: int
    page_token: str
    oldest_first: bool
    def __init__(self, ground: _Optional[str] = ..., criteria: _Optional[_Union[RecordCriteria, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., oldest_first: _Optional[bool] = ...) -> None: ...

class SearchRecordsResponse(_message.Message):
    __slots__ = ("records", "next_page_token", "total_size", "searched_size", "unsearched", "query_index")
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    SEARCHED_SIZE_FIELD_NUMBER: _ClassVar[int]
    UNSEARCHED_FIELD_NUMBER: _ClassVar[int]
    QUERY_INDEX_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[FoundRecord]
    next_page_token: str
    total_size: int
    searched_size: int
    unsearched: _containers.RepeatedCompositeFieldContainer[IndexRange]
    query_index: int
    def __init__(self, records: _Optional[_Iterable[_Union[FoundRecord, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ..., searched_size: _Optional[int] = ..., unsearched: _Optional[_Iterable[_Union[IndexRange, _Mapping]]] = ..., query_index: _Optional[int] = ...) -> None: ...

class FoundRecord(_message.Message):
    __slots__ = ("index", "receipt")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    index: int
    receipt: _decision_pb2.Receipt
    def __init__(self, index: _Optional[int] = ..., receipt: _Optional[_Union[_decision_pb2.Receipt, _Mapping]] = ...) -> None: ...

class IndexRange(_message.Message):
    __slots__ = ("first_index", "last_index")
    FIRST_INDEX_FIELD_NUMBER: _ClassVar[int]
    LAST_INDEX_FIELD_NUMBER: _ClassVar[int]
    first_index: int
    last_index: int
    def __init__(self, first_index: _Optional[int] = ..., last_index: _Optional[int] = ...) -> None: ...

class CountRecordsRequest(_message.Message):
    __slots__ = ("ground", "criteria", "count_by")
    GROUND_FIELD_NUMBER: _ClassVar[int]
    CRITERIA_FIELD_NUMBER: _ClassVar[int]
    COUNT_BY_FIELD_NUMBER: _ClassVar[int]
    ground: str
    criteria: RecordCriteria
    count_by: CountBy
    def __init__(self, ground: _Optional[str] = ..., criteria: _Optional[_Union[RecordCriteria, _Mapping]] = ..., count_by: _Optional[_Union[CountBy, str]] = ...) -> None: ...

class CountRecordsResponse(_message.Message):
    __slots__ = ("total_size", "counts", "searched_size", "unsearched", "query_index")
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    SEARCHED_SIZE_FIELD_NUMBER: _ClassVar[int]
    UNSEARCHED_FIELD_NUMBER: _ClassVar[int]
    QUERY_INDEX_FIELD_NUMBER: _ClassVar[int]
    total_size: int
    counts: _containers.RepeatedCompositeFieldContainer[RecordCount]
    searched_size: int
    unsearched: _containers.RepeatedCompositeFieldContainer[IndexRange]
    query_index: int
    def __init__(self, total_size: _Optional[int] = ..., counts: _Optional[_Iterable[_Union[RecordCount, _Mapping]]] = ..., searched_size: _Optional[int] = ..., unsearched: _Optional[_Iterable[_Union[IndexRange, _Mapping]]] = ..., query_index: _Optional[int] = ...) -> None: ...

class RecordCount(_message.Message):
    __slots__ = ("value", "count")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    value: str
    count: int
    def __init__(self, value: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...
