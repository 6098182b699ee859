"""What the tests of watching share."""

from __future__ import annotations

import pytest

from tests.support.broker import RunningBroker
from tests.support.sides import Sides


@pytest.fixture
def sides(broker: RunningBroker) -> Sides:
    """A broker whose log a test fills with entries of many authorities."""
    return Sides(broker)
