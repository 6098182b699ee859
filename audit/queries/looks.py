"""What the log says of who looked into it: who, on what ground, for what, and how much there was.

The public part of the criteria is told as it is, but only in names that stand in the log already: what
somebody puts into a field by mistake, a personnummer among the purposes, must not become public by being
searched for. What is sealed of records stays sealed of searches for them: subject, caseworker and case are
committed to, and encrypted under the key of the subject, so that they go when the subject is erased. How
much was found about somebody goes with them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from audit.errors import FormatError
from audit.formats import canonical
from audit.formats.entry import QUERIED, Event, Submission
from audit.queries.criteria import Criteria, Viewer

_GROUND = re.compile(r"(?!.*[0-9]{6})[a-z][a-z0-9]*([._-][a-z0-9]+)*", re.ASCII)
_LONGEST = 64
_OWN_KEY = 16  # bytes

#: Tells which of some names stand in the log at all.
Known = Callable[[Collection[str]], set[str]]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who looks, and on what ground.

    Attributes:
        viewer: who.
        ground: code of the ground in law, such as `gdpr.15`.
    """

    viewer: Viewer
    ground: str

    def __post_init__(self) -> None:
        """Checks the ground.

        Raises:
            FormatError: it is no code, or could be a number of somebody's.
        """
        if len(self.ground) > _LONGEST or not _GROUND.fullmatch(self.ground):
            raise FormatError("a ground is a code of letters and small numbers, such as gdpr.15")


@dataclass(frozen=True, slots=True)
class Look:
    """A look into the log.

    Attributes:
        what: `search` or `count`.
        criteria: what was looked for.
        by: what was counted by; empty where that was nothing.
        matched: how many entries met the criteria.
        searched: how many entries there were.
    """

    what: str
    criteria: Criteria
    by: str
    matched: int
    searched: int

    def submission(self, asker: Asker, known: Known, time: str) -> Submission:
        """Writes the entry about it."""
        sealed = dict(self.criteria.sealed)
        details = {
            "asked": self.what,
            "by": self.by,
            "criterion": canonical.encode(_told(self.criteria, known)).decode(),
            "sealed": " ".join(sealed),
            "searched": str(self.searched),
        }
        if sealed:
            values = {**sealed, "response": canonical.encode({"matched": self.matched})}
        else:
            values, details = {}, {**details, "matched": str(self.matched)}
        key = self.criteria.subject or b"query:" + os.urandom(_OWN_KEY)
        return _submission(asker, details, key, values, time)


def refused(asker: Asker, named: str, time: str) -> Submission:
    """Writes the entry about a look at a record that the viewer may not see, or that is not there.

    Args:
        asker: who looked.
        named: what it was named by: `index 17`, or a request id.
        time: RFC 3339 in UTC.
    """
    details = {"asked": "record", "named": named, "refused": "yes"}
    return _submission(asker, details, b"query:" + os.urandom(_OWN_KEY), {}, time)


def _submission(
    asker: Asker, details: dict[str, str], key: bytes, values: dict[str, bytes], time: str
) -> Submission:
    told = {"role": asker.viewer.role, "ground": asker.ground, **details}
    event = Event(QUERIED, time, None, asker.viewer.authority or "", told)
    return Submission(event, key, values, claims_request_id=False)


def _told(criteria: Criteria, known: Known) -> dict[str, str | list[str] | int | bool]:
    """What is told of criteria: all but values that stand nowhere in the log, which are counted."""
    public = list(criteria.public())
    there = known([value for _, _, values in public for value in values])
    told: dict[str, str | list[str] | int | bool] = {}
    for name, _, values in public:
        told[name] = [value for value in values if value in there]
    unknown = sum(value not in there for _, _, values in public for value in values)
    if unknown:
        told["unknown"] = unknown
    for name, time in (("since", criteria.since), ("until", criteria.until)):
        if time is not None:
            told[name] = time.isoformat()
    if criteria.needs_review:
        told["needs_review"] = True
    return told
