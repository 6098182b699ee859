"""Where a thread's time goes, by function and by part, from cProfile."""

from __future__ import annotations

import cProfile
from collections import defaultdict
from pathlib import Path
from types import CodeType
from typing import Any

_TOP = 15
_ROOT = str(Path(__file__).parents[2])


def hottest(profile: cProfile.Profile) -> dict[str, Any]:
    """Gives each part's share of the time and the functions that took most themselves."""
    entries = [e for e in profile.getstats() if not _is_waiting(e.code)]
    total = sum(e.inlinetime for e in entries) or 1.0
    parts: dict[str, float] = defaultdict(float)
    for e in entries:
        parts[_part(e.code)] += e.inlinetime
    largest = sorted(parts, key=lambda part: parts[part], reverse=True)
    top = sorted(entries, key=lambda e: e.inlinetime, reverse=True)[:_TOP]
    return {
        "parts": {part: parts[part] / total for part in largest[:_TOP]},
        "functions": [
            {"function": _name(e.code), "calls": e.callcount, "share": e.inlinetime / total} for e in top
        ],
    }


def _is_waiting(code: CodeType | str) -> bool:
    return isinstance(code, str) and any(
        word in code for word in ("acquire", "SimpleQueue", "time.sleep", "run_until_complete")
    )


def _part(code: CodeType | str) -> str:
    if isinstance(code, str):
        return "built in"
    path = code.co_filename
    if path.startswith(_ROOT) and "site-packages" not in path:
        return Path(path).relative_to(_ROOT).parts[0]
    if "site-packages" in path:
        return path.partition("site-packages/")[2].partition("/")[0]
    return "standard library" if path.startswith("/") else "generated"


def _name(code: CodeType | str) -> str:
    if isinstance(code, str):
        return code.strip("<>")
    path = Path(code.co_filename)
    return f"{'/'.join(path.parts[-2:])}:{code.co_firstlineno} {code.co_name}"
