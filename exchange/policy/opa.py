"""The OPA server as the engine: questions in batches, answers believed by their revision.

Every answer states the revision of the bundle that made it. It is read with the texts of that very
revision, and only if that revision may decide here; see `exchange.policy.revisions`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from exchange.errors import Failed
from exchange.model.decision import Decision
from exchange.policy.batches import Batches, Closed
from exchange.policy.opa_server import Fault, OpaServer, Unanswered
from exchange.policy.reading import Reading, Readings
from exchange.policy.revisions import Revisions

_log = logging.getLogger(__name__)
_LOOK = 0.5  # seconds between looks at whether the server needs to be asked how it is
_IDLE = 1.0  # seconds without an answer after which it is

Input = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OpaCounts:
    """What an engine did since it began.

    Attributes:
        decided: decisions made.
        failed: decisions not made, by the name of the fault.
        calls: calls of the server, by how many questions each carried.
    """

    decided: int
    failed: Mapping[str, int]
    calls: Mapping[int, int]


class _Answer(NamedTuple):
    """An answer to one question, and what it is to be read with."""

    document: Any
    reading: Reading


class OpaEngine:
    """Implements `exchange.ports.PolicyEngine` with an OPA server. Use as a context manager."""

    def __init__(self, url: str, revisions: Revisions, timeout: float, batch: int, calls: int) -> None:
        """Takes the server and the revisions by which it may decide.

        Args:
            url: the server's.
            revisions: which of them are believed.
            timeout: seconds after which a decision fails, waiting included.
            batch: most questions in one call.
            calls: most calls under way at once.
        """
        self._server = OpaServer(url, timeout)
        self._revisions = revisions
        self._readings = Readings(revisions)
        self._timeout = timeout
        self._batches = Batches(self._ask, batch, calls)
        self._problem: Fault | None = None
        self._doubted = False
        self._answered = 0.0
        self._decided = 0
        self._failed: Counter[str] = Counter()
        self._calls: Counter[int] = Counter()
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Opens the connections, and finds out whether the server can decide. It need not be there yet."""
        await self._server.__aenter__()
        await self._probe()
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends what is under way and closes them."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        await self._batches.close()
        await self._server.__aexit__()

    @property
    def revision(self) -> str:
        """See `exchange.ports.PolicyEngine`."""
        return self._revisions.active.revision

    @property
    def problem(self) -> str | None:
        """Why the server cannot decide at present, as far as is known; nothing when it can."""
        return self._problem.text if self._problem else None

    @property
    def counts(self) -> OpaCounts:
        """What was done up to now."""
        failed, calls = MappingProxyType(dict(self._failed)), MappingProxyType(dict(self._calls))
        return OpaCounts(self._decided, failed, calls)

    async def decide(self, policy_input: Input) -> Decision:
        """See `exchange.ports.PolicyEngine`. The decision names the revision that made it."""
        try:
            document, reading = await self._answer(policy_input)
            decision = reading.decision(document, tuple(policy_input.get("attributes") or ()))
        except Unanswered as error:
            self._failed[error.fault.name.lower()] += 1
            self._doubted = True
            # One for each who asked, never one for a batch: the pipeline puts each one's receipt on it.
            raise Failed.because(error.fault.code) from error
        self._decided += 1
        return decision

    async def _answer(self, policy_input: Input) -> _Answer:
        try:
            async with asyncio.timeout(self._timeout):
                answered = await self._batches.ask(policy_input)
        except TimeoutError as error:
            raise Unanswered(Fault.TIMEOUT) from error
        except Closed as error:
            raise Unanswered(Fault.UNREACHABLE) from error
        if isinstance(answered, Unanswered):
            raise answered
        return answered

    async def _ask(self, inputs: Sequence[Input]) -> Sequence[_Answer | Unanswered]:
        try:
            return await self._call(inputs)
        except Unanswered as error:
            if len(inputs) == 1 or error.fault not in {Fault.ERROR, Fault.MALFORMED}:
                raise
        # A question that the policies cannot answer must not cost the others theirs.
        async with asyncio.timeout(self._timeout):
            return [await self._alone(policy_input) for policy_input in inputs]

    async def _alone(self, policy_input: Input) -> _Answer | Unanswered:
        try:
            [answered] = await self._call([policy_input])
        except Unanswered as error:
            return error
        return answered

    async def _call(self, inputs: Sequence[Input]) -> list[_Answer]:
        self._calls[len(inputs)] += 1
        answers = await self._decisions(inputs)
        self._tell(None)
        return answers

    async def _decisions(self, inputs: Sequence[Input]) -> list[_Answer]:
        answered = await self._server.decide(inputs)
        reading = self._readings.by(answered.revision)
        if len(answered.decisions) != len(inputs):  # then each may be anybody's
            raise Unanswered(Fault.MALFORMED)
        return [_Answer(document, reading) for document in answered.decisions]

    # How it is. A server that nobody asks is asked to decide on nothing, which it must refuse: that takes
    # all that a decision does, the server, its bundle, the rule, and a revision that may decide.

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            idle = asyncio.get_running_loop().time() - self._answered > _IDLE
            if self._doubted or self._problem or idle:
                await self._probe()

    async def _probe(self) -> None:
        self._doubted = False
        try:
            for document, reading in await self._decisions([{}]):
                reading.decision(document, ())
        except Unanswered as error:
            self._tell(error.fault)
        else:
            self._tell(None)

    def _tell(self, fault: Fault | None) -> None:
        if fault is None:
            self._answered = asyncio.get_running_loop().time()
        if fault is not self._problem:
            self._problem = fault
            level = logging.WARNING if fault else logging.INFO
            _log.log(level, "policy_engine_changed", extra={"problem": self.problem})
