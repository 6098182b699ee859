"""An index that follows its log: grown as it would be made anew, whatever ends it in between."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from audit.errors import FormatError
from audit.queries import search_keys
from audit.queries.bits import WIDTH, decode, encode
from audit.queries.criteria import Criteria, Order, Viewer
from audit.queries.indexing import Indexer
from audit.queries.looks import Asker
from audit.queries.page_token import PageTokens, Place
from tests.support import bulk
from tests.support.drawn import AUTHORITIES, SUBJECTS, draw
from tests.support.logs import LogSite, submission
from tests.support.searching import AUDITOR, BY_AUDITOR, GROUND, Searching, searching


def written(site: LogSite, count: int, seed: int = 1) -> None:
    """Appends random entries."""
    drawn = random.Random(seed)
    bulk.write(site, (draw(drawn, seed * 100_000 + n).submission() for n in range(count)))


def every_answer(searches: Searching) -> list[Any]:
    """What an index answers to some searches."""
    asked = [
        Criteria(),
        Criteria(outcomes=("granted",), purposes=("a", "b")),
        *(Criteria(subject=s) for s in SUBJECTS),
        Criteria(caseworker=b"one", kinds=("exchange",)),
    ]
    found: list[Any] = [searches.found(c) for c in asked]
    found += [searches.queries.count(BY_AUDITOR, Criteria(), by)._answer().by for by in ("day", "dataset")]
    return found


def emptied(searches: Searching) -> None:
    """Takes an index away."""
    with searches.index.begin() as connection:
        for name in ("state", "names", "segments", "postings", "tokens"):
            connection.exec_driver_sql(f"DELETE FROM search_{name}")


def test_made_anew_it_is_as_it_was_grown(log_site: LogSite) -> None:
    """Entry by entry, in strides, or at once: the same rows, and the same answers."""
    with searching(log_site) as searches:
        for seed, most in enumerate((1, 7, 300, WIDTH)):
            written(log_site, {1: 30, 7: 60}.get(most, 2200), seed)
            searches.indexer(most).catch_up()
        grown = searches.rows(), every_answer(searches)
        emptied(searches)
        searches.indexed()
        assert grown == (searches.rows(), every_answer(searches))


def test_killed_anywhere_it_goes_on(log_site: LogSite) -> None:
    """Whatever statement it ends before, the next one makes the index whole."""
    written(log_site, 10)
    with searching(log_site) as searches:
        searches.indexed()
        whole = every_answer(searches)
        emptied(searches)
        number = 0
        while ended_before(searches, number):
            searches.indexed()
            assert whole == every_answer(searches)
            emptied(searches)
            number += 2
        assert number > 20


class Ended(Exception):
    """The process ended here."""


def ended_before(searches: Searching, number: int) -> bool:
    """Ends an indexer before its number-th statement; tells whether it came that far."""
    count = itertools.count()

    def end(*_: object) -> None:
        if next(count) == number:
            raise Ended

    engines = (searches.index, searches.log)
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", end)
    try:
        searches.indexer(most=6).catch_up()
    except Ended:
        return True
    finally:
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", end)
    return False


def test_several_follow_one_log(log_site: LogSite) -> None:
    """At once and into the same index: no entry twice, none left out."""
    written(log_site, 3000)
    with searching(log_site) as searches:
        errors: list[Exception] = []

        def follow() -> None:
            try:
                with searching(log_site) as own:
                    own.indexer(most=100).catch_up()
            except Exception as error:  # noqa: BLE001
                errors.append(error)

        threads = [threading.Thread(target=follow) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        searches.indexed()
        assert [] == errors
        found = every_answer(searches)
        emptied(searches)
        searches.indexed()
        assert found == every_answer(searches)


def test_an_index_of_another_log_is_made_anew(sqlite_site: LogSite, tmp_path: Any) -> None:
    """One that was left behind when a log was put back does not answer for it."""
    written(sqlite_site, 50, seed=1)
    folder = tmp_path / "other"
    folder.mkdir()
    other = LogSite.at(folder)
    written(other, 20, seed=2)
    with searching(sqlite_site) as searches, searching(other) as others:
        searches.indexed()
        others.indexed()
        moved = Indexer(others.log, searches.index, others.keys)
        moved.catch_up()
        assert others.rows()["search_names"] == searches.rows()["search_names"]
        assert list(range(20)) == searches.found(Criteria())


async def test_pages_neither_skip_nor_repeat_while_the_log_grows(log_site: LogSite) -> None:
    """Newest or oldest first: each record once, of the log as it was when the first page was given."""
    written(log_site, 500)
    with searching(log_site) as searches, log_site.opened() as log:
        searches.indexed()
        wanted = Criteria(outcomes=("granted", "refused"))
        for order in Order:
            expected = searches.found(wanted)
            token, indexes = "", []
            while True:
                made = searches.queries.search(BY_AUDITOR, wanted, order, 17, token)
                done = await log.append(made.submission, closes_intention=False)
                page = made.recorded(done.index)
                indexes += [stored.index for stored, _ in page.records]
                for stored, proof in page.records:
                    proof.verify(stored.leaf, log_site.verifier)
                await log.append(submission(10_000 + done.index, claims=False), closes_intention=False)
                searches.indexed()
                assert len(expected) == page.count
                token = page.next_token
                if not token:
                    break
            assert (expected if order is Order.OLDEST else expected[::-1]) == indexes


def test_a_page_token_is_of_one_search_only(sqlite_site: LogSite) -> None:
    """Not of other criteria, another viewer or order, and not of anybody's making."""
    tokens = PageTokens(bytes(32))
    wanted, order = Criteria(purposes=("a",), subject=b"s"), Order.NEWEST
    token = tokens.write(Place(5, 9), AUDITOR, wanted, order)
    assert Place(5, 9) == tokens.read(token, AUDITOR, wanted, order)
    reads: list[Callable[[], Place]] = [
        lambda: tokens.read(token, Viewer(AUTHORITIES[0]), wanted, order),
        lambda: tokens.read(token, AUDITOR, Criteria(purposes=("a",)), order),
        lambda: tokens.read(token, AUDITOR, Criteria(purposes=("b",), subject=b"s"), order),
        lambda: tokens.read(token, AUDITOR, wanted, Order.OLDEST),
        lambda: PageTokens(b"\x01" * 32).read(token, AUDITOR, wanted, order),
        *(
            (lambda changed=changed: tokens.read(changed, AUDITOR, wanted, order))
            for changed in ("", "A", "æ", token[:-4], token + "AAAA", "B" + token[1:], "\x00" * 44)
        ),
    ]
    for read in reads:
        with pytest.raises(FormatError):
            read()


