"""A decision as far as decisions are compared, read from the document that a policy set gives.

Archived sets are asked through the engine alone, without the texts and the checks that today's broker
wants of a set: these may grow stricter, and what an old set decided stays decided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson
import regorus

from exchange.errors import Failed
from exchange.policy import answer
from exchange.policy.policy_set import DECISION, PolicyError, PolicySet

FAILED = "POLICY_FAILED"
INVALID = "POLICY_ANSWER_INVALID"
WITHHOLD = "withhold"


@dataclass(frozen=True, slots=True)
class Duty:
    """An obligation of a decision.

    Attributes:
        id: its name in the policies.
        code: the reason that it gives.
        attributes: what it is about.
        effect: `withhold`, unless the document says another one.
        fact: what it asks of the subject; empty where it asks nothing.
        condition: the whole question, as text.
    """

    id: str
    code: str
    attributes: tuple[str, ...]
    effect: str
    fact: str
    condition: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy set said to one input.

    Attributes:
        allow: whether anything was granted.
        granted: the attributes granted.
        version: of the legal basis that was cited; empty where none was found.
        reasons: the codes against the request.
        refused: attributes refused, each with its code.
        duties: the obligations.
        problem: why there is no decision; everything else is empty then.
    """

    allow: bool = False
    granted: tuple[str, ...] = ()
    version: str = ""
    reasons: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    duties: tuple[Duty, ...] = ()
    problem: str = ""

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes as an entry lists them: those of the request, then those of attributes, each once."""
        return tuple(dict.fromkeys((*self.reasons, *(code for _, code in self.refused))))


Check = Callable[[Any, Mapping[str, Any]], None]


class Evaluator:
    """Decides by one policy set. Bound to the thread that made it, where `close` must be called, too."""

    def __init__(self, policies: PolicySet, check: Check | None = None) -> None:
        """Compiles a policy set.

        Args:
            policies: the set.
            check: raises `Failed` where a broker would not believe a document as an answer.

        Raises:
            PolicyError: it does not compile.
        """
        self._policies = policies
        self._check = check
        self._engine: regorus.Engine | None = _compiled(policies)

    def decide(self, policy_input: Mapping[str, Any]) -> Verdict:
        """Decides on an input."""
        try:
            document = self._evaluate(policy_input)
            if self._check is not None:
                self._check(document, policy_input)
            return read(document)
        except Failed as failed:
            return Verdict(problem=failed.reasons[0].code)

    def close(self) -> None:
        """Drops the engine."""
        self._engine = None

    def _evaluate(self, policy_input: Mapping[str, Any]) -> Any:
        try:
            if self._engine is None:
                self._engine = _compiled(self._policies)
            self._engine.set_input_json(orjson.dumps(policy_input).decode())
            return orjson.loads(self._engine.eval_rule_as_json(DECISION))
        except Exception as error:
            raise Failed.because(FAILED) from error
        except BaseException as error:
            # A panic in Rust arrives as a BaseException; the engine may be broken after it.
            if type(error).__name__ != "PanicException":
                raise
            self._engine = None
            raise Failed.because(FAILED) from error


def _compiled(policies: PolicySet) -> regorus.Engine:
    """Makes an engine of a set as it is: what it may hold was for the broker to say that it decided in."""
    engine = regorus.Engine()
    try:
        for path, text in policies.modules.items():
            engine.add_policy(path, text)
        engine.add_data_json(orjson.dumps(policies.data).decode())
    except Exception as error:
        del engine  # a traceback keeps it, and may be dropped on another thread than its own
        problem = str(error).partition("Stack backtrace")[0].strip()
        raise PolicyError(f"the policy set does not compile:\n{problem}") from error
    return engine


def believed(policies: PolicySet) -> Check:
    """Makes the check that today's broker makes of a document: its shape, and that it answers the question.

    Raises:
        PolicyError: the set's texts do not hold.
    """
    texts, citations, revision = policies.texts, answer.citations_of(policies.data), policies.revision

    def check(document: Any, policy_input: Mapping[str, Any]) -> None:
        asked = tuple(policy_input.get("attributes") or ())
        decision = answer.read(document, asked, revision, texts, citations)
        if not decision.answers(asked, part_will_do=policy_input.get("partial_acceptable") is True):
            raise Failed.because(INVALID)

    return check


def read(document: Any) -> Verdict:
    """Reads a decision document of any shape that was ever in use.

    Raises:
        Failed: it has none of them.
    """
    try:
        basis = document["legal_basis"] or {}
        return Verdict(
            allow=document["allow"] is True,
            granted=tuple(document["granted"]),
            version=basis.get("version", ""),
            reasons=tuple(r["code"] for r in document["reasons"]),
            refused=tuple((r["attribute"], r["code"]) for r in document["refused"]),
            duties=tuple(_duty(o) for o in document["obligations"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise Failed.because(INVALID) from error


def _duty(document: Mapping[str, Any]) -> Duty:
    when = cast("Mapping[str, Any] | None", document.get("when"))
    return Duty(
        id=document["id"],
        code=document["code"],
        attributes=tuple(sorted(document["attributes"])),
        effect=document.get("effect", WITHHOLD),  # sets made before there were others do not say
        fact=when["fact"] if when else "",
        condition=orjson.dumps(when, option=orjson.OPT_SORT_KEYS).decode() if when else "",
    )
