"""Getting the log's checkpoints cosigned, beside the writer and never in its way.

Each round asks every witness that has not seen the newest checkpoint to cosign it, and keeps what it
answers. A checkpoint counts as cosigned when the policy's quorum is met, or, without a policy, when one
witness cosigned it. A witness that fails is asked again, each time after a longer pause; it never stops
the log, and what it says is believed only as far as it verifies.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import aiohttp
import sqlalchemy as sa

from audit.errors import LogError, NotFound, VerificationError
from audit.formats import checkpoint, cosignature, note
from audit.formats.checkpoint import Checkpoint
from audit.formats.cosignature import CosignatureVerifier
from audit.formats.merkle import verify_consistency
from audit.formats.note import NoteSignature
from audit.formats.tlog_policy import Policy
from audit.reading.reader import LogReader
from audit.witness import cosigned
from audit.witness.cosigned import CosignedCheckpoint, WitnessState
from audit.witness.witness_protocol import (
    ADD_CHECKPOINT,
    MAX_ANSWER,
    AddCheckpoint,
    Cosigned,
    Stale,
    WitnessError,
    lines_of,
    read_answer,
)

_log = logging.getLogger(__name__)
_LONGEST_PAUSE = 300.0  # seconds between attempts at a witness that fails
_ATTEMPTS = 2  # a witness that saw another size than we thought is asked once more


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness: where it is asked, and the key it cosigns with."""

    url: str
    verifier: CosignatureVerifier

    @property
    def key(self) -> str:
        """Its key's name and id."""
        return f"{self.verifier.name}+{self.verifier.key_id.hex()}"


@dataclass(frozen=True, slots=True)
class WitnessingSettings:
    """Whom to ask, and how often.

    Attributes:
        witnesses: whom to ask.
        policy: what makes a checkpoint cosigned; nothing where one witness is enough.
        interval: seconds between rounds.
        timeout: seconds that a witness may take to answer.
    """

    witnesses: tuple[Witness, ...]
    policy: Policy | None = None
    interval: float = 10.0
    timeout: float = 5.0


@dataclass(slots=True)
class _Pause:
    failures: int = 0
    until: float = 0.0


