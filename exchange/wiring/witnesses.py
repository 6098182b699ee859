"""Puts together who cosigns the log's checkpoints, and asks them for as long as the broker runs."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from audit.errors import FormatError
from audit.formats import tlog_policy
from audit.formats.cosignature import CosignatureVerifier
from audit.formats.note import NoteVerifier
from audit.formats.tlog_policy import Policy
from audit.log import AuditLog
from exchange import config
from exchange.config import ConfigError


async def follow(settings: config.Witness, log: AuditLog, stack: AsyncExitStack) -> None:
    """Begins to ask the configured witnesses, where there are any.

    Raises:
        ConfigError: the policy cannot be read, is of another log, or could never be met.
    """
    policy = read_policy(settings, log.reader.verifier)
    if not settings.witnesses and policy is None:
        return
    from audit.witness import witnessing  # noqa: PLC0415  # half of the start-up time: aiohttp

    others = [
        witnessing.Witness(url, CosignatureVerifier.parse(vkey)) for url, vkey in settings.witnesses.items()
    ]
    asked = witnessing.witnesses_of(policy, others)
    keys = {witness.verifier for witness in asked}
    if policy and not policy.is_met([w.name for w in policy.witnesses if w.verifier in keys]):
        raise ConfigError(f"witness.policy: the quorum {policy.quorum} can never be met: give witnesses URLs")
    asking = witnessing.Witnessing(
        log.engine,
        log.reader,
        witnessing.WitnessingSettings(asked, policy, settings.interval, settings.timeout),
    )
    task = asyncio.create_task(asking.run())
    stack.push_async_callback(_ended, task)


def read_policy(settings: config.Witness, log: NoteVerifier) -> Policy | None:
    """Reads the configured policy, where there is one.

    Raises:
        ConfigError: it cannot be read, or is of another log.
    """
    if not isinstance(settings.policy, Path):
        return None
    try:
        policy = tlog_policy.read(settings.policy)
    except FormatError as error:
        raise ConfigError(f"witness.policy: {error}") from error
    if policy.logs and log not in policy.logs:
        raise ConfigError(f"witness.policy: {settings.policy} does not list this log: add 'log {log.vkey}'")
    return policy


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
