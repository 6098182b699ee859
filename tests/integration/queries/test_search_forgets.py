"""A search index that forgets with its log: nothing finds whom an erasure took, in no copy of the index."""

from __future__ import annotations

import hmac
from dataclasses import replace

from audit.formats.entry import Submission
from audit.queries import search_keys
from audit.queries.bits import WIDTH
from audit.queries.criteria import Criteria
from audit.queries.tokens import packed, token
from audit.vault.rotation import rewrap
from audit.vault.subject_keys import SubjectKeys
from exchange.sealed import subject_bytes
from tests.integration.audit.erased import ask
from tests.integration.audit.test_vault_rotation import other_key
from tests.support import bulk
from tests.support.logs import LogSite, submission
from tests.support.searching import BY_AUDITOR, Searching, searching

ERASED = subject_bytes("personnummer", "6101901234")
KEPT = subject_bytes("personnummer", "6101904321")


def about(number: int, subject: bytes) -> Submission:
    """A record about somebody."""
    made = submission(number, subject=subject)
    values = {**made.values, "caseworker": b"the same", "case": b"case of " + subject}
    return replace(made, values=values)


def tokens_in(searches: Searching) -> bytes:
    """All tokens of an index, with what stands between them."""
    with searches.index.connect() as connection:
        rows = connection.exec_driver_sql("SELECT tokens FROM search_tokens").scalars()
        return b"\x00".join(bytes(row) for row in rows)


def secrets(searches: Searching) -> list[bytes]:
    """The keys of all indexes that are left."""
    return [*searches.keys.search_keys(searches.keys.searched()).values()]


def tried(kept: bytes, keys: list[bytes], name: str, value: bytes) -> bool:
    """Whether somebody with some keys finds a value among tokens."""
    message = name.encode() + b"\x00" + value
    return any(hmac.digest(key, message, "sha256")[1:12] in kept for key in keys)


async def test_nothing_that_is_left_finds_who_was_erased(log_site: LogSite) -> None:
    """Neither the index as it is, nor one that was copied before, with every key that there still is."""
    with searching(log_site) as searches, log_site.opened() as log:
        for number, subject in enumerate([ERASED, KEPT, ERASED, KEPT]):
            await log.append(about(number, subject), closes_intention=False)
        searches.indexed()
        assert ([0, 2], [1, 3]) == (
            searches.found(Criteria(subject=ERASED)),
            searches.found(Criteria(subject=KEPT)),
        )
        copied, keys = tokens_in(searches), secrets(searches)
        assert tried(copied, keys, "subject", ERASED)
        assert tried(copied, keys, "case", b"case of " + ERASED)
        log_site.erase(ERASED)
        # Before anybody looks into it anew, the index finds nobody, and says what it cannot search.
        matched = searches.match(Criteria(subject=KEPT))
        assert ({}, ((0, 3),)) == (matched.sets, matched.unsearched)
        assert not tried(copied, secrets(searches), "subject", KEPT)
        searches.indexed()
        assert ([], [1, 3], [1, 3]) == (
            searches.found(Criteria(subject=ERASED)),
            searches.found(Criteria(subject=KEPT)),
            searches.found(Criteria(caseworker=b"the same")),
        )
        for kept in (copied, tokens_in(searches)):
            for name, value in (("subject", ERASED), ("case", b"case of " + ERASED)):
                assert not tried(kept, secrets(searches), name, value)
        # The public part stays: that there was a record, and when and why.
        assert [0, 1, 2, 3] == searches.found(Criteria(kinds=("exchange",)))
    assert log_site.verify().holds


async def test_an_erased_record_is_found_by_nothing_sealed(log_site: LogSite) -> None:
    """Only that one: others about the same subject are found as before."""
    with searching(log_site) as searches, log_site.opened() as log:
        for number in range(3):
            await log.append(about(number, KEPT), closes_intention=False)
        searches.indexed()
        with log_site.erasing() as erasing:
            log_site.carried_out(erasing, ask(log_site, erasing.record(1)))
        searches.indexed()
        assert [0, 2] == searches.found(Criteria(subject=KEPT))
        assert [0, 2] == searches.found(Criteria(caseworker=b"the same"))
        assert () == searches.match(Criteria(subject=KEPT)).unsearched


