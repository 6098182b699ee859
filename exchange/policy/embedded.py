"""The embedded engine: regorus, in the broker's own process. The default, with nothing to install.

It cannot be interrupted: Rego always ends, but not always soon. An answer that came too late is
refused like none at all. A deployment that lets strangers write policies uses the OPA server.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import orjson
import regorus

from exchange.errors import Failed
from exchange.model.decision import Decision
from exchange.policy import answer
from exchange.policy.policy_set import DECISION, PolicyError, PolicySet

_log = logging.getLogger(__name__)
_REMEMBERED = 1024

# Where RUST_BACKTRACE is set, regorus would record a stack, some 16 ms, for each error that it meets.
os.environ.setdefault("RUST_LIB_BACKTRACE", "0")

#: Built-ins on which regorus and OPA are known to agree. Anything else is refused at load.
BUILTINS = frozenset(
    {
        "abs", "array.concat", "array.reverse", "array.slice", "ceil", "concat",
        "contains", "count", "endswith", "floor", "format_int", "indexof", "intersection", "is_array",
        "is_boolean", "is_null", "is_number", "is_object", "is_set", "is_string", "lower", "max", "min",
        "numbers.range", "object.get", "object.keys", "object.remove", "object.union", "print",
        "regex.match", "replace", "round", "sort", "split", "sprintf", "startswith",
        "strings.replace_n", "substring", "sum",
        "time.add_date", "time.parse_rfc3339_ns", "to_number", "trim", "trim_prefix", "trim_space",
        "trim_suffix", "type_name", "union", "upper",
    }
)  # fmt: skip


class EmbeddedEngine:
    """Implements `exchange.ports.PolicyEngine` with regorus."""

    def __init__(self, policies: PolicySet, timeout: float) -> None:
        """Compiles a policy set.

        Args:
            policies: the set to decide by.
            timeout: seconds after which an answer is too late.

        Raises:
            PolicyError: a module does not compile, or uses a built-in that is not allowed.
        """
        self._policies = policies
        self._texts = policies.texts
        self._citations = answer.citations_of(policies.data)
        self._timeout = timeout
        self._decided: dict[bytes, Decision] = {}
        self._engines = threading.local()  # regorus' engine is bound to the thread that made it
        try:
            check_builtins(self._engine().get_ast_as_json())
        except PolicyError:
            self._engines = threading.local()  # dropped here: a traceback may end on another thread
            raise

    @property
    def revision(self) -> str:
        """See `exchange.ports.PolicyEngine`."""
        return self._policies.revision

    def close(self) -> None:
        """Drops the calling thread's engine there: it may be dropped on no other one."""
        self._engines.__dict__.pop("engine", None)

    async def decide(self, policy_input: Mapping[str, Any]) -> Decision:
        """See `exchange.ports.PolicyEngine`."""
        return self.decide_now(policy_input)

    def decide_now(self, policy_input: Mapping[str, Any]) -> Decision:
        """Decides without an event loop: for tests and tools."""
        # A decision is a pure function of its input, whose time has whole seconds and which names
        # nobody: within a second, many requests are the same question.
        question = orjson.dumps(policy_input)
        decision = self._decided.get(question)
        if decision is None:
            begun = time.monotonic()
            document = self._evaluate(question.decode())
            if time.monotonic() - begun > self._timeout:
                raise Failed.because("POLICY_TIMEOUT")
            asked = tuple(policy_input.get("attributes") or ())
            decision = answer.read(document, asked, self.revision, self._texts, self._citations)
            if len(self._decided) >= _REMEMBERED:
                self._decided.clear()
            self._decided[question] = decision
        return decision

    def _evaluate(self, policy_input: str) -> Any:
        try:
            engine = self._engine()
            engine.set_input_json(policy_input)
            return orjson.loads(engine.eval_rule_as_json(DECISION))
        except Exception as error:
            _log.exception("policy_evaluation_failed")
            raise Failed.because("POLICY_FAILED") from error
        except BaseException as error:
            # A panic in Rust arrives as a BaseException; the engine may be broken after it.
            if type(error).__name__ != "PanicException":
                raise
            self._engines = threading.local()
            raise Failed.because("POLICY_FAILED") from error

    def _engine(self) -> regorus.Engine:
        engine = getattr(self._engines, "engine", None)
        if engine is None:
            engine = compile_set(self._policies)
            self._engines.engine = engine
        return engine


