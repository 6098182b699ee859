"""What witnesses said of this log, kept beside it: the newest cosigned checkpoint, and each witness's last.

Derived and re-creatable: the log holds without it, and whoever lost it asks the witnesses again.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from audit.storage.schema import cosigned, witnesses

_NEWEST = 1


@dataclass(frozen=True, slots=True)
class WitnessState:
    """How a witness stands to this log.

    Attributes:
        witness: its key's name and id, `name+id`.
        url: where it is asked.
        size: of the checkpoint that it cosigned last; 0 where it never did.
        time: of that cosignature, POSIX seconds.
        signed_checkpoint: that checkpoint, with this witness's cosignature.
        asked: when it was asked last (POSIX seconds).
        problem: why it did not cosign then.
    """

    witness: str
    url: str
    size: int = 0
    time: int | None = None
    signed_checkpoint: str | None = None
    asked: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class CosignedCheckpoint:
    """The newest checkpoint that enough witnesses cosigned."""

    size: int
    signed_checkpoint: str


def read_cosigned(connection: sa.Connection) -> CosignedCheckpoint | None:
    """Gives the newest cosigned checkpoint, where there is one."""
    row = connection.execute(sa.select(cosigned).where(cosigned.c.id == _NEWEST)).first()
    return CosignedCheckpoint(row.size, row.signed_checkpoint) if row else None


def read_witnesses(connection: sa.Connection) -> list[WitnessState]:
    """Gives what is known of each witness that was ever asked."""
    rows = connection.execute(sa.select(witnesses).order_by(witnesses.c.witness))
    return [WitnessState(**row._mapping) for row in rows]  # noqa: SLF001  # that is its public name


def keep(connection: sa.Connection, state: WitnessState, newest: CosignedCheckpoint | None) -> None:
    """Keeps how a witness stands and, where it changed, the newest cosigned checkpoint."""
    values = {name: getattr(state, name) for name in state.__slots__}
    connection.execute(witnesses.delete().where(witnesses.c.witness == state.witness))
    connection.execute(witnesses.insert(), values)
    if newest is not None:
        connection.execute(cosigned.delete().where(cosigned.c.id == _NEWEST))
        row = {"id": _NEWEST, "size": newest.size, "signed_checkpoint": newest.signed_checkpoint}
        connection.execute(cosigned.insert(), row)
