"""Judging many mutants, in two processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.mutation.judge import Judge, Verdict
from tests.mutation.mutants import Mutant

_PROCESSES = 2
_judges: list[Judge] = []


def verdicts(folder: Path, chosen: Sequence[Mutant]) -> Iterator[Verdict]:
    """Judges mutants of the policies in a folder, in their order."""
    context = multiprocessing.get_context("spawn")  # an engine is bound to the thread that made it
    with ProcessPoolExecutor(_PROCESSES, context, _begin, (folder,)) as pool:
        yield from pool.map(_judge, chosen)


def _begin(folder: Path) -> None:
    _judges.append(Judge(folder))


def _judge(mutant: Mutant) -> Verdict:
    return _judges[0].verdict(mutant)
