"""What the pipeline needs from the world, and what each part promises.

The pipeline knows nothing else: no gRPC, no SQL, no Rego. A port's exceptions are the ones in
`exchange.errors`; whatever else an implementation raises is taken as a failure and refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from exchange.model.catalogue import Dataset
from exchange.model.changes import Changes
from exchange.model.decision import Decision
from exchange.model.request import (
    Caller,
    Consent,
    Envelope,
    Lookup,
    Record,
    Statement,
    SubjectKey,
)
from exchange.model.trace import Draft, Receipt


class Authenticator(Protocol):
    """Tells who asks. No adapter and no policy takes part in it."""

    def identify(self, certificate: bytes) -> Caller:
        """Reads which organisation a certificate (PEM) names; TLS has verified its chain.

        Raises:
            Refused: there is no certificate, or it names no organisation.
        """

    def authenticate(self, caller: Caller, envelope: Envelope) -> Statement:
        """Verifies that the organisation takes part, and its signature over the envelope's body.

        Raises:
            Refused: with the one reason that failed, before anything in the body was believed.
        """

    def authorise(self, issuer: str, consumer: str, dataset: str, purpose: str) -> str | None:
        """Gives the processor that acts for the consumer, or nothing where it acts itself.

        Raises:
            Refused: the issuer is neither the consumer nor holds a delegation from it.
        """


class ConsentRegister(Protocol):
    """Where consents are kept: given, expired and withdrawn ones."""

    async def find(self, reference: str, subject: SubjectKey, case_reference: str) -> Consent | None:
        """Finds a consent and tells whether it is this subject's and this case's.

        Raises:
            Failed: the register did not answer.
        """


class PolicyEngine(Protocol):
    """Decides. A pure function of its input and its revision."""

    @property
    def revision(self) -> str:
        """The digest of the policy set in force."""

    async def decide(self, policy_input: Mapping[str, Any]) -> Decision:
        """Decides one request.

        Raises:
            Failed: no answer, a late one, or one of another shape. Nothing is granted then.
        """


class Registers(Protocol):
    """Reads the registers. An answer may be wrong in any way: the pipeline cuts it to the grant."""

    async def fetch(self, lookup: Lookup, timeout: float) -> Mapping[str, Sequence[Record]]:
        """Fetches the records of subjects within a time (seconds), asking for the attributes named only.

        Gives the records by the value of the key, none for a subject that the register does not know.

        Raises:
            Failed: the register hung, raised, or answered what was not asked.
        """


class ChangeFeeds(Protocol):
    """Tells about whom the registers changed: never what, and nobody outside learns of it from here."""

    async def changes(
        self, dataset: Dataset, kind: str, after: int | None, limit: int, timeout: float
    ) -> Changes:
        """Gives the changes of a dataset after a position, told by one kind of key, within a time (seconds).

        Positions only grow. Without one it tells where the feed ends at present, and no change.

        Raises:
            Failed: CHANGES_NOT_OFFERED, CURSOR_TOO_OLD, or the register hung, raised, or told nonsense.
        """


class Clock(Protocol):
    """What time it is, and which day it is in Denmark."""

    def now(self) -> datetime:
        """The time, in UTC."""

    def today(self) -> date:
        """The day in Danish time: the law date of a request that states none."""


class Trail(Protocol):
    """The audit log, as the pipeline sees it."""

    async def intend(self, draft: Draft, timeout: float | None = None) -> None:
        """Notes durably that a register is about to be read; consumes the request id.

        When this returns, a crash at any later moment leaves an `interrupted` entry. It does not return
        after the time that its caller has left (seconds).

        Raises:
            Refused: the request id was used before.
            Failed: the log cannot take it. Nothing may be read then.
        """

    async def record(self, draft: Draft, *, closes_intention: bool, timeout: float | None = None) -> Receipt:
        """Appends the entry durably, and closes its intention in the same transaction.

        After a time (seconds), where one is given, a log in another process is waited for no longer.

        Raises:
            Refused: the request id was used before, and the draft does not say so.
            Failed: the log cannot take it. Nothing may leave then.
        """
