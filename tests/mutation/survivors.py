"""The mutants that survive because they mean the same, each with the reason."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

_FILE = Path(__file__).with_name("survivors.toml")

#: By a mutant's name, why no test can tell it from the original.
EXPLAINED: Mapping[str, str] = {
    entry["mutant"]: entry["reason"] for entry in tomllib.loads(_FILE.read_text("utf-8")).get("survivor", ())
}
