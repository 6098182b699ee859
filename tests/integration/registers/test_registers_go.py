"""A register in Go, in a process of its own, passes the conformance kit as one of ours does."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.conformance import AdapterConformance, Expected, Trial
from adapters.kinds import open_adapters
from adapters.port import AsOf, Attribute, Catalogue, Connection, Dataset, Key, RegisterAdapter, Source, Text
from tests.integration.registers.test_registers_grpc import connection_to
from tests.support import go_register

TEXT = Text("", "")
THING = Dataset(
    name="things.thing",
    register="things",
    provider="95000088",
    title=TEXT,
    subject="property",
    source=Source("grpc", {}, "a test"),
    attributes=(
        Attribute("number", "integer", "ordinary", TEXT),
        Attribute("street", "string", "ordinary", TEXT),
        Attribute("let", "boolean", "ordinary", TEXT),
    ),
    keys=(Key("bfe_nummer", "number", "many"),),
)
ROWS = """number:integer,street:string,let:boolean,virkningFra,virkningTil
990000001,Ærøgade 1,true,2020-01-01T00:00:00Z,2024-01-01T00:00:00Z
990000001,"Åvej 2, baghuset",false,2024-01-01T00:00:00Z,
990000002,,true,2020-01-01T00:00:00Z,
"""
PAST = AsOf(datetime(2023, 1, 1, tzinfo=UTC), datetime(2023, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def register(keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The register, running; gives its address."""
    rows = tmp_path_factory.mktemp("things") / "thing.csv"
    rows.write_text(ROWS)
    told = {
        "file": rows,
        "dataset": THING.name,
        "key-kind": "bfe_nummer",
        "key": "number",
        "ca": keys / "ca.pem",
        "cert": keys / "broker.pem",
        "cert-key": keys / "broker.key",
    }
    command = [str(go_register.built()), *(f"-{name}={value}" for name, value in told.items())]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate(timeout=20)


class TestGo(AdapterConformance):
    """The example register."""

    @pytest.fixture
    def trial(self, register: str, keys: Path) -> Trial:
        """Two subjects, one of which moved."""

        def opening(connection: Connection) -> RegisterAdapter:
            return open_adapters(Catalogue.of((THING,)), lambda _: connection)[THING.name]

        dead = connection_to("127.0.0.1:9", keys)
        return Trial(
            open=lambda: opening(connection_to(register, keys)),
            dataset=THING,
            kind="bfe_nummer",
            known=("990000001", "990000002"),
            unknown="990000003",
            expected=[
                Expected("990000001", PAST, [{"number": 990000001, "street": "Ærøgade 1", "let": True}])
            ],
            open_dead=lambda: opening(dead),
        )


def test_the_example_is_under_150_lines() -> None:
    """As the documentation promises."""
    assert len((go_register.SOURCE / "main.go").read_text().splitlines()) < 150
