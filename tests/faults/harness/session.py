"""A session: stores for all workers, what there is to break, a sample of it, and the runs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.harness import plan
from tests.faults.harness.fault import parse
from tests.faults.harness.plan import Job
from tests.faults.harness.runs import Stand
from tests.faults.harness.stores import PostgresStore, SqliteStore, small_disk
from tests.support import postgres

STORES = ("sqlite", "postgresql")
_SCENES = ("exchange", "create", "recover", "export", "backup")
_TWICE, _POWER = 0.2, 0.3  # shares of the runs over SQLite; the others break one call
_SOCKETS = 0.3  # share of the runs over PostgreSQL that break the driver's calls


@dataclass(frozen=True, slots=True)
class Session:
    """Stands that are ready."""

    store: str
    stands: Sequence[Stand]

    def jobs(self, number: int, seed: int) -> list[Job]:
        """A sample of all runs that there could be."""
        rng = random.Random(f"{seed} {self.store}")
        stand = self.stands[0]
        if self.store == "postgresql":
            sockets = [*plan.of_calls("exchange", stand.counts("exchange"))]
            struck = [[Job("exchange", (f,)) for f in stratum] for stratum in stand.server_faults("exchange")]
            client = int(_SOCKETS * number)
            return plan.sample(sockets, client, rng) + plan.sample(struck, number - client, rng)
        counts = {scene: stand.counts(scene) for scene in _SCENES}
        calls = [s for scene in _SCENES for s in plan.of_calls(scene, counts[scene])]
        second = [*plan.twice("exchange", counts["exchange"], counts["recover"], rng, number)]
        cuts = [s for scene in ("exchange", "create") for s in plan.of_cuts(scene, stand.record(scene), rng)]
        again, cut = int(_TWICE * number), int(_POWER * number)
        return [
            *plan.sample(calls, number - again - cut, rng),
            *plan.sample(second, again, rng),
            *plan.sample(cuts, cut, rng),
        ]


@contextmanager
def prepared(store: str, folder: Path, workers: int, wrong: str = "") -> Iterator[Session]:
    """Makes a stand for each worker."""
    with ExitStack() as stack:
        stands = []
        for number in range(workers):
            own = folder / f"{store}-{number}"
            template = own / "template"
            template.mkdir(parents=True)
            if store == "sqlite":
                stands.append(Stand(SqliteStore(template), own / "runs", wrong))
            else:
                server = stack.enter_context(postgres.server())
                disk = stack.enter_context(small_disk(own / "disk"))
                stands.append(Stand(PostgresStore(template, server, disk), own / "runs", wrong))
        yield Session(store, stands)


def only(text: str) -> Job:
    """Reads the name of a run: `scene/faults`, or faults in an exchange.

    Raises:
        ValueError: it is none.
    """
    scene, slash, faults = text.rpartition("/")
    if slash and scene not in _SCENES:
        raise ValueError(f"{scene} is no scene: {', '.join(_SCENES)}")
    return Job(scene or "exchange", parse(faults))
