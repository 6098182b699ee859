"""Shows what a failed check compared; a server for those that crash it; a folder where syncing is quick."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import postgres

pytest.register_assert_rewrite("tests.faults.checks")


@pytest.fixture(scope="module")
def postgres_server_of_its_own() -> Iterator[postgres.Server]:
    """A PostgreSQL server of a module's own, since it is crashed."""
    with postgres.server() as running:
        yield running


@pytest.fixture
def quick_path() -> Iterator[Path]:
    """A folder in memory where there is one: what is checked is the order of calls, not the disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="hjemmel-", dir=memory if memory.is_dir() else None, ignore_cleanup_errors=True
    ) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's user must pass through
        yield Path(folder)