def compile_set(policies: PolicySet) -> regorus.Engine:
    """Makes an engine of a policy set.

    Raises:
        PolicyError: a module does not compile; the message has regorus' own pointer to the place.
    """
    engine = regorus.Engine()
    try:
        for path, text in policies.modules.items():
            engine.add_policy(path, text)
        engine.add_data_json(orjson.dumps(policies.data).decode())
        engine.set_input_json("{}")
        engine.eval_rule_as_json(DECISION)
        engine.eval_query_as_json("data")  # finds unknown names in rules not yet needed, too
    except Exception as error:
        del engine  # a traceback keeps it, and may be dropped on another thread than its own
        problem = str(error).partition("Stack backtrace")[0].strip()
        raise PolicyError(f"the policy set does not compile:\n{problem}") from error
    return engine


def check_builtins(ast: str) -> None:
    """Refuses built-ins on which the two engines may differ.

    Raises:
        PolicyError: names the file, the line and the built-in.
    """
    modules = orjson.loads(ast)
    own = {name for module in modules for name in _functions(module["ast"])}
    for module in modules:
        imported = _imports(module)
        for name, line in _calls(module["ast"]["rules"]):
            root = name.split(".", maxsplit=1)[0]
            is_own = name in own or root == "data" or root in imported
            # A name of the engine's own goes before one of the set's: no import and no rule shadows it.
            if name in BUILTINS or (is_own and not _is_builtin(name)):
                continue
            path = module["source"]["file"]
            raise PolicyError(f"{path}:{line}: the built-in {name} is not allowed in policies")


@cache
def _is_builtin(name: str) -> bool:
    probe = regorus.Engine()
    try:
        probe.add_policy("probe.rego", f"package probe\n\nfound if {name}(input.absent)\n")
        probe.eval_rule("data.probe.found")
    except Exception as error:  # noqa: BLE001  # regorus raises no kind of its own
        return "could not find function" not in str(error)
    return True


def _functions(ast: Mapping[str, Any]) -> Iterator[str]:
    for rule in ast["rules"]:
        spec = rule.get("Spec") or {}
        head = (spec.get("head") or {}).get("Func")
        if head:
            name = _reference(head["refr"])
            if name:
                yield name


def _imports(module: Mapping[str, Any]) -> set[str]:
    contents = module["source"]["contents"]
    names = set()
    for imported in module["ast"]["imports"]:
        alias = imported.get("as")
        name = contents[alias["start"] : alias["end"]] if alias else _reference(imported["refr"])
        names.add((name or "").rpartition(".")[2])
    return names


def _calls(node: Any) -> Iterator[tuple[str, int]]:
    if isinstance(node, dict):
        call = node.get("Call")
        if isinstance(call, dict) and "fcn" in call:
            yield _reference(call["fcn"]) or "of a computed name", call["span"]["line"]
        for value in node.values():
            yield from _calls(value)
    elif isinstance(node, list):
        for value in node:
            yield from _calls(value)


def _reference(node: Mapping[str, Any]) -> str | None:
    if "Var" in node:
        return str(node["Var"]["value"])
    if "RefDot" in node:
        left = _reference(node["RefDot"]["refr"])
        return f"{left}.{node['RefDot']['field'][1]}" if left else None
    if "RefBrack" in node:
        left, index = _reference(node["RefBrack"]["refr"]), node["RefBrack"]["index"].get("String")
        return f"{left}.{index['value']}" if left and index else None
    return None
