"""The embedded engine: regorus, in the broker's own process. The default, with nothing to install.

It cannot be interrupted: Rego always ends, but not always soon. An answer that came too late is
refused like none at all. A deployment that lets strangers write policies uses the OPA server.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
import regorus

from exchange.errors import Failed
from exchange.model.decision import Decision
from exchange.policy import answer
from exchange.policy.brackets import check_brackets
from exchange.policy.builtins import check_builtins
from exchange.policy.differences import check_differences
from exchange.policy.errors import PolicyError
from exchange.policy.language import check_language
from exchange.policy.policy_set import DECISION, PolicySet
from exchange.policy.syntax import modules_of

_log = logging.getLogger(__name__)
_REMEMBERED = 1024
_QUOTED = 200  # characters of a line in an error

# Where RUST_BACKTRACE is set, regorus would record a stack, some 16 ms, for each error that it meets.
os.environ.setdefault("RUST_LIB_BACKTRACE", "0")


class EmbeddedEngine:
    """Implements `exchange.ports.PolicyEngine` with regorus."""

    def __init__(self, policies: PolicySet, timeout: float, compiled: regorus.Engine | None = None) -> None:
        """Compiles a policy set.

        Args:
            policies: the set to decide by.
            timeout: seconds after which an answer is too late.
            compiled: the set as this thread compiled it already, see `prepare`.

        Raises:
            PolicyError: a module does not compile, or uses a built-in that is not allowed.
        """
        self._policies = policies
        self._texts = policies.texts
        self._citations = answer.citations_of(policies.data)
        self._timeout = timeout
        self._decided: dict[bytes, Decision] = {}
        self._engines = threading.local()  # regorus' engine is bound to the thread that made it
        self._engines.engine = compiled or compile_set(policies)

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
        # A decision is a pure function of its input, which names nobody and, unless a consent is cited,
        # no time but the hour: many requests are the same question.
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


async def prepare(policies: PolicySet, timeout: float) -> EmbeddedEngine:
    """Makes an engine on the event loop's thread, in steps between which the loop goes on.

    Args:
        policies: the set to decide by.
        timeout: seconds after which an answer is too late.

    Raises:
        PolicyError: see `EmbeddedEngine`.
    """
    await asyncio.to_thread(lambda: (policies.revision, policies.texts))
    engine = regorus.Engine()
    try:
        for check in _steps(policies, engine):
            await (asyncio.to_thread(check) if check else asyncio.sleep(0))
    except PolicyError:
        del engine  # see compile_set
        raise
    return EmbeddedEngine(policies, timeout, engine)


def compile_set(policies: PolicySet) -> regorus.Engine:
    """Makes an engine of a policy set.

    Raises:
        PolicyError: a module does not compile; the message has regorus' own pointer to the place.
    """
    engine = regorus.Engine()
    try:
        for check in _steps(policies, engine):
            if check:
                check()
    except PolicyError:
        del engine  # a traceback keeps it, and may be dropped on another thread than its own
        raise
    return engine


def _steps(policies: PolicySet, engine: regorus.Engine) -> Iterator[Callable[[], None] | None]:
    """Builds an engine, with a pause after each step; gives a check that any thread may make meanwhile."""
    asts: list[str] = []
    try:
        for path, text in policies.modules.items():
            check_brackets(path, text)
            engine.add_policy(path, text)
            asts.append(_parse(path, text))  # each by itself: the tree of all would be a long step
            yield None
        yield lambda: _check(asts, policies)  # before anything is evaluated: it may never end
        for name, content in policies.data.items():
            # Under one name regorus takes data only whole: it merges the names themselves, no deeper.
            engine.add_data_json(orjson.dumps({name: content}).decode())
            yield None
        engine.set_input_json("{}")
        engine.eval_rule_as_json(DECISION)
        yield None
        for name in _rules(asts):
            engine.eval_rule_as_json(name)  # finds unknown names and conflicts where nothing asks yet
            yield None
    except PolicyError:
        raise
    except Exception as error:
        problem = str(error).partition("Stack backtrace")[0].strip()
        quoted = "\n".join(line[:_QUOTED] for line in problem.splitlines())  # a line may be a whole file
        raise PolicyError(f"the policy set does not compile:\n{quoted}", *_place(problem)) from error
    finally:
        del engine  # likewise


def _parse(path: str, text: str) -> str:
    parser = regorus.Engine()
    parser.add_policy(path, text)
    ast: str = parser.get_ast_as_json()
    return ast


def _check(asts: list[str], policies: PolicySet) -> None:
    modules = [module for ast in asts for module in modules_of(ast)]
    check_builtins(modules)
    check_differences(modules)
    check_language(modules, policies.data)


def _rules(asts: list[str]) -> list[str]:
    """The names of the rules that can be asked for."""
    modules = [module for ast in asts for module in modules_of(ast)]
    rules = {rule.name for m in modules for rule in m.rules if not rule.is_function}
    return sorted(name for name in rules if "[" not in name)


def _place(problem: str) -> tuple[str | None, int | None]:
    """Reads regorus' pointer to a place."""
    pointer = re.search(r"--> (.+):(\d+):\d+$", problem, re.MULTILINE)
    return (pointer[1], int(pointer[2])) if pointer else (None, None)
