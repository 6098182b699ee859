from google.api import field_behavior_pb2 as _field_behavior_pb2
from hjemmel.exchange.v1 import assemble_pb2 as _assemble_pb2
from hjemmel.exchange.v1 import catalogue_pb2 as _catalogue_pb2
from hjemmel.exchange.v1 import decision_pb2 as _decision_pb2
from hjemmel.exchange.v1 import envelope_pb2 as _envelope_pb2
from hjemmel.exchange.v1 import many_pb2 as _many_pb2
from hjemmel.exchange.v1 import watch_pb2 as _watch_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExchangeRequest(_message.Message):
    __slots__ = ("envelope",)
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    envelope: _envelope_pb2.SignedEnvelope
    def __init__(self, envelope: _Optional[_Union[_envelope_pb2.SignedEnvelope, _Mapping]] = ...) -> None: ...

class ExchangeResponse(_message.Message):
    __slots__ = ("data", "decision", "withheld_attributes", "receipt")
    DATA_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    decision: _decision_pb2.Decision
    withheld_attributes: _containers.RepeatedCompositeFieldContainer[_decision_pb2.RefusedAttribute]
    receipt: _decision_pb2.Receipt
    def __init__(self, data: _Optional[bytes] = ..., decision: _Optional[_Union[_decision_pb2.Decision, _Mapping]] = ..., withheld_attributes: _Optional[_Iterable[_Union[_decision_pb2.RefusedAttribute, _Mapping]]] = ..., receipt: _Optional[_Union[_decision_pb2.Receipt, _Mapping]] = ...) -> None: ...

class ExchangeManyRequest(_message.Message):
    __slots__ = ("mandate", "batch")
    MANDATE_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    mandate: _envelope_pb2.SignedEnvelope
    batch: _many_pb2.SubjectBatch
    def __init__(self, mandate: _Optional[_Union[_envelope_pb2.SignedEnvelope, _Mapping]] = ..., batch: _Optional[_Union[_many_pb2.SubjectBatch, _Mapping]] = ...) -> None: ...

class ExchangeManyResponse(_message.Message):
    __slots__ = ("decision", "answers")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    decision: _decision_pb2.Decision
    answers: _containers.RepeatedCompositeFieldContainer[_many_pb2.SubjectAnswer]
    def __init__(self, decision: _Optional[_Union[_decision_pb2.Decision, _Mapping]] = ..., answers: _Optional[_Iterable[_Union[_many_pb2.SubjectAnswer, _Mapping]]] = ...) -> None: ...

class DryRunRequest(_message.Message):
    __slots__ = ("envelope",)
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    envelope: _envelope_pb2.SignedEnvelope
    def __init__(self, envelope: _Optional[_Union[_envelope_pb2.SignedEnvelope, _Mapping]] = ...) -> None: ...

class DryRunResponse(_message.Message):
    __slots__ = ("decision", "receipt")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    decision: _decision_pb2.Decision
    receipt: _decision_pb2.Receipt
    def __init__(self, decision: _Optional[_Union[_decision_pb2.Decision, _Mapping]] = ..., receipt: _Optional[_Union[_decision_pb2.Receipt, _Mapping]] = ...) -> None: ...

class ListDatasetsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListDatasetsResponse(_message.Message):
    __slots__ = ("datasets", "next_page_token")
    DATASETS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    datasets: _containers.RepeatedCompositeFieldContainer[_catalogue_pb2.Dataset]
    next_page_token: str
    def __init__(self, datasets: _Optional[_Iterable[_Union[_catalogue_pb2.Dataset, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetDatasetRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetDatasetResponse(_message.Message):
    __slots__ = ("dataset",)
    DATASET_FIELD_NUMBER: _ClassVar[int]
    dataset: _catalogue_pb2.Dataset
    def __init__(self, dataset: _Optional[_Union[_catalogue_pb2.Dataset, _Mapping]] = ...) -> None: ...
