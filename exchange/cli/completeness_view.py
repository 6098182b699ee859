"""What a proof of completeness proves, printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Table

from audit.completeness.proof import Record, Verified, VerifiedPeriod
from exchange.cli.output import console


def show_verified(verified: Verified) -> None:
    """Prints it for people."""
    console.print(f"log      {verified.checkpoint.origin}, {verified.checkpoint.size} entries", markup=False)
    since = verified.since or "the beginning"
    console.print(f"covers   {since} until {verified.until}, {len(verified.periods)} periods")
    table = Table(box=None, pad_edge=False)
    for heading in ("entry", "time", "authority", "purpose", "dataset", "outcome"):
        table.add_column(heading, overflow="fold")
    for record in verified.records:
        e = record.entry
        table.add_row(str(record.index), e.time, e.consumer, e.purpose, e.dataset, e.outcome)
    console.print(f"records  {len(verified.records)}")
    if verified.records:
        console.print(table)
    for period in verified.periods:
        for line in _left_out(period):
            console.print(line, markup=False)


def _left_out(period: VerifiedPeriod) -> Iterator[str]:
    account, place = period.account, f"entries {period.closed.first} to {period.closed.end - 1}"
    if account.erased:
        by = account.erased_by
        yield f"erased   {account.erased} of {place}, by entries {by}: nobody can tell whom they were about"
    if account.unread:
        yield f"unread   {account.unread}: may be about anybody; the log's operator has to say why"


def document_of(verified: Verified) -> dict[str, Any]:
    """Gives it for programs."""
    return {
        "log": verified.checkpoint.origin,
        "size": verified.checkpoint.size,
        "since": verified.since,
        "until": verified.until,
        "records": [_plain_record(r) for r in verified.records],
        "periods": [
            {
                "first": p.closed.first,
                "end": p.closed.end,
                "since": p.closed.since,
                "until": p.closed.until,
                "entry": p.entry,
                "records": [r.index for r in p.records],
                "erased": p.account.erased,
                "erased_by": p.account.erased_by,
                "unread": p.account.unread,
            }
            for p in verified.periods
        ],
    }


def _plain_record(record: Record) -> dict[str, Any]:
    e = record.entry
    names: Sequence[str] = ("time", "consumer", "provider", "dataset", "purpose", "legal_basis", "outcome")
    return {
        "index": record.index,
        **{name: getattr(e, name) for name in names},
        "attributes_released": list(e.attributes_released),
    }
