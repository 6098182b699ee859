"""Where the searched logs live: on SQLite and on a real PostgreSQL server, as those of the other tests."""

from __future__ import annotations

from tests.integration.audit.conftest import log_site, postgres_pair, postgres_site, sqlite_site

__all__ = ["log_site", "postgres_pair", "postgres_site", "sqlite_site"]