async def test_nothing_is_answered_before_it_is_recorded(sqlite_site: LogSite) -> None:
    """An index where nothing stands, or another entry, gives no answer."""
    with searching(sqlite_site) as searches, sqlite_site.opened() as log:
        first = await log.append(submission(1), closes_intention=False)
        searches.indexed()
        made = searches.queries.search(Asker(Viewer(AUTHORITIES[0]), GROUND), Criteria())
        for index in (first.index, first.index + 1):
            with pytest.raises(Exception, match=r"does not say|no such entry"):
                made.recorded(index)
        done = await log.append(made.submission, closes_intention=False)
        assert 1 == made.recorded(done.index).count


def test_sets_are_written_and_read() -> None:
    """Any set of places; what is no set is refused."""
    drawn = random.Random(3)
    for _ in range(300):
        bits = sum(1 << p for p in {drawn.randrange(WIDTH) for _ in range(drawn.randrange(60))})
        assert bits == decode(encode(bits))
    for bits in (0, 1, 1 << (WIDTH - 1), (1 << WIDTH) - 1):
        assert bits == decode(encode(bits))
    for wrong in (b"", b"\x02", b"\x00", b"\x01\x00", b"\x01\xff\xff", b"\x00" + b"\xff" * 600):
        with pytest.raises(FormatError):
            decode(wrong)


def test_a_key_that_stands_is_made_once(log_site: LogSite) -> None:
    """However many indexes there are; one that came too late goes again."""
    written(log_site, 10)
    with searching(log_site) as searches:
        searches.indexed()
        with searches.log.connect() as connection:
            before = search_keys.standing(connection)
        search_keys.put_up(searches.log, searches.keys, 0)
        with searches.log.connect() as connection:
            assert before == search_keys.standing(connection)
        assert {*before.values()} == searches.keys.searched()
