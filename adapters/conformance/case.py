"""The claims as a class for pytest, which needs no plug-in of pytest's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from adapters.conformance.claims import CLAIMS, NotTriedError
from adapters.conformance.trial import Trial

Claim = Callable[[Trial], Awaitable[None]]


class AdapterConformance:
    """Every claim about an adapter as a test. A subclass gives the fixture `trial`."""


def _test(claim: Claim) -> Callable[[AdapterConformance, Trial], None]:
    def test(self: AdapterConformance, trial: Trial) -> None:  # noqa: ARG001  # pytest calls it so
        import pytest  # noqa: PLC0415  # the broker has none

        try:
            asyncio.run(_tried(claim, trial))
        except NotTriedError as reason:
            pytest.skip(str(reason))

    test.__doc__ = claim.__doc__
    test.__name__ = f"test_{claim.__name__}"
    return test


async def _tried(claim: Claim, trial: Trial) -> None:
    await claim(trial)


for _claim in CLAIMS:
    setattr(AdapterConformance, f"test_{_claim.__name__}", _test(_claim))
