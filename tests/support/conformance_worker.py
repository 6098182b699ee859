"""Runs cases of OPA's own test suite on the embedded engine: one JSON line in, one out.

In a process of its own, for a case may end it or never end. An answer is a word and a detail: `agrees`;
`refused` (at load, by this project's checks or the engine's compiler); `fails` (an error when it is
evaluated, which grants nothing); `differs` (another answer than OPA's, and no error).
"""

from __future__ import annotations

import json
import sys
from typing import Any

import regorus

from exchange.policy.brackets import check_brackets
from exchange.policy.builtins import check_builtins
from exchange.policy.differences import check_differences
from exchange.policy.errors import PolicyError
from exchange.policy.language import check_language
from exchange.policy.syntax import calls, modules_of


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """Runs one case; also says which functions its modules call."""
    engine = regorus.Engine()
    modules = {f"m{number}.rego": text for number, text in enumerate(case.get("modules") or ())}
    called: list[str] = []
    try:
        for name, text in modules.items():
            check_brackets(name, text)
            engine.add_policy(name, text)
        trees = modules_of(engine.get_ast_as_json())
        called = sorted({name for tree in trees for name, _ in calls(tree.tree)})
        if not case["unchecked"]:
            check_builtins(trees)
            check_differences(trees)
        check_language(trees, case.get("data") or {})
    except PolicyError as error:
        return {"word": "refused", "detail": f"by us: {error.problem}", "called": called}
    except Exception as error:  # noqa: BLE001  # regorus raises no kind of its own
        return {"word": "refused", "detail": f"by regorus: {_first(error)}", "called": called}
    try:
        if case.get("data"):
            engine.add_data_json(json.dumps(case["data"]))
        if "input" in case:
            engine.set_input_json(json.dumps(case["input"]))
        results = json.loads(engine.eval_query_as_json(case["query"])).get("result") or []
    except Exception as error:  # noqa: BLE001  # regorus raises no kind of its own
        wanted = "want_error" in case or "want_error_code" in case
        word = "agrees" if wanted else "fails"
        return {"word": word, "detail": _first(error), "called": called}
    got = [r.get("bindings") or {} for r in results if all(e["value"] is not False for e in r["expressions"])]
    return {"word": _compare(case, got), "detail": json.dumps(got)[:300], "called": called}


def _compare(case: dict[str, Any], got: list[Any]) -> str:
    if "want_error" in case or "want_error_code" in case:
        # Outside the strict mode OPA takes a built-in's error for undefined, as this engine may.
        return "agrees" if case.get("strict_error") and not got else "differs"
    if "want_defined" in case:
        return "agrees" if bool(got) == case["want_defined"] else "differs"
    wanted = case.get("want_result") or []
    # 3.0 and 3 are one number, and True is none.
    got, wanted = json.loads(_text(got), parse_float=_number), json.loads(_text(wanted), parse_float=_number)
    if case.get("sort_bindings"):
        got, wanted = [_sorted(b) for b in got], [_sorted(b) for b in wanted]
    return "agrees" if sorted(map(_text, got)) == sorted(map(_text, wanted)) else "differs"


def _number(text: str) -> float | int:
    return int(float(text)) if float(text).is_integer() else float(text)


def _sorted(bindings: dict[str, Any]) -> dict[str, Any]:
    return {k: sorted(v, key=_text) if isinstance(v, list) else v for k, v in bindings.items()}


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _first(error: Exception) -> str:
    return str(error).partition("Stack backtrace")[0].strip()[-200:]


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()
