"""Puts into the log what was done with policy sets: the owner's work, however many brokers follow them."""

from __future__ import annotations

import asyncio
import logging

from audit.errors import LogError
from audit.formats.entry import POLICY_CHANGED, Event, Submission
from audit.log import AuditLog
from audit.storage.policies import PolicyEvent

_log = logging.getLogger(__name__)
_EVERY = 0.5  # seconds between two looks
_SUBJECT = b"hjemmel:policy"  # these entries seal nothing about anybody


async def record_events(log: AuditLog) -> None:
    """Records what is not recorded yet; the set that a log began with stands in its entries anyway.

    Raises:
        LogError: the log takes nothing at present.
    """
    events = await asyncio.to_thread(log.policies.events)
    for event in events[1:]:
        if event.entry is None:
            done = await log.append(_entry(event), closes_intention=False)
            await asyncio.to_thread(log.policies.recorded, event.number, done.index)


async def keep_recording(log: AuditLog) -> None:
    """Records them as they happen, until it is cancelled."""
    newest = -1
    while True:
        try:
            found = await asyncio.to_thread(log.policies.newest)
            if found != newest:
                await record_events(log)
                newest = found
        except Exception as error:  # noqa: BLE001  # whatever it is, the next look tries again
            problem = str(error) if isinstance(error, LogError) else type(error).__name__
            _log.warning("policy_event_not_recorded", extra={"problem": problem})
        await asyncio.sleep(_EVERY)


def _entry(event: PolicyEvent) -> Submission:
    details = {"action": event.action.value, "revision": event.revision, "number": str(event.number)}
    return Submission(
        Event(POLICY_CHANGED, event.time, None, "", details), _SUBJECT, {}, claims_request_id=False
    )
