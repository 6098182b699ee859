import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AttachRequest(_message.Message):
    __slots__ = ("hello", "operations")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    operations: Operations
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., operations: _Optional[_Union[Operations, _Mapping]] = ...) -> None: ...

class AttachResponse(_message.Message):
    __slots__ = ("welcome", "results")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    welcome: Welcome
    results: Results
    def __init__(self, welcome: _Optional[_Union[Welcome, _Mapping]] = ..., results: _Optional[_Union[Results, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("session_id", "log_vkey", "open_request_ids")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LOG_VKEY_FIELD_NUMBER: _ClassVar[int]
    OPEN_REQUEST_IDS_FIELD_NUMBER: _ClassVar[int]
    session_id: bytes
    log_vkey: str
    open_request_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, session_id: _Optional[bytes] = ..., log_vkey: _Optional[str] = ..., open_request_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("log_vkey", "size", "grace")
    LOG_VKEY_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    GRACE_FIELD_NUMBER: _ClassVar[int]
    log_vkey: str
    size: int
    grace: _duration_pb2.Duration
    def __init__(self, log_vkey: _Optional[str] = ..., size: _Optional[int] = ..., grace: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Operations(_message.Message):
    __slots__ = ("operations",)
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    operations: _containers.RepeatedCompositeFieldContainer[Operation]
    def __init__(self, operations: _Optional[_Iterable[_Union[Operation, _Mapping]]] = ...) -> None: ...

class Operation(_message.Message):
    __slots__ = ("id", "timeout", "intend", "append", "interrupt")
    ID_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    INTEND_FIELD_NUMBER: _ClassVar[int]
    APPEND_FIELD_NUMBER: _ClassVar[int]
    INTERRUPT_FIELD_NUMBER: _ClassVar[int]
    id: int
    timeout: _duration_pb2.Duration
    intend: Intend
    append: Append
    interrupt: Interrupt
    def __init__(self, id: _Optional[int] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., intend: _Optional[_Union[Intend, _Mapping]] = ..., append: _Optional[_Union[Append, _Mapping]] = ..., interrupt: _Optional[_Union[Interrupt, _Mapping]] = ...) -> None: ...

class Submission(_message.Message):
    __slots__ = ("leaf", "subject", "values", "claims_request_id")
    LEAF_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    CLAIMS_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    leaf: bytes
    subject: bytes
    values: _containers.RepeatedCompositeFieldContainer[SealedValue]
    claims_request_id: bool
    def __init__(self, leaf: _Optional[bytes] = ..., subject: _Optional[bytes] = ..., values: _Optional[_Iterable[_Union[SealedValue, _Mapping]]] = ..., claims_request_id: _Optional[bool] = ...) -> None: ...

class SealedValue(_message.Message):
    __slots__ = ("name", "value", "opening")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    OPENING_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: bytes
    opening: bytes
    def __init__(self, name: _Optional[str] = ..., value: _Optional[bytes] = ..., opening: _Optional[bytes] = ...) -> None: ...

class Intend(_message.Message):
    __slots__ = ("submission",)
    SUBMISSION_FIELD_NUMBER: _ClassVar[int]
    submission: Submission
    def __init__(self, submission: _Optional[_Union[Submission, _Mapping]] = ...) -> None: ...

class Append(_message.Message):
    __slots__ = ("submission", "closes_intention", "doubtful_leaf_hash", "sent_at_size")
    SUBMISSION_FIELD_NUMBER: _ClassVar[int]
    CLOSES_INTENTION_FIELD_NUMBER: _ClassVar[int]
    DOUBTFUL_LEAF_HASH_FIELD_NUMBER: _ClassVar[int]
    SENT_AT_SIZE_FIELD_NUMBER: _ClassVar[int]
    submission: Submission
    closes_intention: bool
    doubtful_leaf_hash: bytes
    sent_at_size: int
    def __init__(self, submission: _Optional[_Union[Submission, _Mapping]] = ..., closes_intention: _Optional[bool] = ..., doubtful_leaf_hash: _Optional[bytes] = ..., sent_at_size: _Optional[int] = ...) -> None: ...

class Interrupt(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    def __init__(self, request_id: _Optional[str] = ...) -> None: ...

class Results(_message.Message):
    __slots__ = ("results", "checkpoints")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[Result]
    checkpoints: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, results: _Optional[_Iterable[_Union[Result, _Mapping]]] = ..., checkpoints: _Optional[_Iterable[str]] = ...) -> None: ...

class Result(_message.Message):
    __slots__ = ("id", "appended", "refusal")
    ID_FIELD_NUMBER: _ClassVar[int]
    APPENDED_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    id: int
    appended: Appended
    refusal: Refusal
    def __init__(self, id: _Optional[int] = ..., appended: _Optional[_Union[Appended, _Mapping]] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ...) -> None: ...

class Appended(_message.Message):
    __slots__ = ("index", "hashes", "checkpoint")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    HASHES_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    index: int
    hashes: _containers.RepeatedScalarFieldContainer[bytes]
    checkpoint: int
    def __init__(self, index: _Optional[int] = ..., hashes: _Optional[_Iterable[bytes]] = ..., checkpoint: _Optional[int] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("reason", "message")
    class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        REASON_UNSPECIFIED: _ClassVar[Refusal.Reason]
        REASON_DUPLICATE_REQUEST: _ClassVar[Refusal.Reason]
        REASON_INTENTION_CLOSED: _ClassVar[Refusal.Reason]
        REASON_BUSY: _ClassVar[Refusal.Reason]
        REASON_MALFORMED: _ClassVar[Refusal.Reason]
    REASON_UNSPECIFIED: Refusal.Reason
    REASON_DUPLICATE_REQUEST: Refusal.Reason
    REASON_INTENTION_CLOSED: Refusal.Reason
    REASON_BUSY: Refusal.Reason
    REASON_MALFORMED: Refusal.Reason
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    reason: Refusal.Reason
    message: str
    def __init__(self, reason: _Optional[_Union[Refusal.Reason, str]] = ..., message: _Optional[str] = ...) -> None: ...
