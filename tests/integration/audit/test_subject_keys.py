"""The keys of records: two secrets each, durable before use, never in the clear, erasable one by one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from audit.storage import database
from audit.vault import subject_keys
from audit.vault.pages import SLOTS
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import RecordKey
from tests.support.logs import LogSite


@pytest.fixture
def engine(log_site: LogSite) -> Iterator[sa.Engine]:
    """The database of keys, of the newest schema."""
    with log_site.keys_database() as engine:
        database.migrate(engine, "keys")
        yield engine


def _stored(engine: sa.Engine) -> list[bytes]:
    query = "SELECT wrapped FROM vault_keys UNION ALL SELECT wrapped FROM vault_pages"
    with engine.connect() as connection:
        return [bytes(row.wrapped) for row in connection.execute(sa.text(query))]


def found(engine: sa.Engine, site: LogSite, taken: list[RecordKey]) -> list[bool]:
    """Whether each key can be found again, by a process that remembers nothing."""
    keys = SubjectKeys(engine, site.master)
    return [keys.find(t.name) == t.key for t in taken]


def test_key_is_found_again(log_site: LogSite, engine: sa.Engine) -> None:
    """Two records of one subject have keys of their own under its one key; all are found by their names."""
    taken = SubjectKeys(engine, log_site.master).take([b"a", b"b", b"a"])
    taken += SubjectKeys(engine, log_site.master).take([b"b", b"a"])
    assert [True] * 5 == found(engine, log_site, taken)
    assert 5 == len({t.key for t in taken})
    a, b, *rest = [t.name.subject for t in taken]
    assert [a, b, a] == rest
    assert a != b


def test_stored_key_is_wrapped(log_site: LogSite, engine: sa.Engine) -> None:
    """What the keys' database holds is of no use without the master key, and names no subject."""
    keys = SubjectKeys(engine, log_site.master)
    taken = keys.take([b"a"])[0]
    assert all(taken.key not in stored for stored in _stored(engine))
    assert taken.name.subject == keys.named(b"a")
    assert keys.named(b"nobody") is None


def test_record_is_erased_alone(log_site: LogSite, engine: sa.Engine) -> None:
    """Without its own secret a record's key is gone, and every other key of its subject and page stays."""
    keys = SubjectKeys(engine, log_site.master)
    taken = keys.take([b"a"] * 3 + [b"b"])
    place = taken[1].name.place
    assert place is not None
    keys.forget([place.text])
    assert [True, False, True, True] == found(engine, log_site, taken)
    again = keys.take([b"a"])
    assert ([True], taken[0].name.subject) == (found(engine, log_site, again), again[0].name.subject)


def test_subject_that_was_erased_comes_back_under_another_key(log_site: LogSite, engine: sa.Engine) -> None:
    """Its old keys stay gone, its new one has another name, and others notice nothing."""
    keys = SubjectKeys(engine, log_site.master)
    taken = keys.take([b"a", b"b", b"a"])
    for _ in range(2):  # again changes nothing
        keys.forget([taken[0].name.subject])
    assert keys.named(b"a") is None
    again = keys.take([b"a"])
    assert again[0].name.subject != taken[0].name.subject
    assert [False, True, False, True] == found(engine, log_site, taken + again)
    assert [] == keys.remaining([taken[0].name.subject])


def test_page_goes_with_its_last_secret(log_site: LogSite, engine: sa.Engine) -> None:
    """Whatever the order in which they go, a page's secrets are there until they are erased."""
    keys = SubjectKeys(engine, log_site.master)
    taken = keys.take([b"a"] * SLOTS)
    names = [t.name.place.text for t in taken if t.name.place]
    keys.forget(names[10:])
    assert names[:10] == keys.remaining(names)
    keys.forget(names[:10])
    with engine.connect() as connection:
        assert 0 == connection.execute(sa.text("SELECT count(*) FROM vault_pages")).scalar()


def test_more_subjects_than_are_remembered(sqlite_site: LogSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgetting keys that are kept in memory loses none, even within one group."""
    monkeypatch.setattr(subject_keys, "_CACHED", 8)
    with sqlite_site.keys_database() as engine:
        database.migrate(engine, "keys")
        keys = SubjectKeys(engine, sqlite_site.master)
        first = keys.take([b"%d" % n for n in range(30)])
        second = keys.take([b"%d" % n for n in range(15, 45)])
        assert [f.name.subject for f in first[15:]] == [s.name.subject for s in second[:15]]
        assert [True] * 60 == found(engine, sqlite_site, first + second)
        assert 45 + 1 == len(_stored(engine))
