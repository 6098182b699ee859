"""Puts together what decides: an engine, the policy sets it may decide by, and who follows them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

from audit.log import AuditLog
from exchange.config import Settings
from exchange.policy import keeper
from exchange.policy.bundle import BundleSigner
from exchange.policy.embedded import prepare
from exchange.policy.folder_watch import FolderWatch
from exchange.policy.in_force import PoliciesInForce
from exchange.policy.keeper import MakeEngine, PolicyKeeper
from exchange.policy.live import LiveEngine
from exchange.policy.policy_set import PolicySet
from exchange.ports import PolicyEngine


@dataclass(frozen=True, slots=True)
class Deciding:
    """What decides.

    Attributes:
        keeper: holds the engine, and keeps it on the set in force.
        problem: tells why the engine cannot decide at present.
        bundle_port: where OPA servers fetch the set in force, where they do.
    """

    keeper: PolicyKeeper
    problem: Callable[[], str | None]
    bundle_port: int | None


def first_look(settings: Settings) -> PolicySet | None:
    """Reads the folder before anything is opened: a broker that cannot decide takes no log.

    Raises:
        PolicyError: it does not hold, and no archived set could stand in for it.
    """
    return keeper.load_or_stand(settings.policy.folder, settings.log.url)


async def follow(
    settings: Settings, folder_set: PolicySet | None, log: AuditLog, stack: AsyncExitStack
) -> Deciding:
    """Begins to decide by the set in force, and to follow its changes.

    Raises:
        PolicyError: there is no set to decide by.
        KeyFileError: the key that signs bundles is not there.
        OSError: the address for bundles cannot be listened on.
    """
    policies, state = keeper.begin(log, folder_set)
    in_force = PoliciesInForce(policies, settings.policy.overlap)
    in_force.withdraw(state.withdrawn)
    make, problem = await _engines(settings, in_force, stack)
    live = LiveEngine(await make(policies))
    stack.callback(live.close)
    watch = None
    if settings.policy.follow == "saved":
        watch = FolderWatch(settings.policy.folder, keeper.load, folder_set.revision if folder_set else "")
    kept = PolicyKeeper(log, in_force, live, make, state, watch)
    await kept.record()
    bundle_port = await _bundles(settings, in_force, stack)
    following = asyncio.create_task(kept.run())
    stack.push_async_callback(_ended, following)
    return Deciding(kept, problem, bundle_port)


async def _engines(
    settings: Settings, in_force: PoliciesInForce, stack: AsyncExitStack
) -> tuple[MakeEngine, Callable[[], str | None]]:
    policy = settings.policy

    async def embedded(policies: PolicySet) -> PolicyEngine:
        return await prepare(policies, policy.timeout)

    if policy.engine == "embedded":
        return embedded, lambda: None
    from exchange.policy.opa import OpaEngine  # noqa: PLC0415  # half of the start-up time: aiohttp

    server = await stack.enter_async_context(
        OpaEngine(policy.opa_url, in_force, policy.timeout, policy.opa_batch, policy.opa_calls)
    )

    async def served(_policies: PolicySet) -> PolicyEngine:
        return server  # it asks `in_force` which revisions to believe

    return served, lambda: server.problem


async def _bundles(settings: Settings, in_force: PoliciesInForce, stack: AsyncExitStack) -> int | None:
    if not settings.policy.bundle_address:
        return None
    from exchange.edge.bundles import BundleServer  # noqa: PLC0415  # as above

    signer = BundleSigner.load(settings.policy.bundle_signing_key, settings.policy.bundle_key_id)
    server = BundleServer(in_force, signer, settings.policy.bundle_address)
    return (await stack.enter_async_context(server)).port


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
