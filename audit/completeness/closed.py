"""What the entry says that closes a period: which entries it is over, and the root of their index.

How many of them were erased it only commits to, in an account that goes into proofs: told openly, a period
that is closed anew after an erasure would say to everybody how many records of that person it had.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from audit.errors import FormatError
from audit.formats import canonical, ranges
from audit.formats.commitment import commit, opens
from audit.formats.entry import PERIOD_CLOSED, Entry, Event
from audit.formats.ranges import Range

_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_HASH = re.compile("[0-9a-f]{64}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Account:
    """What became of a period's entries that are about somebody.

    Attributes:
        records: how many the index lists.
        erased: how many had been erased when it was closed.
        unread: ranges of those whose subject could not be opened: they may be about anybody.
        erased_by: ranges of the erasure entries that say so.
    """

    records: int
    erased: int
    unread: str
    erased_by: str

    @property
    def text(self) -> str:
        """The account as it is committed to and kept."""
        return canonical.encode({f.name: getattr(self, f.name) for f in fields(self)}).decode()

    @property
    def left_open(self) -> list[Range]:
        """Ranges of entries that may be about anybody."""
        return ranges.parse(self.unread)

    @property
    def count(self) -> int:
        """How many entries of the period are, or were, about somebody."""
        return self.records + self.erased + sum(last - first + 1 for first, last in self.left_open)

    def commitment(self, salts: bytes) -> str:
        """Commits to the account, with an opening made of the second key of the index."""
        return commit(account_opening(salts), _ACCOUNT, self.text.encode())


def account_opening(salts: bytes) -> bytes:
    """Makes what opens the commitment to an account."""
    return hmac.digest(salts, b"account", "sha256")


def read_account(text: str) -> Account:
    """Reads an account, in the canonical form only.

    Raises:
        FormatError: it is none.
    """
    document = canonical.decode(text.encode())
    declared = {f.name: {"int": int, "str": str}[str(f.type)] for f in fields(Account)}
    if not isinstance(document, dict) or document.keys() != declared.keys():
        raise FormatError("the account of a period has exactly four fields")
    if not all(type(document[name]) is kind for name, kind in declared.items()):
        raise FormatError("a field of a period's account has the wrong shape")
    account = Account(**document)
    ranges.parse(account.erased_by)
    if min(account.records, account.erased) < 0 or account.count < account.records:
        raise FormatError("the account of a period counts what there is")
    return account


@dataclass(frozen=True, slots=True)
class Closed:
    """A period as it was closed. The next one begins where it ends.

    Attributes:
        first: index of the first entry.
        end: index after the last one.
        since: when the period before was closed, RFC 3339 in UTC; empty where this is the first.
        until: when this one was: all its entries had been recorded, and none of the next one's.
        count: how many of the entries are, or were, about somebody.
        root: of the index.
        key: commitment to the key of its pseudonyms.
        account: commitment to what became of the entries.
        replaces: the entry that closed the same period before; absent where this is the first time.
    """

    first: int
    end: int
    since: str
    until: str
    count: int
    root: bytes
    key: bytes
    account: bytes
    replaces: int | None

    def event(self, time: str) -> Event:
        """Writes the entry's public part."""
        return Event(PERIOD_CLOSED, time, None, "", {f.name: _text(getattr(self, f.name)) for f in _FIELDS})

    def has(self, opening: bytes, account: Account) -> bool:
        """Tells whether an account is the one that was committed to, and adds up to the count."""
        committed = {_ACCOUNT: self.account.hex()}
        return account.count == self.count and opens(committed, opening, _ACCOUNT, account.text.encode())


_FIELDS = fields(Closed)


def read(content: Entry | Event) -> Closed:
    """Reads what an entry says of a period, in the canonical form only.

    Raises:
        FormatError: it closes no period.
    """
    if not isinstance(content, Event) or content.kind != PERIOD_CLOSED:
        raise FormatError("the entry closes no period")
    told = content.details
    if told.keys() != {f.name for f in _FIELDS}:
        raise FormatError("an entry that closes a period has exactly the fields of one")
    first, end, since, until = _number(told["first"]), _number(told["end"]), told["since"], told["until"]
    if not first < end or (since == "") != (first == 0):
        raise FormatError("a period has a first entry, and a period before it unless that is entry 0")
    if not _TIME.fullmatch(until) or (since and not (_TIME.fullmatch(since) and since <= until)):
        raise FormatError("a period has times such as 2026-11-21T00:00:00Z, in their order")
    return Closed(
        first,
        end,
        since,
        until,
        _number(told["count"]),
        _hash(told, "root"),
        _hash(told, "key"),
        _hash(told, "account"),
        _number(told["replaces"]) if told["replaces"] else None,
    )


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    return "" if value is None else str(value)


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise FormatError("a number of a period is decimal, without leading zeros")
    return int(text)


def _hash(told: Mapping[str, str], name: str) -> bytes:
    if not _HASH.fullmatch(told[name]):
        raise FormatError(f"the {name} of a period is 32 bytes in hexadecimal")
    return bytes.fromhex(told[name])