async def test_an_erasure_while_it_is_looked_into_takes_what_comes_of_it(log_site: LogSite) -> None:
    """Opened before the erasure, written after it: the key that it was written under is gone."""
    with searching(log_site) as searches, log_site.opened() as log:
        for number, subject in enumerate([ERASED, KEPT]):
            await log.append(about(number, subject), closes_intention=False)
        search_keys.put_up(searches.log, searches.keys, 0)
        with searches.log.connect() as connection:
            name = search_keys.stands(connection, 0)
        assert name is not None
        key = searches.keys.search_keys([name])[name]
        late = b"".join(packed([(token(key, "subject", ERASED), 0)]).values())
        log_site.erase(ERASED)
        assert {} == searches.keys.search_keys([name])
        searches.indexed()
        assert not tried(late, secrets(searches), "subject", ERASED)
        assert ([], [1]) == (
            searches.found(Criteria(subject=ERASED)),
            searches.found(Criteria(subject=KEPT)),
        )


async def test_a_search_for_somebody_goes_with_them(log_site: LogSite) -> None:
    """The entry stays; whom it was about, and how much was found, is erased with the subject."""
    with searching(log_site) as searches, log_site.opened() as log:
        await log.append(about(0, ERASED), closes_intention=False)
        searches.indexed()
        made = searches.queries.search(BY_AUDITOR, Criteria(subject=ERASED))
        index = (await log.append(made.submission, closes_intention=False)).index
        assert 1 == made.recorded(index).count
        opened = searches.reader.opened(searches.reader.by_index(index))
        assert opened is not None
        assert (ERASED, b'{"matched":1}') == (opened.values["subject"], opened.values["response"])
        searches.indexed()
        assert [0, 1] == searches.found(Criteria(subject=ERASED))  # a look at somebody is about them, too
        log_site.erase(ERASED)
        assert searches.reader.opened(searches.reader.by_index(index)) is None
        searches.indexed()
        assert [] == searches.found(Criteria(subject=ERASED))
    assert log_site.verify().holds


def test_only_what_an_erasure_touches_is_looked_into_anew(sqlite_site: LogSite) -> None:
    """Other parts of the log are searched meanwhile as ever."""
    bulk.write(sqlite_site, (about(n, ERASED if n == 7 else KEPT) for n in range(WIDTH + 10)))
    with searching(sqlite_site) as searches, sqlite_site.opened():
        searches.indexed()
        sqlite_site.erase(ERASED)
        matched = searches.match(Criteria(subject=KEPT))
        assert (10, ((0, WIDTH - 1),)) == (matched.count, matched.unsearched)
        searches.indexed()
        assert WIDTH + 9 == searches.match(Criteria(subject=KEPT)).count


def test_under_another_master_key_the_index_stays(log_site: LogSite) -> None:
    """Its keys are wrapped anew with all others, and searches go on."""
    bulk.write(log_site, (about(n, KEPT) for n in range(3)))
    with searching(log_site) as searches:
        searches.indexed()
        old = log_site.master
        with other_key(log_site) as new, log_site.keys_database() as engine:
            rewrap(engine, old, new)
            again = replace(searches, keys=SubjectKeys(engine, new))
            assert [0, 1, 2] == again.found(Criteria(subject=KEPT))


def test_what_is_sealed_and_does_not_open_is_told(sqlite_site: LogSite) -> None:
    """A record whose sealed part is damaged may be about anybody: every search by what is sealed says so."""
    bulk.write(sqlite_site, (about(n, KEPT) for n in range(3)))
    sqlite_site.execute('UPDATE vault_sealed SET data = :d WHERE "index" = 1', d=b"nothing")
    with searching(sqlite_site) as searches:
        searches.indexed()
        matched = searches.match(Criteria(subject=KEPT))
        assert ([0, 2], ((1, 1),)) == (searches.found(Criteria(subject=KEPT)), matched.unsearched)