class Witnessing:
    """Asks witnesses for one log. For one event loop."""

    def __init__(self, engine: sa.Engine, reader: LogReader, settings: WitnessingSettings) -> None:
        """Takes the log's database, the log as it is read, and whom to ask."""
        self._engine = engine
        self._reader = reader
        self._settings = settings
        self._states: dict[str, WitnessState] = {}
        self._pauses = {w.key: _Pause() for w in settings.witnesses}
        self._newest: CosignedCheckpoint | None = None
        self._problem: str | None = None

    async def run(self) -> None:
        """Asks, round after round, until it is cancelled."""
        while True:
            try:
                await self.round()
            except Exception as error:  # noqa: BLE001  # whatever it is, the next round tries again
                self._tell(str(error) if isinstance(error, LogError) else type(error).__name__)
            else:
                self._tell(None)
            await asyncio.sleep(self._settings.interval)

    async def round(self) -> None:
        """Asks each witness once that has not cosigned the newest checkpoint.

        Raises:
            LogError: the log cannot be read, or is no longer the one that was cosigned.
        """
        signed = await asyncio.to_thread(self._reader.signed_checkpoint)
        head = checkpoint.verify(signed, self._reader.verifier)
        if not self._states:
            await asyncio.to_thread(self._remember, head)
        due = [w for w in self._settings.witnesses if self._is_due(w, head)]
        if head.size == 0 or not due:
            return
        timeout = aiohttp.ClientTimeout(total=self._settings.timeout)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            asking = [asyncio.create_task(self._ask(session, w, signed, head)) for w in due]
            try:
                for state in asyncio.as_completed(asking):  # a slow one keeps nobody's answer back
                    await asyncio.to_thread(self._keep, await state, signed, head)
            finally:
                for task in asking:
                    task.cancel()

    def _remember(self, head: Checkpoint) -> None:
        """Reads what is known from before, and holds the log to what was cosigned of it."""
        with self._engine.connect().execution_options(read_only=True) as connection:
            newest = cosigned.read_cosigned(connection)
            known = {state.witness: state for state in cosigned.read_witnesses(connection)}
        if newest is not None:
            old = checkpoint.verify(newest.signed_checkpoint, self._reader.verifier)
            try:
                proof = self._reader.consistency(old.size, head.size)
                verify_consistency(old.size, head.size, proof, old.root, head.root)
            except (NotFound, VerificationError) as error:
                raise VerificationError(
                    f"the log is not the one whose {old.size} entries were cosigned: {error}"
                ) from error
        self._newest = newest
        self._states = {
            w.key: replace(known.get(w.key, WitnessState(w.key, w.url)), url=w.url)
            for w in self._settings.witnesses
        }

    def _is_due(self, witness: Witness, head: Checkpoint) -> bool:
        seen = self._states[witness.key].signed_checkpoint
        waits = self._pauses[witness.key].until > time.monotonic()
        return not waits and (seen is None or note.parse(seen).text != head.text)

    async def _ask(
        self, session: aiohttp.ClientSession, witness: Witness, signed: str, head: Checkpoint
    ) -> WitnessState:
        state = replace(self._states[witness.key], asked=int(time.time()))
        try:
            answer = await self._cosign(session, witness, signed, head, state.size)
        except (WitnessError, aiohttp.ClientError, TimeoutError, OSError) as error:
            problem = str(error) if isinstance(error, WitnessError) else "cannot be reached or did not answer"
            return replace(state, problem=problem)
        return replace(
            state,
            size=head.size,
            time=answer.time,
            signed_checkpoint=cosignature.add(signed, [answer.line]),
            problem=None,
        )

    async def _cosign(
        self, session: aiohttp.ClientSession, witness: Witness, signed: str, head: Checkpoint, old: int
    ) -> Cosigned:
        for _ in range(_ATTEMPTS):
            if old > head.size:
                raise WitnessError(f"saw {old} entries of this log, which has {head.size}: was it put back?")
            proof = await asyncio.to_thread(self._reader.consistency, old, head.size)
            request = AddCheckpoint(old, tuple(proof), signed)
            answer = await _post(session, witness, request, head)
            if isinstance(answer, Cosigned):
                return answer
            old = answer.size
        raise WitnessError("does not stand by the size that it says it saw")

    def _keep(self, state: WitnessState, signed: str, head: Checkpoint) -> None:
        self._note_change(state)
        states = {**self._states, state.witness: state}
        newest = self._cosigned(states, signed, head)
        with self._engine.begin() as connection:
            cosigned.keep(connection, state, newest)
        self._states, self._newest = states, newest or self._newest  # what failed to be kept is asked again

    def _cosigned(
        self, states: Mapping[str, WitnessState], signed: str, head: Checkpoint
    ) -> CosignedCheckpoint | None:
        """Puts together what all witnesses said of this checkpoint; nothing where it is not enough."""
        lines: dict[Witness, list[NoteSignature]] = {}
        for witness in self._settings.witnesses:
            seen = states[witness.key].signed_checkpoint
            if seen is not None and note.parse(seen).text == head.text:
                lines[witness] = lines_of(seen, witness.verifier)
        policy = self._settings.policy
        enough = bool(lines)
        if policy is not None:
            keys = {witness.verifier for witness in lines}
            enough = policy.is_met([w.name for w in policy.witnesses if w.verifier in keys])
        if not enough or not lines or (self._newest and self._newest.size > head.size):
            return None
        full = cosignature.add(signed, [line for mine in lines.values() for line in mine])
        return CosignedCheckpoint(head.size, full)

    def _note_change(self, state: WitnessState) -> None:
        before, pause = self._states[state.witness], self._pauses[state.witness]
        pause.failures = pause.failures + 1 if state.problem else 0
        wait = self._settings.interval * 2 ** min(pause.failures, 10) if state.problem else 0.0
        pause.until = time.monotonic() + min(wait, _LONGEST_PAUSE)
        if state.problem != before.problem:
            what = {"witness": state.witness, "problem": state.problem}
            _log.warning("witness_failed" if state.problem else "witness_recovered", extra=what)

    def _tell(self, problem: str | None) -> None:
        if problem != self._problem:
            self._problem = problem
            _log.warning("witnessing_failed" if problem else "witnessing", extra={"problem": problem})


async def _post(
    session: aiohttp.ClientSession, witness: Witness, request: AddCheckpoint, head: Checkpoint
) -> Cosigned | Stale:
    url = f"{witness.url.rstrip('/')}/{ADD_CHECKPOINT}"
    async with session.post(url, data=request.text.encode(), allow_redirects=False) as response:
        body = bytearray()
        async for chunk in response.content.iter_chunked(MAX_ANSWER):
            body += chunk
            if len(body) > MAX_ANSWER:
                raise WitnessError("answers with more than a witness has to say")
        return read_answer(
            witness.verifier, head, response.status, response.content_type, bytes(body), time.time()
        )


def witnesses_of(policy: Policy | None, others: Sequence[Witness]) -> tuple[Witness, ...]:
    """Gives each witness once that can be asked: those with a URL in a policy, and others."""
    named = [Witness(w.url, w.verifier) for w in policy.witnesses if w.url] if policy else []
    return tuple({w.verifier: w for w in (*named, *others)}.values())
