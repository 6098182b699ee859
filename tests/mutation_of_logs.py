"""Damage of every kind to an exported log: is each found, and by a verifier that nobody here wrote?

    python -m tests.mutation_of_logs [--count 10000] [--seed 20261122] [--entries 600] [--json FILE]

Draws so many mutations from a seed, does each to the folder, asks the verifiers, and undoes it. Ours
knows the last checkpoint that it verified, as `hjemmel log verify --since` does. The outside ones are
Tessera's fsck, and Go's checker, which is given that checkpoint too. Exit status 1 where something went
unnoticed that should not have.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

import click
from rich.progress import track

from audit.publishing.export import export
from tests.support.logs import LogSite
from tests.support.mutations import Bench, Verdict, draw
from tests.support.public_logs import grow


def bench(folder: Path, entries: int) -> Bench:
    """Makes a log of so many entries and exports it, at half its size and then whole."""
    site = LogSite.at(folder)
    with site.database() as engine:
        grow(site, entries // 2)
        export(engine, site.verifier, folder / "log")
        shutil.copytree(folder / "log", folder / "before")
        grow(site, entries)
        export(engine, site.verifier, folder / "log")
    return Bench.of(folder / "log", folder / "before", site.verifier)


@click.command()
@click.option("--count", default=10_000, show_default=True, help="How many mutations.")
@click.option("--seed", default=20261122, show_default=True, help="What they are drawn from.")
@click.option("--entries", default=600, show_default=True, help="Entries of the log.")
@click.option("--json", "out", type=click.Path(path_type=Path), help="Writes the result there.")
def main(count: int, seed: int, entries: int, out: Path | None) -> None:
    """Runs the mutations and prints what was found."""
    counts: dict[str, Counter[str]] = {}
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as temporary:
        tried = bench(Path(temporary), entries)
        chosen = random.Random(seed)
        for number in track(range(count), "Mutating", disable=not sys.stderr.isatty()):
            mutation = draw(tried, chosen)
            verdict = tried.judge(mutation)
            counts.setdefault(mutation.kind, Counter()).update(_counted(verdict))
            missed += [f"{number}: {mutation.what}: {lack}" for lack in verdict.lacks]
    result = {
        "count": count,
        "seed": seed,
        "entries": entries,
        "kinds": {kind: dict(found) for kind, found in sorted(counts.items())},
        "missed": missed,
    }
    text = json.dumps(result, indent=2)
    if out:
        out.write_text(text + "\n")
    print(text)
    sys.exit(1 if missed else 0)


def _counted(verdict: Verdict) -> dict[str, int]:
    return {
        "done": 1,
        "found_by_ours": verdict.ours,
        "only_what_changed_named": verdict.named,
        "found_by_fsck": verdict.fsck,
        "found_by_go": verdict.go,
        "committed_to": verdict.committed,
    }


if __name__ == "__main__":
    main()
