"""Entries for the benchmarks of the log: about subjects old and new, as large as real ones or leaner.

One in five is about a subject that the log did not know; the others are about one that it did, any of
them alike. So what a log has to look up grows with it, as it does for a register that is in use.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from audit.formats.entry import Submission
from tests.support.logs import ENTRY, request_id

_NEW = 5  # one in so many
_MIXER = 0x9E3779B97F4A7C15  # odd: numbers one after the other are spread over all 64 bits
_REQUEST = b"body " * 60 + b"signature " * 50
_POLICY_INPUT = b'{"agreement":"udk-cpr","attributes":["foedselsdato","status"],"consumer":"91000008"}' * 5


def entry(number: int, *, lean: bool = False) -> Submission:
    """The number-th entry, counted from nothing.

    Args:
        number: which one.
        lean: without the request and the policy's input, which are most of what is sealed: for logs that
            would not fit on the disk.
    """
    known = number // _NEW
    mixed = (number * _MIXER & (1 << 64) - 1) >> 20
    subject = b"personnummer:%010d" % (known if number % _NEW == 0 else mixed % (known + 1))
    values = {
        "subject": subject,
        "caseworker": b"sagsbehandler-%02d" % (number % 40),
        "case": b"SAG-2026-%06d" % (number % 1_000_000),
        "response": bytes(32),
    }
    if not lean:
        values |= {"request": _REQUEST + b"%d" % number, "policy_input": _POLICY_INPUT}
    return Submission(replace(ENTRY, request_id=request_id(number)), subject, values, claims_request_id=True)


def entries(first: int, count: int, *, lean: bool = False) -> Iterator[Submission]:
    """So many entries, from a number on."""
    return (entry(number, lean=lean) for number in range(first, first + count))
