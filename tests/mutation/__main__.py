"""Judges every mutant of the law: `python -m tests.mutation [--sample N]`."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from exchange.config import DEFAULT_POLICIES
from exchange.policy import policy_set
from tests.mutation.judge import Verdict
from tests.mutation.mutants import mutants
from tests.mutation.run import verdicts
from tests.mutation.survivors import EXPLAINED

_RESULTS = Path(__file__).parents[2] / ".benchmarks"


@click.command()
@click.option("--sample", type=int, help="Judge so many only, drawn at random.")
def main(sample: int | None) -> None:
    """Judge the mutants of the law, and write what became of them."""
    policies = policy_set.load(DEFAULT_POLICIES)
    chosen = mutants(policies)
    if sample is not None:
        chosen = random.sample(chosen, sample)
    found: list[Verdict] = []
    with click.progressbar(verdicts(DEFAULT_POLICIES, chosen), len(chosen), label="mutants") as progress:
        found.extend(progress)
    document = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": policies.revision,
        **summary(found),
    }
    _RESULTS.mkdir(exist_ok=True)
    path = _RESULTS / f"mutation-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.json"
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    for name in document["survived"]:
        click.echo(f"survived{'' if name in EXPLAINED else ', unexplained'}: {name}")
    click.echo(f"{document['killed']} of {document['mutants']} killed ({document['share']:.1%}); {path}")


def summary(found: list[Verdict]) -> dict[str, Any]:
    """What became of the mutants, by kind; those that do not compile do not count."""
    counted = [v for v in found if v.compiles]
    survived = [v for v in counted if v.survived]
    kinds = Counter(v.mutant.kind for v in counted)
    missed = Counter(v.mutant.kind for v in survived)
    return {
        "mutants": len(counted),
        "discarded": len(found) - len(counted),
        "killed": len(counted) - len(survived),
        "share": (len(counted) - len(survived)) / max(len(counted), 1),
        "kinds": {kind: {"mutants": kinds[kind], "survived": missed[kind]} for kind in sorted(kinds)},
        "survived": [v.mutant.name for v in survived],
    }


if __name__ == "__main__":
    main()
