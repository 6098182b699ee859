"""Whether the policies would grant a package to an authority: part by part, under the agreements it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from exchange.model.catalogue import Catalogue
from exchange.model.decision import Reason
from exchange.model.request import Kind, timestamp
from exchange.packages.model import Package, Part
from exchange.policy.policy_set import PolicySet
from exchange.workbench.asking import Asker
from exchange.workbench.permitted import fitting_consent


@dataclass(frozen=True, slots=True)
class PartPermit:
    """What the policies say of a part.

    Attributes:
        agreement: the one that grants it, or comes nearest; empty where the authority has none to cite.
        reasons: why it is refused; none where it is granted.
        obligations: what would be done with the data before it is released, by name.
    """

    part: Part
    agreement: str
    reasons: tuple[Reason, ...]
    obligations: tuple[str, ...]

    @property
    def granted(self) -> bool:
        """Whether the part would be answered."""
        return bool(self.agreement) and not self.reasons


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom and when a package is looked at.

    Attributes:
        consent: whether the applicant's consent is cited in the parts about the applicant.
    """

    consumer: str
    now: datetime
    law_date: date
    consent: bool


def permits_of(
    package: Package, policies: PolicySet, catalogue: Catalogue, asked: Asked
) -> Iterator[PartPermit]:
    """Decides each part, under each agreement of the authority that could carry it.

    Raises:
        PolicyError: the policies do not compile.
        Failed: they gave no decision.
    """
    asker = Asker(policies)
    for part in package.terms.parts:
        provider = catalogue.datasets[part.dataset].provider
        found = [
            _decided(asker, part, _input(part, provider, agreement, asked), agreement)
            for agreement in _agreements(policies, part, provider, asked.consumer)
        ]
        yield min(found, key=lambda permit: len(permit.reasons)) if found else PartPermit(part, "", (), ())


def _agreements(policies: PolicySet, part: Part, provider: str, consumer: str) -> list[str]:
    """Names the agreements between the two that have the dataset; those for the purpose first."""
    known: Mapping[str, Mapping[str, Any]] = policies.data.get("agreements", {})
    between = {
        name: terms
        for name, terms in known.items()
        if (terms["consumer"], terms["provider"]) == (consumer, provider)
        and part.dataset in terms["datasets"]
    }
    return sorted(between, key=lambda name: (part.purpose not in between[name]["purposes"], name))


def _decided(asker: Asker, part: Part, policy_input: dict[str, Any], agreement: str) -> PartPermit:
    decision = asker.decide(policy_input)
    reasons = () if decision.allow else tuple(dict.fromkeys(decision.all_reasons))
    return PartPermit(part, agreement, reasons, tuple(o.id for o in decision.obligations))


def _input(part: Part, provider: str, agreement: str, asked: Asked) -> dict[str, Any]:
    now = timestamp(asked.now)
    cites = asked.consent and part.about_applicant
    return {
        "time": now,
        "kind": Kind.EXCHANGE,
        "consumer": asked.consumer,
        "processor": None,
        "provider": provider,
        "dataset": part.dataset,
        "attributes": list(part.attributes),
        "key": part.key.kind,
        "subject_role": part.role,
        "purpose": part.purpose,
        "legal_basis": part.legal_basis,
        "agreement": agreement,
        "law_date": asked.law_date.isoformat(),
        "consent": fitting_consent(asked.consumer, part.purpose, now) if cites else None,
        "partial_acceptable": part.partial,
        "emergency": False,
    }
