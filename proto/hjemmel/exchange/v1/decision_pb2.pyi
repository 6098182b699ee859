from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ObligationEffect(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OBLIGATION_EFFECT_UNSPECIFIED: _ClassVar[ObligationEffect]
    OBLIGATION_EFFECT_WITHHOLD: _ClassVar[ObligationEffect]
    OBLIGATION_EFFECT_INDICATE: _ClassVar[ObligationEffect]
    OBLIGATION_EFFECT_REVIEW: _ClassVar[ObligationEffect]
OBLIGATION_EFFECT_UNSPECIFIED: ObligationEffect
OBLIGATION_EFFECT_WITHHOLD: ObligationEffect
OBLIGATION_EFFECT_INDICATE: ObligationEffect
OBLIGATION_EFFECT_REVIEW: ObligationEffect

class Decision(_message.Message):
    __slots__ = ("granted_attributes", "refused_attributes", "obligations", "legal_basis_version", "policy_revision", "citation", "citation_verified")
    GRANTED_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    REFUSED_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    OBLIGATIONS_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASIS_VERSION_FIELD_NUMBER: _ClassVar[int]
    POLICY_REVISION_FIELD_NUMBER: _ClassVar[int]
    CITATION_FIELD_NUMBER: _ClassVar[int]
    CITATION_VERIFIED_FIELD_NUMBER: _ClassVar[int]
    granted_attributes: _containers.RepeatedScalarFieldContainer[str]
    refused_attributes: _containers.RepeatedCompositeFieldContainer[RefusedAttribute]
    obligations: _containers.RepeatedCompositeFieldContainer[Obligation]
    legal_basis_version: str
    policy_revision: str
    citation: str
    citation_verified: bool
    def __init__(self, granted_attributes: _Optional[_Iterable[str]] = ..., refused_attributes: _Optional[_Iterable[_Union[RefusedAttribute, _Mapping]]] = ..., obligations: _Optional[_Iterable[_Union[Obligation, _Mapping]]] = ..., legal_basis_version: _Optional[str] = ..., policy_revision: _Optional[str] = ..., citation: _Optional[str] = ..., citation_verified: _Optional[bool] = ...) -> None: ...

class RefusedAttribute(_message.Message):
    __slots__ = ("attribute", "reason")
    ATTRIBUTE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    attribute: str
    reason: Reason
    def __init__(self, attribute: _Optional[str] = ..., reason: _Optional[_Union[Reason, _Mapping]] = ...) -> None: ...

class Reason(_message.Message):
    __slots__ = ("code", "rule", "legal_basis", "text_en", "text_da")
    CODE_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    LEGAL_BASIS_FIELD_NUMBER: _ClassVar[int]
    TEXT_EN_FIELD_NUMBER: _ClassVar[int]
    TEXT_DA_FIELD_NUMBER: _ClassVar[int]
    code: str
    rule: str
    legal_basis: str
    text_en: str
    text_da: str
    def __init__(self, code: _Optional[str] = ..., rule: _Optional[str] = ..., legal_basis: _Optional[str] = ..., text_en: _Optional[str] = ..., text_da: _Optional[str] = ...) -> None: ...

class Obligation(_message.Message):
    __slots__ = ("id", "attributes", "fact", "reason", "effect")
    ID_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    FACT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EFFECT_FIELD_NUMBER: _ClassVar[int]
    id: str
    attributes: _containers.RepeatedScalarFieldContainer[str]
    fact: str
    reason: Reason
    effect: ObligationEffect
    def __init__(self, id: _Optional[str] = ..., attributes: _Optional[_Iterable[str]] = ..., fact: _Optional[str] = ..., reason: _Optional[_Union[Reason, _Mapping]] = ..., effect: _Optional[_Union[ObligationEffect, str]] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("reasons", "decision", "receipt")
    REASONS_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    reasons: _containers.RepeatedCompositeFieldContainer[Reason]
    decision: Decision
    receipt: Receipt
    def __init__(self, reasons: _Optional[_Iterable[_Union[Reason, _Mapping]]] = ..., decision: _Optional[_Union[Decision, _Mapping]] = ..., receipt: _Optional[_Union[Receipt, _Mapping]] = ...) -> None: ...

class Receipt(_message.Message):
    __slots__ = ("entry", "proof", "openings")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    OPENINGS_FIELD_NUMBER: _ClassVar[int]
    entry: bytes
    proof: str
    openings: _containers.RepeatedCompositeFieldContainer[Opening]
    def __init__(self, entry: _Optional[bytes] = ..., proof: _Optional[str] = ..., openings: _Optional[_Iterable[_Union[Opening, _Mapping]]] = ...) -> None: ...

class Opening(_message.Message):
    __slots__ = ("name", "key")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    name: str
    key: bytes
    def __init__(self, name: _Optional[str] = ..., key: _Optional[bytes] = ...) -> None: ...
