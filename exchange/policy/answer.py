"""Reading what an engine answered: a decision in the agreed shape, or a failure that grants nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.errors import Failed
from exchange.model.decision import Condition, Decision, Obligation, Reason, RefusedAttribute
from exchange.policy.metadata import RuleText

Texts = Mapping[tuple[str, str], RuleText]
_TESTS = {"equals": (str, int, bool), "age_below": (int,)}


def read(document: Any, asked: tuple[str, ...], revision: str, texts: Texts) -> Decision:
    """Turns a decision document into a decision.

    Raises:
        Failed: POLICY_ANSWER_INVALID: a field is missing or of another type, something was granted
            that was not asked, or granted while the request was refused.
    """
    try:
        decision = Decision(
            allow=_is(bool, document["allow"]),
            granted=tuple(_is(str, name) for name in _is(list, document["granted"])),
            refused=tuple(
                RefusedAttribute(_is(str, r["attribute"]), _reason(r, texts))
                for r in _is(list, document["refused"])
            ),
            reasons=tuple(_reason(r, texts) for r in _is(list, document["reasons"])),
            obligations=tuple(_obligation(o, texts) for o in _is(list, document["obligations"])),
            legal_basis_version=_is(str, (document["legal_basis"] or {}).get("version", "")),
            revision=revision,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise Failed.because("POLICY_ANSWER_INVALID") from error
    if not _consistent(decision, frozenset(asked)):
        raise Failed.because("POLICY_ANSWER_INVALID")
    return decision


def _consistent(decision: Decision, asked: frozenset[str]) -> bool:
    granted = frozenset(decision.granted)
    if decision.allow:
        return bool(granted) and granted <= asked and not decision.reasons
    return not granted and bool(decision.all_reasons)


def _reason(document: Any, texts: Texts) -> Reason:
    code, rule = _is(str, document["code"]), _is(str, document["rule"])
    text = texts.get((rule, code))
    return Reason(
        code,
        rule,
        _is(str, document["legal_basis"]),
        text.en if text else "",
        text.da if text else "",
    )


def _obligation(document: Any, texts: Texts) -> Obligation:
    when = document["when"]
    test = _is(str, when["test"])
    value = when["value"]
    if not isinstance(value, _TESTS[test]):
        raise TypeError("a condition compares with a value of its test's type")
    return Obligation(
        _is(str, document["id"]),
        frozenset(_is(str, name) for name in _is(list, document["attributes"])),
        Condition(_is(str, when["fact"]), test, value),
        _reason(document, texts),
    )


def _is(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"expected {kind.__name__}")
    return value
