"""What a witness remembers: of each log, the last checkpoint that it cosigned. A SQLite file.

To compare and to persist are one transaction, and it is durable before anything is answered.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from audit.errors import LogError
from audit.formats import checkpoint, note
from audit.formats.checkpoint import Checkpoint
from audit.storage import database

_STATE = sa.MetaData()
_ONE = 1

# Whose memory it is. Another key on the same memory, or this key on another, could sign twice.
_identity = sa.Table(
    "witness_identity",
    _STATE,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("vkey", sa.Text, nullable=False),
)

_logs = sa.Table(
    "witness_logs",
    _STATE,
    sa.Column("origin", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("cosigned", sa.Text, nullable=False),
)


class WitnessStateError(LogError):
    """A witness's memory is missing, of another key, or cannot be used."""


class WitnessState:
    """The memory of one witness."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use `WitnessState.create` or `WitnessState.open`."""
        self._engine = engine
        self._turn = threading.Lock()  # SQLite's own waiting is by sleeping

    @classmethod
    def create(cls, path: Path, vkey: str) -> WitnessState:
        """Makes an empty memory for a new key.

        Raises:
            WitnessStateError: there is one already.
        """
        if path.exists():
            raise WitnessStateError(f"{path} exists: a witness keeps its memory as long as its key")
        engine = database.connect(f"sqlite:///{path}")
        with engine.begin() as connection:
            _STATE.create_all(connection)
            connection.execute(_identity.insert(), {"id": _ONE, "vkey": vkey})
        return cls(engine)

    @classmethod
    def open(cls, path: Path, vkey: str) -> WitnessState:
        """Opens the memory of a key.

        Raises:
            WitnessStateError: it is missing or another key's. It is never made anew: a witness that forgot
                what it cosigned would cosign another history.
        """
        if not path.exists():
            raise WitnessStateError(
                f"{path} is missing: without it this key must cosign nothing more. Put it back, or make a "
                "new witness"
            )
        engine = database.connect(f"sqlite:///{path}")
        try:
            with engine.connect().execution_options(read_only=True) as connection:
                owner = connection.execute(sa.select(_identity.c.vkey)).scalar()
        except sa.exc.SQLAlchemyError as error:
            raise WitnessStateError(f"{path} is no memory of a witness: {type(error).__name__}") from error
        if owner != vkey:
            raise WitnessStateError(f"{path} is the memory of another key: {owner}")
        return cls(engine)

    @contextmanager
    def latest(self, origin: str) -> Iterator[tuple[Checkpoint | None, str | None, Callable[[str], None]]]:
        """Gives a log's last checkpoint, its cosigned note, and a function that replaces both, in one step.

        Nobody else reads or writes the memory until the block ends; what was replaced is durable then, and
        is as it was if the block or the commit failed.

        Raises:
            WitnessStateError: the memory cannot be read or written.
        """
        try:
            with self._turn, self._engine.begin() as connection:
                row = connection.execute(sa.select(_logs).where(_logs.c.origin == origin)).first()
                old = Checkpoint(origin, row.size, row.root) if row else None

                def replace(cosigned: str) -> None:
                    self._swap(connection, old, cosigned)

                yield old, row.cosigned if row else None, replace
        except sa.exc.SQLAlchemyError as error:
            raise WitnessStateError(f"the memory failed: {type(error).__name__}") from error

    def cosigned(self, origin: str) -> str | None:
        """Gives the last cosigned checkpoint of a log."""
        query = sa.select(_logs.c.cosigned).where(_logs.c.origin == origin)
        with self._engine.connect().execution_options(read_only=True) as connection:
            return connection.execute(query).scalar()

    def close(self) -> None:
        """Lets go of the file."""
        self._engine.dispose()

    @staticmethod
    def _swap(connection: sa.Connection, old: Checkpoint | None, cosigned: str) -> None:
        """Compares and swaps. The transaction excludes others; this says so once more in the statement."""
        new = checkpoint.parse_extended(note.parse(cosigned).text)
        values = {"size": new.size, "root": new.root, "cosigned": cosigned}
        if old is None:
            connection.execute(_logs.insert(), {"origin": new.origin, **values})
            return
        same = (_logs.c.origin == old.origin, _logs.c.size == old.size, _logs.c.root == old.root)
        if connection.execute(_logs.update().where(*same).values(values)).rowcount != 1:
            raise WitnessStateError("the memory changed under a transaction")
