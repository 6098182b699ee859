"""The keys that sealed fields are searched under: one for each segment of 4096 entries.

They lie in the vault, and which stands for a segment in the log's database. An erasure takes the keys of
every segment that it touches, in its own transaction (`withdraw`), and they are forgotten with the others
that it takes: whatever copies there are of an index, tokens under them say nothing any more. The segment is
then looked into anew, under another key, without what was erased.

That no token outlives its record follows from the order of things. A key stands before anything is opened to
be searched under it, and what is opened comes from a snapshot in which it stands. So an erasure is either
before that snapshot, and nothing is left to be opened, or after it, and takes the key.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import sqlalchemy as sa

from audit.queries.bits import WIDTH
from audit.storage import store
from audit.storage.schema import search_keys
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import new_key

_PREFIX = "search:"
_NAME_SIZE = 16


def standing(connection: sa.Connection) -> dict[int, str]:
    """Gives the names of all keys that stand, by segment."""
    return {row.segment: row.key_id for row in connection.execute(sa.select(search_keys))}


def stands(connection: sa.Connection, segment: int) -> str | None:
    """Gives the name of the key that stands for a segment, where one does."""
    query = sa.select(search_keys.c.key_id).where(search_keys.c.segment == segment)
    return connection.execute(query).scalar()


def withdraw(connection: sa.Connection, indexes: Sequence[int]) -> list[str]:
    """Takes back the keys of the segments that some entries stand in.

    Args:
        connection: a transaction of the log's owner that holds the log's head: else a key could come to
            stand beside it.
        indexes: the entries.

    Returns:
        The names of the keys that have to go.
    """
    touched = {index // WIDTH for index in indexes}
    names = [(s, name) for s, name in standing(connection).items() if s in touched] if touched else []
    for segment, _ in names:
        connection.execute(search_keys.delete().where(search_keys.c.segment == segment))
    return [name for _, name in names]


def put_up(log: sa.Engine, keys: SubjectKeys, segment: int) -> None:
    """Makes a key and has it stand for a segment, unless another does whose key is there.

    Raises:
        MasterKeyError: the master key was changed meanwhile.
        sqlalchemy.exc.SQLAlchemyError: a database failed.
    """
    name = _PREFIX + os.urandom(_NAME_SIZE).hex()
    keys.keep_search(name, new_key())  # durable first: a name that stands without a key would be looked for
    with log.begin() as connection:
        store.read_head(connection, for_update=True)  # not beside an erasure, which could not see it
        other = stands(connection, segment)
        if other is None or other not in keys.search_keys([other]):
            connection.execute(search_keys.delete().where(search_keys.c.segment == segment))
            connection.execute(search_keys.insert(), {"segment": segment, "key_id": name})
            return
    keys.drop_search(name)
