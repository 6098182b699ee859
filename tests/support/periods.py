"""Periods for tests: closed when a test says so, proved, and looked at from the outside."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.completeness import asked, proving, rows
from audit.completeness.asked import What
from audit.completeness.proof import CompletenessProof
from audit.completeness.rows import Standing
from audit.vault.subject_keys import SubjectKeys
from tests.support.logs import LogSite


@dataclass(frozen=True, slots=True)
class Periods:
    """The periods of a log that somebody owns."""

    site: LogSite

    def close(self, what: What = What.CLOSE, details: str = "") -> int:
        """Has the owner close one; gives the entry that says so."""
        with self.site.database() as engine, engine.begin() as connection:
            number = asked.ask(connection, what, details)
        end = time.monotonic() + 280
        while True:
            with self.site.database() as engine, engine.connect() as connection:
                entry = asked.answered(connection, number)
            if entry is not None:
                return entry
            assert time.monotonic() < end, "nobody closes the period"
            time.sleep(0.01)

    def standing(self) -> list[Standing]:
        """How they are closed at present."""
        with self.site.database() as engine, engine.connect() as connection:
            return rows.standing(connection)

    def settled(self) -> list[Standing]:
        """The same, once nothing is left to be closed anew."""
        end = time.monotonic() + 60
        found = self.standing()
        while not all(p.key_id for p in found):
            assert time.monotonic() < end, "nobody closes the periods anew"
            time.sleep(0.01)
            found = self.standing()
        return found

    def prove(self, subject: bytes) -> CompletenessProof:
        """All records about a subject, in all closed periods."""
        last = datetime.fromisoformat(self.standing()[-1].until)
        with self.site.database() as engine, self.site.keys_database() as keys_engine:
            keys = SubjectKeys(keys_engine, self.site.master)
            span = (last - timedelta(365_000), last)
            return proving.prove(engine, self.site.verifier, keys, subject, span)
