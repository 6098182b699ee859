"""Following one's own side of the log into one's own store."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from exchange.client import Client, ClientError, Failed, Unreachable, Watched
from exchange.records.store import OwnStore

_LONGEST = 60.0  # seconds between attempts to reach a broker that is away


def follow(client: Client, store: OwnStore, away: Callable[[ClientError, float], None]) -> Iterator[Watched]:
    """Keeps what comes, without end; gives each part once it is durable.

    Args:
        client: of the authority whose copy it is.
        store: the copy.
        away: called when the broker cannot be reached, with the error and a number of seconds; it waits for
            so long, or raises to give up.

    Raises:
        RecordsInvalid, ForkDetected: what came does not hold.
        ClientError: the broker refuses.
        OwnCopyError: the copy cannot be written.
    """
    pause = 1.0
    while True:
        try:
            for watched in client.watch_records(store.position()):
                store.keep(watched)
                pause = 1.0
                yield watched
        except (Unreachable, Failed) as error:
            away(error, pause)
            pause = min(2 * pause, _LONGEST)
