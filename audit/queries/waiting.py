"""Queries that were made beside a log, and wait until its owner has recorded them.

Whoever asks writes a row, as for what is asked of periods. The values that are to be sealed with the entry
stand in it encrypted, under a key that the vault holds until the entry is there and no longer: whoever is
erased later does not come back from a free page of this table.
"""

from __future__ import annotations

import os
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.completeness import asked
from audit.completeness.asked import What
from audit.errors import FormatError
from audit.formats import canonical
from audit.formats.entry import QUERIED, Event, Submission
from audit.storage.schema import period_requests
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import KEY_SIZE

#: The answer to a query that could not be read, instead of the entry's index: it has to be made again.
UNREADABLE = -1
_PREFIX = "query:"
_NAME_SIZE = 16
_NONCE = bytes(12)  # each key is used once


def ask(log: sa.Engine, keys: SubjectKeys, submission: Submission) -> int:
    """Asks the owner of a log to record a query; gives the number that it is answered under.

    Raises:
        FormatError: it is no query.
        MasterKeyError: the master key was changed meanwhile.
        sqlalchemy.exc.SQLAlchemyError: a database failed.
    """
    event = submission.entry
    if not isinstance(event, Event) or event.kind != QUERIED:
        raise FormatError("only queries are recorded like this")
    name, key = _PREFIX + os.urandom(_NAME_SIZE).hex(), os.urandom(KEY_SIZE)
    sealed = {
        "subject": submission.subject.hex(),
        "values": {field: value.hex() for field, value in submission.values.items()},
    }
    told = {
        "time": event.time,
        "caller": event.caller,
        "details": dict(event.details),
        "secret": name,
    }
    data = AESGCM(key).encrypt(_NONCE, canonical.encode(sealed), canonical.encode(told))
    keys.keep_search(name, key)
    with log.begin() as connection:
        row = canonical.encode({**told, "sealed": data.hex()}).decode()
        return asked.ask(connection, What.QUERIED, row)


def read(details: str, keys: SubjectKeys) -> Submission | None:
    """Reads what was asked to be recorded; gives nothing where it cannot be read.

    Raises:
        MasterKeyError: the master key is another one.
        sqlalchemy.exc.SQLAlchemyError: the database failed.
    """
    try:
        told = canonical.decode(details.encode())
        data = bytes.fromhex(told.pop("sealed"))
        key = keys.search_keys([told["secret"]])[told["secret"]]
        sealed = canonical.decode(AESGCM(key).decrypt(_NONCE, data, canonical.encode(told)))
        event = Event(QUERIED, told["time"], None, told["caller"], told["details"])
        values = {field: bytes.fromhex(value) for field, value in sealed["values"].items()}
        return Submission(event, bytes.fromhex(sealed["subject"]), values, claims_request_id=False)
    except (FormatError, InvalidTag, KeyError, TypeError, ValueError, AttributeError):
        return None


def secret_of(details: str) -> str:
    """Names the key that the values came under; nothing's where the row is none of ours."""
    try:
        found: Any = canonical.decode(details.encode())["secret"]
    except (FormatError, KeyError, TypeError):
        return ""
    return found if isinstance(found, str) and found.startswith(_PREFIX) else ""


def clear(connection: sa.Connection, number: int) -> None:
    """Empties the row of a query that is recorded."""
    same = period_requests.c.number == number
    connection.execute(period_requests.update().where(same).values(details=""))


def secrets(connection: sa.Connection) -> set[str]:
    """Names the keys of queries that still wait."""
    return {secret_of(one.details) for one in asked.waiting(connection) if one.what is What.QUERIED}
