"""What is left of indexes that never came to stand, because whoever built them ended before."""

from __future__ import annotations

import sqlalchemy as sa

from audit.completeness import rows
from audit.queries import search_keys, waiting
from audit.vault.subject_keys import SubjectKeys


def clear(log: sa.Engine, keys: SubjectKeys) -> None:
    """Removes it. For a new owner, before it erases anything: an erasure looks at standing indexes only.

    Raises:
        MasterKeyError: the vault's master key was changed meanwhile.
        sqlalchemy.exc.SQLAlchemyError: a database failed.
    """
    with log.connect().execution_options(read_only=True) as connection:
        known = {period.key_id for period in rows.standing(connection)}
        known |= {*search_keys.standing(connection).values(), *waiting.secrets(connection)}
        has_rows = rows.has_strays(connection)
    if has_rows:
        with log.begin() as connection:
            rows.discard_strays(connection)
    stray = (keys.periods() | keys.searched()) - known
    if stray:
        keys.forget(stray)
        keys.scrub(stray)
