"""From the model to the messages of the API."""

from __future__ import annotations

from collections.abc import Mapping

from hjemmel.audit.v1 import audit_service_pb2
from hjemmel.exchange.v1 import catalogue_pb2, decision_pb2

from audit.formats.side import Part
from exchange.model.catalogue import Dataset, Text
from exchange.model.decision import Decision, Effect, Reason, RefusedAttribute
from exchange.model.trace import Receipt

_EFFECTS = {
    Effect.WITHHOLD: decision_pb2.OBLIGATION_EFFECT_WITHHOLD,
    Effect.INDICATE: decision_pb2.OBLIGATION_EFFECT_INDICATE,
    Effect.REVIEW: decision_pb2.OBLIGATION_EFFECT_REVIEW,
}


def decision(value: Decision) -> decision_pb2.Decision:
    """Translates a decision."""
    return decision_pb2.Decision(
        granted_attributes=value.granted,
        refused_attributes=[refused(r) for r in value.refused],
        obligations=[
            decision_pb2.Obligation(
                id=o.id,
                attributes=sorted(o.attributes),
                fact=o.fact,
                effect=_EFFECTS[o.effect],
                reason=reason(o.reason),
            )
            for o in value.obligations
        ],
        legal_basis_version=value.legal_basis_version,
        policy_revision=value.revision,
        citation=value.citation,
        citation_verified=value.citation_verified,
    )


def refused(value: RefusedAttribute) -> decision_pb2.RefusedAttribute:
    """Translates an attribute that was not granted or not released."""
    return decision_pb2.RefusedAttribute(attribute=value.attribute, reason=reason(value.reason))


def reason(value: Reason) -> decision_pb2.Reason:
    """Translates a reason."""
    return decision_pb2.Reason(
        code=value.code,
        rule=value.rule,
        legal_basis=value.legal_basis,
        text_en=value.text_en,
        text_da=value.text_da,
    )


def receipt(value: Receipt) -> decision_pb2.Receipt:
    """Translates a receipt."""
    return receipt_of(value.entry, value.proof, value.openings)


def receipt_of(entry: bytes, proof: str, openings: Mapping[str, bytes]) -> decision_pb2.Receipt:
    """Puts a receipt together."""
    return decision_pb2.Receipt(
        entry=entry,
        proof=proof,
        openings=[decision_pb2.Opening(name=n, key=k) for n, k in sorted(openings.items())],
    )


def part(value: Part) -> audit_service_pb2.WatchRecordsResponse:
    """Translates a part of an authority's side of the log."""
    return audit_service_pb2.WatchRecordsResponse(
        first_index=value.first,
        end_index=value.end,
        records=[audit_service_pb2.WatchedRecord(index=o.index, entry=o.leaf) for o in value.own],
        other_hashes=b"".join(value.others),
        later_hashes=b"".join(value.later),
        checkpoint=value.signed_checkpoint,
    )


def dataset(value: Dataset) -> catalogue_pb2.Dataset:
    """Translates a dataset."""
    return catalogue_pb2.Dataset(
        name=value.name,
        register=value.register,
        provider=value.provider,
        title=_text(value.title),
        keys=[catalogue_pb2.DatasetKey(kind=k.kind, many=k.cardinality == "many") for k in value.keys],
        attributes=[
            catalogue_pb2.Attribute(
                name=a.name,
                type=a.type,
                sensitivity=a.sensitivity,
                description=_text(a.description),
            )
            for a in value.attributes
        ],
    )


def _text(value: Text) -> catalogue_pb2.LocalizedText:
    return catalogue_pb2.LocalizedText(en=value.en, da=value.da)
