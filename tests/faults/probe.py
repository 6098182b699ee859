"""Waiting until something comes true: a condition, or the health that a load balancer sees."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

_PATIENCE = 30  # seconds


async def until(condition: Callable[[], bool]) -> None:
    """Waits until a condition holds.

    Raises:
        TimeoutError: it never did.
    """
    async with asyncio.timeout(_PATIENCE):
        while not condition():  # noqa: ASYNC110  # what it asks about is outside of this process
            await asyncio.sleep(0.02)


def becomes(address: str, *, serving: bool) -> bool:
    """Waits until the health check says so; tells whether it did."""
    wanted = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
    end = time.monotonic() + _PATIENCE
    with grpc.insecure_channel(address) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)  # its methods have no types
        while time.monotonic() < end:
            if stub.Check(health_pb2.HealthCheckRequest(), timeout=5).status == wanted:
                return True
            time.sleep(0.05)
    return False
