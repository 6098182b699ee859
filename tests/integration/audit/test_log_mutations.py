"""A sample of all the damage that can be done to an exported log, from a fixed seed.

The whole run is `python -m tests.mutation_of_logs`.
"""

from __future__ import annotations

import random
from pathlib import Path

from tests.mutation_of_logs import bench
from tests.support.mutations import draw

SAMPLE = 300
SEED = 7


def test_no_mutation_goes_unnoticed(tmp_path: Path) -> None:
    """Each is found by ours, which names what was changed and nothing else; and outside, if signed for."""
    tried, chosen = bench(tmp_path, 600), random.Random(SEED)
    kinds, lacking = set(), []
    for _ in range(SAMPLE):
        mutation = draw(tried, chosen)
        kinds.add(mutation.kind)
        lacking += [f"{mutation.kind}, {mutation.what}: {lack}" for lack in tried.judge(mutation).lacks]
    assert [] == lacking, lacking[:5]
    assert 12 == len(kinds)
