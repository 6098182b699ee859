from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Dataset(_message.Message):
    __slots__ = ("name", "register", "provider", "title", "keys", "attributes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REGISTER_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    register: str
    provider: str
    title: LocalizedText
    keys: _containers.RepeatedCompositeFieldContainer[DatasetKey]
    attributes: _containers.RepeatedCompositeFieldContainer[Attribute]
    def __init__(self, name: _Optional[str] = ..., register: _Optional[str] = ..., provider: _Optional[str] = ..., title: _Optional[_Union[LocalizedText, _Mapping]] = ..., keys: _Optional[_Iterable[_Union[DatasetKey, _Mapping]]] = ..., attributes: _Optional[_Iterable[_Union[Attribute, _Mapping]]] = ...) -> None: ...

class DatasetKey(_message.Message):
    __slots__ = ("kind", "many")
    KIND_FIELD_NUMBER: _ClassVar[int]
    MANY_FIELD_NUMBER: _ClassVar[int]
    kind: str
    many: bool
    def __init__(self, kind: _Optional[str] = ..., many: _Optional[bool] = ...) -> None: ...

class Attribute(_message.Message):
    __slots__ = ("name", "type", "sensitivity", "description")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SENSITIVITY_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    sensitivity: str
    description: LocalizedText
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., sensitivity: _Optional[str] = ..., description: _Optional[_Union[LocalizedText, _Mapping]] = ...) -> None: ...

class LocalizedText(_message.Message):
    __slots__ = ("en", "da")
    EN_FIELD_NUMBER: _ClassVar[int]
    DA_FIELD_NUMBER: _ClassVar[int]
    en: str
    da: str
    def __init__(self, en: _Optional[str] = ..., da: _Optional[str] = ...) -> None: ...
