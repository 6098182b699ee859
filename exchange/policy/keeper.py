"""Keeps the engine on the policy set in force, while the broker runs.

What is in force stands in the log's database, where commands and other brokers write it (see
`audit.storage.policies`). The keeper looks there about twice a second, and applies a change in this order:

    read       the archived set, held to its revision
    compile    a new engine; requests are still decided by the old one
    exchange   the engines, between two requests
    record     an entry of the log that says so

A step that fails leaves the old set at work, and says why in `problem` and in the broker's own log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from audit.errors import LogError
from audit.log import AuditLog
from audit.storage.policies import PolicyState, peek
from exchange.model.request import timestamp
from exchange.policy import policy_set
from exchange.policy.embedded import EmbeddedEngine
from exchange.policy.events import record_events
from exchange.policy.folder_watch import FolderWatch
from exchange.policy.in_force import PoliciesInForce
from exchange.policy.live import LiveEngine
from exchange.policy.policy_set import PolicyError, PolicySet
from exchange.policy.shadow import Shadow
from exchange.ports import PolicyEngine

_log = logging.getLogger(__name__)
_EVERY = 0.5  # seconds between two looks
_FLUSH = 4  # looks between two writings of what a shadow counted
_UNLIMITED = 60.0  # seconds

#: Makes an engine for a set, or gives the one at work where that follows the set by itself.
MakeEngine = Callable[[PolicySet], Awaitable[PolicyEngine]]


class PolicyKeeper:
    """Follows the policy set in force."""

    def __init__(
        self,
        log: AuditLog,
        in_force: PoliciesInForce,
        live: LiveEngine,
        make: MakeEngine,
        state: PolicyState,
        watch: FolderWatch | None,
    ) -> None:
        """Takes the state that the engine is at, and a folder to publish when it is saved."""
        self._log = log
        self._in_force = in_force
        self._live = live
        self._make = make
        self._state = state
        self._watch = watch
        self._problem: str | None = None

    @property
    def engine(self) -> LiveEngine:
        """The engine that decides."""
        return self._live

    @property
    def problem(self) -> str | None:
        """Why something that was published or saved is not at work; nothing where all is."""
        return self._problem or (self._watch.problem if self._watch else None)

    async def run(self) -> None:
        """Follows until cancelled."""
        looks = 0
        try:
            while True:
                await self.look()
                looks += 1
                if looks % _FLUSH == 0:
                    await self._flush()
                await asyncio.sleep(_EVERY)
        finally:
            await self._shadow("")

    async def look(self) -> None:
        """Looks once, and applies what changed. Whatever goes wrong, the old set goes on deciding."""
        try:
            if self._watch and (saved := await asyncio.to_thread(self._watch.saved)):
                await asyncio.to_thread(publish, self._log, saved, "saved in the watched folder")
            if await asyncio.to_thread(self._log.policies.newest) != self._state.number:
                await self._apply(await asyncio.to_thread(self._log.policies.state))
            self._problem = None
        except Exception as error:  # noqa: BLE001  # whatever it is, requests are still decided
            problem = str(error) if isinstance(error, PolicyError | LogError) else type(error).__name__
            if problem != self._problem:
                _log.error("policy_change_failed", extra={"problem": problem})
            self._problem = problem

    async def _apply(self, state: PolicyState) -> None:
        self._in_force.withdraw(state.withdrawn)
        if not state.active:
            self._live.replace(None)
        elif state.active != self._in_force.active.revision:
            await self._exchange(await asyncio.to_thread(self._archived, state.active))
        if state.shadow != (self._live.shadow.revision if self._live.shadow else ""):
            await self._shadow(state.shadow)
        await self.record()
        self._state = state

    async def _exchange(self, policies: PolicySet) -> None:
        engine = await self._make(policies)
        self._in_force.change(policies)
        self._live.replace(engine)
        _log.info("policy_changed", extra={"revision": policies.revision})

    async def _shadow(self, revision: str) -> None:
        if old := self._live.shadow:
            self._live.shadow = None
            await asyncio.to_thread(old.stop)
            await self._write_differences(old)
        if revision:
            candidate = Shadow(await asyncio.to_thread(self._archived, revision))
            candidate.start()
            self._live.shadow = candidate

    async def _flush(self) -> None:
        if self._live.shadow:
            await self._write_differences(self._live.shadow)

    async def _write_differences(self, shadow: Shadow) -> None:
        counted = shadow.collect()
        for difference in counted:
            if difference.change != "same":
                _log.info("policy_would_differ", extra={"difference": difference})
        if counted:
            with suppress(Exception):  # counts of a trial are not worth a broker
                await asyncio.to_thread(self._log.policies.add_differences, counted)

    async def record(self) -> None:
        """Puts what was done into the log, where this process owns it: else the owner does."""
        if self._log.writer is not None:
            await record_events(self._log)

    def _archived(self, revision: str) -> PolicySet:
        return PolicySet.from_bundle(self._log.policies.bundle(revision))


def load(folder: Path) -> PolicySet:
    """Reads a folder of policies, and compiles it whichever engine decides.

    Raises:
        PolicyError: it does not hold.
    """
    policies = policy_set.load(folder)
    EmbeddedEngine(policies, _UNLIMITED).close()
    return policies


def load_or_stand(folder: Path, log_url: str) -> PolicySet | None:
    """Reads the folder that a broker starts with; gives nothing where another set can stand in for it.

    Raises:
        PolicyError: the folder does not hold, and no set was ever in force in this log.
    """
    try:
        return load(folder)
    except PolicyError as error:
        if not peek(log_url).active:
            raise
        _log.error("policy_folder_does_not_hold", extra={"problem": str(error)})
        return None


def begin(log: AuditLog, policies: PolicySet | None) -> tuple[PolicySet, PolicyState]:
    """Settles which set decides when a broker starts.

    A folder whose set was never in force here is new, and is published. One that was in force before
    and is not now was followed by another or rolled back: that stands, until someone publishes again.

    Raises:
        PolicyError: every set was withdrawn.
        FormatError: the archive was altered.
    """
    state = log.policies.state()
    if policies and policies.revision not in {*state.history, *state.withdrawn}:
        now = timestamp(datetime.now(UTC))
        log.policies.introduce(policies.revision, policies.bundle, now, "the folder, when the broker started")
        state = log.policies.state()
    if policies and policies.revision == state.active:
        return policies, state
    if not state.active:
        raise PolicyError("every policy set was withdrawn: publish one with hjemmel policy publish")
    if policies:
        extra = {"folder": policies.revision, "in_force": state.active, "do": "hjemmel policy publish"}
        _log.warning("policy_folder_is_not_in_force", extra=extra)
    return PolicySet.from_bundle(log.policies.bundle(state.active)), state


def publish(log: AuditLog, policies: PolicySet, note: str) -> None:
    """Archives a set and puts it in force.

    Raises:
        FormatError: it was withdrawn.
    """
    log.policies.put_in_force(policies.revision, policies.bundle, timestamp(datetime.now(UTC)), note)
