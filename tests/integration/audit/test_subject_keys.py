"""The keys of subjects: one each, durable before use, never in the clear."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from audit import database, subject_keys
from audit.subject_keys import SubjectKeys
from tests.support.logs import LogSite


def _stored(engine: sa.Engine) -> dict[str, bytes]:
    with engine.connect() as connection:
        return {r.key_id: r.wrapped for r in connection.execute(sa.text("SELECT * FROM vault_keys"))}


def test_key_is_made_once_and_found_again(log_site: LogSite) -> None:
    """A subject's key is durable when it is first given, and the same ever after."""
    with log_site.keys_database() as engine:
        database.migrate(engine, "keys")
        first = SubjectKeys(engine, log_site.master).ensure(["a", "b", "a"])
        assert ["a", "b"] == sorted(_stored(engine))
        again = SubjectKeys(engine, log_site.master)
        assert first == again.ensure(["b", "a"])
        assert (first["a"], None) == (again.find("a"), again.find("nobody"))
        assert first["a"] != first["b"]


def test_stored_key_is_wrapped(log_site: LogSite) -> None:
    """What the keys' database holds is of no use without the master key."""
    with log_site.keys_database() as engine:
        database.migrate(engine, "keys")
        key = SubjectKeys(engine, log_site.master).ensure(["a"])["a"]
        assert key not in _stored(engine)["a"]


def test_more_subjects_than_are_remembered(sqlite_site: LogSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgetting keys that are kept in memory loses none, even within one group."""
    monkeypatch.setattr(subject_keys, "_CACHED", 8)
    with sqlite_site.keys_database() as engine:
        database.migrate(engine, "keys")
        keys = SubjectKeys(engine, sqlite_site.master)
        first = keys.ensure([f"k{n}" for n in range(30)])
        second = keys.ensure([f"k{n}" for n in range(15, 45)])
        assert 30 == len(first) == len(second)
        assert all(first[k] == second[k] for k in first.keys() & second.keys())
        assert 45 == len(_stored(engine))
