"""Reading what an engine answered: a decision in the agreed shape, or a failure that grants nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from exchange.errors import Failed
from exchange.model.decision import Condition, Decision, Effect, Obligation, Reason, RefusedAttribute
from exchange.policy.metadata import RuleText

Texts = Mapping[tuple[str, str], RuleText]
Citations = Mapping[str, "Citation"]
_NO_CITATIONS: Citations = MappingProxyType({})
_TESTS = {"equals": (str, int, bool), "age_below": (int,)}


@dataclass(frozen=True, slots=True)
class Citation:
    """How a legal basis is cited, and whether that was held against the law's own text."""

    text: str
    verified: bool

    @property
    def labelled_en(self) -> str:
        """The citation in English, labelled where nobody verified it."""
        return self.text if self.verified else f"{self.text} (unverified citation)"

    @property
    def labelled_da(self) -> str:
        """The citation in Danish, labelled where nobody verified it."""
        return self.text if self.verified else f"{self.text} (ikke efterprøvet henvisning)"


def citations_of(data: Mapping[str, Any]) -> Citations:
    """Reads the citations from a policy set's data."""
    bases = data.get("legal_bases") or {}
    return {name: Citation(b["citation"], b["verified"]) for name, b in bases.items()}


def read(
    document: Any,
    asked: tuple[str, ...],
    revision: str,
    texts: Texts,
    citations: Citations = _NO_CITATIONS,
) -> Decision:
    """Turns a decision document into a decision.

    Raises:
        Failed: POLICY_ANSWER_INVALID: a field is missing or of another type, something was granted
            that was not asked, or granted while the request was refused.
    """
    try:
        cited = document["legal_basis"] or {}
        citation = citations.get(cited.get("id", ""))
        decision = Decision(
            allow=_is(bool, document["allow"]),
            granted=tuple(_is(str, name) for name in _is(list, document["granted"])),
            refused=tuple(
                RefusedAttribute(_is(str, r["attribute"]), _reason(r, texts, citations))
                for r in _is(list, document["refused"])
            ),
            reasons=tuple(_reason(r, texts, citations) for r in _is(list, document["reasons"])),
            obligations=tuple(_obligation(o, texts, citations) for o in _is(list, document["obligations"])),
            legal_basis_version=_is(str, cited.get("version", "")),
            revision=revision,
            citation=citation.text if citation else "",
            citation_verified=citation.verified if citation else False,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Failed.because("POLICY_ANSWER_INVALID") from error
    if not _is_whole(decision) or not decision.answers(
        asked, part_will_do=True
    ):  # whether it will, the pipeline knows
        raise Failed.because("POLICY_ANSWER_INVALID")
    return decision


def _is_whole(decision: Decision) -> bool:
    """An answer of yes and no has no values beside it: whatever is granted is under that obligation."""
    indicated = {a for o in decision.obligations if o.effect is Effect.INDICATE for a in o.attributes}
    return not decision.indicates or indicated >= set(decision.granted)


def _reason(document: Any, texts: Texts, citations: Citations) -> Reason:
    code, rule = _is(str, document["code"]), _is(str, document["rule"])
    law = _is(str, document["legal_basis"])
    text, citation = texts.get((rule, code)), citations.get(law)
    en, da = (text.en, text.da) if text else ("", "")
    if text and citation:
        en, da = f"{en} [{citation.labelled_en}]", f"{da} [{citation.labelled_da}]"
    return Reason(code, rule, law, en, da)


def _obligation(document: Any, texts: Texts, citations: Citations) -> Obligation:
    effect, when = Effect(document["effect"]), document["when"]
    if (when is not None) != (effect is Effect.WITHHOLD):
        raise TypeError("an obligation to withhold has a condition, and no other has")
    return Obligation(
        _is(str, document["id"]),
        effect,
        frozenset(_is(str, name) for name in _is(list, document["attributes"])),
        _condition(when) if when is not None else None,
        _reason(document, texts, citations),
    )


def _condition(document: Any) -> Condition:
    test = _is(str, document["test"])
    value = document["value"]
    if not isinstance(value, _TESTS[test]):
        raise TypeError("a condition compares with a value of its test's type")
    return Condition(_is(str, document["fact"]), test, value)


def _is(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"expected {kind.__name__}")
    return value
