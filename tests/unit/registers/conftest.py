"""The generated registers in both sizes, made once."""

import pytest

from adapters.registers import Registers, generate


@pytest.fixture(scope="session")
def small() -> Registers:
    """The registers of 200 persons."""
    return generate(200)


@pytest.fixture(scope="session")
def large() -> Registers:
    """The registers of 10,000 persons."""
    return generate(10_000)
