"""A broker whose building register is reached over GraphQL: from schema to exchange, by commands alone."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from adapters.registers import Registers
from exchange.client import Question
from exchange.client.errors import Failed
from exchange.model.request import SubjectKey
from tests.support.broker import RunningBroker, Site, running
from tests.support.datafordeler import HJEMMEL, REAL, published, simulator_process

KEY = "k3y-of-a-test"
ATTRIBUTES = ("enh020EnhedensAnvendelse", "enh026EnhedensSamledeAreal", "enh031AntalVaerelser")


@dataclass(frozen=True, slots=True)
class Building:
    """BBR as its own process, and how it is reached."""

    url: str
    control: str
    secret: Path

    def order(self, *faults: str) -> None:
        """Changes what it does wrong."""
        body = json.dumps(faults).encode()
        with urllib.request.urlopen(
            urllib.request.Request(self.control, body, method="PUT"), timeout=10
        ) as answer:
            assert list(faults) == json.load(answer)


@pytest.fixture(scope="module")
def bbr(register_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Building]:
    """`hjemmel register simulate bbr` in a process of its own, which wants an API key."""
    secret = tmp_path_factory.mktemp("secret") / "key"
    secret.write_text(KEY, "ascii")
    secret.chmod(0o600)
    command = ["bbr", "--folder", str(register_folder), "--api-key", str(secret)]
    if REAL:
        command += ["--sdl", str(published("BBR"))]
    with simulator_process(command) as ready:
        yield Building(ready["url"], ready["control"], secret)


@pytest.fixture(scope="module")
def imported(bbr: Building, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogue that `hjemmel register import-sdl` makes of the schema that the register serves."""
    folder = tmp_path_factory.mktemp("imported")
    with urllib.request.urlopen(f"{bbr.url}/schema", timeout=10) as answer:
        (folder / "bbr.graphql").write_bytes(answer.read())
    catalogue = folder / "catalogue" / "bbr.toml"
    command = ["register", "import-sdl", str(folder / "bbr.graphql"), "-o", str(catalogue)]
    command += ["--type", "BBR_Enhed", "--type", "BBR_Bygning", "--provider", "96000103"]
    command += ["--subject", "property", "--key", "BBR_Enhed:bbr_enhed_id=id_lokalId"]
    command += ["--key", "dar_adresse_id=adresseIdentificerer:many"]
    command += ["--key", "BBR_Bygning:bbr_bygning_id=id_lokalId"]
    subprocess.run([*HJEMMEL, *command], check=True, capture_output=True)
    again = subprocess.run([*HJEMMEL, *command], check=False, capture_output=True, text=True)
    assert (1, True) == (again.returncode, "there already" in " ".join(again.stderr.split()))
    return catalogue.parent


@pytest.fixture(scope="module")
def broker(
    bbr: Building, imported: Path, keys: Path, register_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningBroker]:
    """A broker that reads its buildings over GraphQL, and all else as ever."""
    site = Site(keys, register_folder, tmp_path_factory.mktemp("site"))
    connection = {"url": bbr.url, "secrets": {"api_key": str(bbr.secret)}}
    with running(site) as start:
        yield start(registers={"catalogue": str(imported), "connections": {"bbr": connection}, "attempts": 1})


@pytest.fixture
def ask(broker: RunningBroker, generated: Registers) -> Callable[..., Question]:
    """A municipality's question about a unit, in a building case."""
    unit = next(generated.tables["bbr.enhed"].records())
    question = Question(
        dataset="bbr.enhed",
        attributes=ATTRIBUTES,
        subject=SubjectKey("bbr_enhed_id", str(unit["id_lokalId"])),
        subject_role="property",
        purpose="building-case",
        legal_basis="bbrl.5.1",
        agreement="odense-bbr",
        case_reference="SAG-2025-0017",
        caseworker="byggesagsbehandler-4",
    )
    return lambda **changes: replace(question, **changes)


def test_an_exchange_is_answered_over_graphql(
    broker: RunningBroker, ask: Callable[..., Question], site: Site
) -> None:
    """What the register has leaves, with a receipt: the same that a broker on SQL gives."""
    with broker.client("odense") as client:
        over_graphql = client.exchange(ask())
    with running(site) as start, start().client("odense") as client:
        over_sql = client.exchange(ask())
    assert over_sql.records == over_graphql.records
    assert set(ATTRIBUTES) == {name for record in over_graphql.records for name in record}
    assert "granted" == broker.broker.log.reader.by_index(over_graphql.receipt.index).entry.outcome


def test_several_records_are_answered(
    broker: RunningBroker, ask: Callable[..., Question], generated: Registers
) -> None:
    """A key that many records have leads to all of them."""
    address = next(generated.tables["bbr.enhed"].records())["adresseIdentificerer"]
    rows = [
        r
        for r in generated.tables["bbr.enhed"].records()
        if r["adresseIdentificerer"] == address and r["registreringTil"] is None and r["virkningTil"] is None
    ]
    with broker.client("odense") as client:
        answer = client.exchange(ask(subject=SubjectKey("dar_adresse_id", str(address))))
    assert len(rows) == len(answer.records)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("drift=enh031AntalVaerelser", "bbr.enhed, enh031AntalVaerelser: it does not know a field"),
        ("expired", "bbr.enhed: its credentials have expired"),
        ("down", "bbr.enhed: it cannot be reached"),
        ("half-answer", "bbr.enhed: its answer is not whole"),
        ("not-utf8", "bbr.enhed: its answer is not UTF-8"),
    ],
)
def test_a_fault_fails_the_exchange_and_is_recorded(
    broker: RunningBroker, bbr: Building, ask: Callable[..., Question], fault: str, said: str
) -> None:
    """The caller is told which dataset and why; the log has it; nothing left. Then it answers again."""
    question = ask()
    bbr.order(fault)
    try:
        with broker.client("odense") as client, pytest.raises(Failed) as caught:
            client.exchange(question)
    finally:
        bbr.order()
    assert said in str(caught.value)
    assert question.subject.value not in str(caught.value)
    assert caught.value.receipt is not None
    entry = broker.broker.log.reader.by_index(caught.value.receipt.index).entry
    assert ("failed", ()) == (entry.outcome, entry.attributes_released)
    with broker.client("odense") as client:
        assert 1 == len(client.exchange(question).records)
