"""Registers that may change, and who is followed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.registers import Registers, changing
from exchange.client import Subject
from tests.support.broker import Site
from tests.support.changes import adults

Change = Callable[..., None]


@pytest.fixture
def site(keys: Path, register_folder: Path, tmp_path: Path) -> Site:
    """The registers are the test's own: they change."""
    shutil.copytree(register_folder, tmp_path / "registers")
    return Site(keys, tmp_path / "registers", tmp_path)


@pytest.fixture
def change(site: Site) -> Change:
    """Makes a change: `change(subject, civilstand="gift")`."""

    def made(subject: Subject, dataset: str = "cpr.person", **values: str) -> None:
        key = {"personnummer": subject.value}
        assert changing.change(site.registers, dataset, key, values) > 0

    return made


@pytest.fixture(scope="session")
def persons(generated: Registers) -> list[Subject]:
    """Persons of age, each in a case of its own."""
    return adults(generated)
