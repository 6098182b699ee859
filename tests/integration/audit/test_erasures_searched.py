"""After an erasure, whoever has everything that is left, the master key included, finds nobody.

The way to break it: try every number that a person could have.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from audit.completeness.sparse_tree import pseudonym_of
from audit.files import read_private
from audit.formats import entry
from audit.formats.commitment import commit
from audit.formats.entry import Submission
from audit.vault import pages
from audit.vault.key_reader import PSEUDONYMS, page_name
from audit.vault.subject_keys import SubjectKeys
from exchange.sealed import subject_bytes
from tests.integration.audit.erased import ask, files, left, secrets_of, wrapped
from tests.support.logs import LogSite, submission
from tests.support.periods import Periods
from tests.support.postgres import Server

DAYS = ("610190", "910150", "753112")  # days of birth with 60 added: the range that nobody's is in
ERASED = ["6101901234", "9101500007", "7531120000"]
KEPT = "6101904321"
BUCKETS = "log_period_buckets"


def candidates() -> Iterator[bytes]:
    """Every number of these days of birth, as it would be committed to and named."""
    return (subject_bytes("personnummer", f"{d}{n:04d}") for d, n in product(DAYS, range(10_000)))


def about(number: int, person: str) -> Submission:
    """A record about a person."""
    made = submission(number, subject=subject_bytes("personnummer", person))
    return Submission(made.entry, made.subject, made.values, claims_request_id=True)


def everything(engine: sa.Engine) -> list[tuple[str, Any]]:
    """Every value of every table, with the table's name."""
    tables = sa.inspect(engine).get_table_names()
    with engine.connect() as connection:
        rows = {t: connection.execute(sa.text(f'SELECT * FROM "{t}"')).all() for t in tables}
    return [(table, value) for table, found in rows.items() for row in found for value in row]


def keys_left(site: LogSite, values: list[tuple[str, Any]]) -> set[bytes]:
    """Every secret that whoever holds the master key still has, and every value of 32 bytes."""
    raw = read_private(site.settings.master_key)
    found = {raw, site.master.first_pseudonyms, sha256(raw).digest()}
    with site.keys_database() as engine, engine.connect() as connection:
        for name, column, table in (
            (lambda _: PSEUDONYMS, "id", "vault_master"),
            (str, "key_id", "vault_keys"),
            (page_name, "page", "vault_pages"),
            (str, "key_id", "vault_periods"),
        ):
            for which, data in connection.execute(sa.text(f"SELECT {column}, wrapped FROM {table}")):
                opened = site.master.unwrap(name(which), data)
                found.add(opened[:32])
                found.add(opened[32:64])
                if table == "vault_pages":
                    found |= {s for slot in range(20) if (s := pages.secret(opened, slot))}
    # Hashes of an index are no keys, and are too many to be tried as if they were.
    return found | {bytes(v) for t, v in values if isinstance(v, bytes) and len(v) == 32 and t != BUCKETS}


def found_by_search(site: LogSite, indexes: list[int]) -> set[bytes]:
    """Tries every candidate against what is left of some entries, in every way that the log uses."""
    with site.database() as log, site.keys_database() as keys:
        values = everything(log) + everything(keys)
    texts = {v for _, v in values if isinstance(v, str)} | {
        v.hex() for _, v in values if isinstance(v, bytes)
    }
    texts |= {p.hex() for table, v in values if table == BUCKETS and isinstance(v, bytes) for p in blocks(v)}
    secrets = keys_left(site, values)
    commitments = {c for i in indexes for c in _commitments(site, i)}
    whole = "\n".join(texts)
    hits = set()
    for candidate in candidates():
        tries = {sha256(candidate).hexdigest()}
        for secret in secrets:
            tries |= {hmac.digest(secret, candidate, "sha256").hex(), commit(secret, "subject", candidate)}
            tries.add(pseudonym_of(secret, candidate).hex())
        if not tries.isdisjoint(texts | commitments) or candidate.decode().rpartition(":")[2] in whole:
            hits.add(candidate)
    return hits


def blocks(leaves: bytes) -> Iterator[bytes]:
    """Every 32 bytes in a row of an index that may be a pseudonym."""
    return (leaves[i : i + 32] for i in range(len(leaves) - 31))


