"""Which runs to make: a sample of all that there could be, the same for the same seed.

Faults of one kind at one call are a stratum. Runs are dealt out to the strata in turns, so that a rare
call is broken as often as a frequent one, as long as there are occurrences left.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.faults.harness import power
from tests.faults.harness.fault import KILL, TOLD, Fault
from tests.faults.harness.strace import FILE_CALLS, SOCKET_CALLS

Counts = Mapping[str, Mapping[str, int]]
_KINDS = {**FILE_CALLS, **SOCKET_CALLS, TOLD: (KILL,)}
_CUTS_AT_EACH = 3  # power cuts at one call: what is lost is drawn anew


@dataclass(frozen=True, slots=True)
class Job:
    """A run to be made."""

    scene: str
    faults: tuple[Fault, ...]


def of_calls(scene: str, counts: Counts) -> Iterator[list[Job]]:
    """One fault at each call of a scene; a list for each stratum."""
    for place, calls in counts.items():
        for call, times in calls.items():
            for kind in _KINDS[call]:
                yield [Job(scene, (Fault(place, call, n, kind),)) for n in range(1, times + 1)]


def twice(
    scene: str, counts: Counts, recovery: Counts, rng: random.Random, number: int
) -> Iterator[list[Job]]:
    """A kill, and a fault in the recovery from it."""
    deaths = [job.faults[0] for stratum in of_calls(scene, counts) for job in stratum]
    deaths = [fault for fault in deaths if fault.kind == KILL]
    for stratum in of_calls("recover", recovery):
        chosen = rng.sample(stratum, min(number, len(stratum)))
        yield [Job(scene, (rng.choice(deaths), *job.faults)) for job in chosen]


def of_cuts(scene: str, calls: int, rng: random.Random) -> Iterator[list[Job]]:
    """A power cut at each recorded call of a scene; a list for each of what may become of the disk."""
    for kind in power.KINDS:
        several = _CUTS_AT_EACH if kind in {"some", "torn"} else 1
        yield [
            Job(scene, (Fault(power.PLACE, "", n, f"{kind}:{rng.randrange(10_000)}"),))
            for n in range(1, calls + 1)
            for _ in range(several)
        ]


def sample(strata: Sequence[list[Job]], number: int, rng: random.Random) -> list[Job]:
    """Deals a number of runs out to the strata in turns."""
    shuffled = [rng.sample(stratum, len(stratum)) for stratum in strata if stratum]
    rng.shuffle(shuffled)  # where there are fewer runs than strata
    chosen: list[Job] = []
    while len(chosen) < number and any(shuffled):
        for stratum in shuffled:
            if stratum and len(chosen) < number:
                chosen.append(stratum.pop())
    return chosen
