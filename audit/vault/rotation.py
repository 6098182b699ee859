"""Another master key for the vault: everything that it wraps is wrapped anew, in one transaction.

Before the commit the old key holds, after it the new one; there is no moment in between. A log's owner
that still has the old key writes nothing to the vault any more: what it last read of the vault's own row
is no longer there (see `SubjectKeys`). Pseudonyms do not change, because their key is wrapped too.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from audit.storage.schema import (
    key_names,
    master_check,
    pages,
    period_keys,
    search_secrets,
    subject_keys,
)
from audit.vault.key_reader import PSEUDONYMS, page_name
from audit.vault.vault import MasterKey

_CHUNK = 4096


def rewrap(engine: sa.Engine, old: MasterKey, new: MasterKey) -> int:
    """Wraps all that the vault's database keeps with another master key; gives how many keys it was.

    Raises:
        MasterKeyError: the old key is not the one that they are wrapped with; nothing was changed.
    """
    with engine.begin() as connection:
        # Whoever writes to the vault holds this row: they wait for us, or we for them.
        check = connection.execute(sa.select(master_check.c.wrapped).with_for_update()).scalar()
        if check is None and connection.execute(sa.select(key_names).limit(1)).first() is not None:
            secret = old.first_pseudonyms
            row = {"id": 1, "wrapped": new.wrap(PSEUDONYMS, secret)}
            connection.execute(master_check.insert(), row)
        elif check is not None:
            wrapped = new.wrap(PSEUDONYMS, old.unwrap(PSEUDONYMS, check))
            connection.execute(master_check.update().values(wrapped=wrapped))
        done = _each(connection, subject_keys, subject_keys.c.key_id, str, old, new)
        done += _each(connection, period_keys, period_keys.c.key_id, str, old, new)
        done += _each(connection, search_secrets, search_secrets.c.key_id, str, old, new)
        return done + _each(connection, pages, pages.c.page, page_name, old, new)


def _each(
    connection: sa.Connection,
    table: sa.Table,
    key: sa.Column[str] | sa.Column[int],
    name: Callable[..., str],
    old: MasterKey,
    new: MasterKey,
) -> int:
    update = table.update().where(key == sa.bindparam("this")).values(wrapped=sa.bindparam("anew"))
    done, last = 0, None
    while True:
        query = sa.select(key.label("this"), table.c.wrapped).order_by(key).limit(_CHUNK)
        rows = connection.execute(query if last is None else query.where(key > last)).all()
        if not rows:
            return done
        anew = [
            {"this": r.this, "anew": new.wrap(name(r.this), old.unwrap(name(r.this), r.wrapped))}
            for r in rows
        ]
        connection.execute(update, anew)
        done, last = done + len(rows), rows[-1].this