def _commitments(site: LogSite, index: int) -> list[str]:
    with site.database() as engine, engine.connect() as connection:
        query = sa.text('SELECT leaf FROM log_entries WHERE "index" = :i')
        leaf = connection.execute(query, {"i": index}).scalar_one()
    return list(entry.decode(bytes(leaf))[1].values())


@pytest.mark.slow
async def test_trying_every_number_finds_nobody(log_site: LogSite) -> None:
    """Of 30,000 numbers, those erased are found by none; the search does find whoever was not erased."""
    periods = Periods(log_site)
    with log_site.opened() as log:
        for n, person in enumerate([*ERASED, KEPT]):
            await log.append(about(n, person), closes_intention=False)
        periods.close()
        kept = subject_bytes("personnummer", KEPT)
        assert {subject_bytes("personnummer", p) for p in (*ERASED, KEPT)} == found_by_search(
            log_site, [0, 1, 2, 3]
        )
        for person in ERASED:
            log_site.erase(subject_bytes("personnummer", person))
        periods.settled()
        assert {kept} == found_by_search(log_site, [0, 1, 2])


@pytest.mark.slow
async def test_trying_every_number_against_an_index_finds_nobody_who_was_erased(log_site: LogSite) -> None:
    """Nor by the index of a period that was closed before; it does find everybody while it stands."""
    periods = Periods(log_site)
    with log_site.opened() as log:
        for n, person in enumerate([*ERASED, KEPT]):
            await log.append(about(n, person), closes_intention=False)
        periods.close()
        # No other key than the index's own: what is found is found by it.
        assert 4 == len(in_index(log_site))
        log_site.erase(subject_bytes("personnummer", ERASED[0]))
        with log_site.erasing() as erasing:
            log_site.carried_out(erasing, ask(log_site, erasing.record(1)))
        for person in ERASED[1:]:
            log_site.erase(subject_bytes("personnummer", person))
        periods.settled()
        assert {subject_bytes("personnummer", KEPT)} == in_index(log_site)


def in_index(site: LogSite) -> set[bytes]:
    """Whom somebody with the keys of the standing indexes finds in them, one number after the other."""
    with site.database() as log, site.keys_database() as keys:
        kept = {
            p for table, v in everything(log) if table == BUCKETS and isinstance(v, bytes) for p in blocks(v)
        }
        vault = SubjectKeys(keys, site.master)
        secrets = [vault.period(name) or b"" for name in vault.periods()]
    return {c for c in candidates() for secret in secrets if pseudonym_of(secret[:32], c) in kept}


async def test_no_number_stands_in_any_file(sqlite_site: LogSite, tmp_path: Path) -> None:
    """No byte of the files, the request to erase included, spells a personnummer of these days."""
    pattern = re.compile(rb"(?:%s)\d{4}" % "|".join(DAYS).encode())
    with sqlite_site.opened() as log:
        for n, person in enumerate(ERASED):
            await log.append(about(n, person), closes_intention=False)
        sqlite_site.erase(subject_bytes("personnummer", ERASED[0]))
        assert [] == [match for content in files(tmp_path) for match in pattern.findall(content)]


async def test_nothing_of_it_is_left_in_the_servers_tables(
    postgres_server: Server, postgres_site: LogSite
) -> None:
    """PostgreSQL's table files hold no wrapped key of it; the server's own journal is another matter."""
    with postgres_site.opened() as log:
        for n, person in enumerate([*ERASED, KEPT]):
            await log.append(about(n, person), closes_intention=False)
        subject = subject_bytes("personnummer", ERASED[0])
        secrets = secrets_of(postgres_site, [0])
        with postgres_site.erasing() as erasing:
            kept = (*wrapped(postgres_site, erasing.subject(subject).target),)
        checkpoint(postgres_site)
        tables = postgres_server.data / "base"
        assert list(kept) == left(tables, kept)
        postgres_site.erase(subject)
        checkpoint(postgres_site)
        assert [] == left(tables, (*secrets.opened, *kept))


def checkpoint(site: LogSite) -> None:
    """Has the server write its tables to their files, and let go of old ones."""
    for _ in range(2):
        with site.database() as engine, engine.connect() as connection:
            connection.exec_driver_sql("CHECKPOINT")
