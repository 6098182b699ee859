"""`hjemmel register simulate` serves a register over an interface such as its own, whatever kind that is."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from adapters.registers import Registers
from adapters.simulators.faults import FAULTS
from tests.integration.cli.conftest import Run
from tests.support.datafordeler import simulator_process


def got(url: str, data: bytes | None = None) -> Any:
    """Asks; gives what came."""
    headers = {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
        return answer.read()


def test_a_register_has_the_interface_of_its_entry(register_folder: Path) -> None:
    """Without a kind, BBR is GraphQL as at Datafordeler, eIndkomst is SOAP; a kind may be forced."""
    for arguments, kind, path in (
        (["bbr"], "datafordeler", "/BBR/v1"),
        (["eindkomst"], "soap", "/eindkomst"),
        (["bbr", "--kind", "rest"], "rest", ""),
    ):
        with simulator_process([*arguments, "--folder", str(register_folder)]) as told:
            assert (kind, True) == (told["kind"], told["url"].endswith(path))
            if told["catalogue"]:
                assert (Path(told["catalogue"]) / f"{arguments[0]}.toml").exists()


def test_graphql_answers_queries(register_folder: Path, generated: Registers) -> None:
    """What is served is the register's own data."""
    unit = next(iter(generated.tables["bbr.enhed"].records()))["id_lokalId"]
    query = f'{{ BBR_Enhed(where: {{id_lokalId: {{eq: "{unit}"}}}}) {{ nodes {{ id_lokalId }} }} }}'
    with simulator_process(["bbr", "--folder", str(register_folder)]) as told:
        document = json.loads(got(told["url"], json.dumps({"query": query}).encode()))
    assert {unit} == {node["id_lokalId"] for node in document["data"]["BBR_Enhed"]["nodes"]}


def test_every_second_question_goes_wrong_as_ordered(register_folder: Path, generated: Registers) -> None:
    """Over REST as over any other interface; the control port changes it while it runs."""
    building = next(iter(generated.tables["bbr.bygning"].records()))["id_lokalId"]
    arguments = [
        "bbr",
        "--kind",
        "rest",
        "--folder",
        str(register_folder),
        "--fault",
        "error",
        "--every",
        "2",
    ]
    with simulator_process(arguments) as told:
        asked = f"{told['url']}/bygninger?id={building}"
        for _ in range(2):
            assert {str(building).upper()} == {r["id"] for r in json.loads(got(asked))["data"]}
            with pytest.raises(urllib.error.HTTPError, match="500"):
                got(asked)
        urllib.request.urlopen(urllib.request.Request(told["control"], b'["refused"]', method="PUT")).close()
        got(asked)
        with pytest.raises(urllib.error.HTTPError, match="403"):
            got(asked)


def test_soap_shows_its_wsdl(register_folder: Path) -> None:
    """And says which options a connection to it needs."""
    with simulator_process(["eindkomst", "--folder", str(register_folder)]) as told:
        assert b"HentIndkomst" in got(f"{told['url']}?wsdl")
        assert {"user_system", "user", "service", "service_agreement.AGREEMENT"} == set(told["options"])


def test_faults_are_listed(run: Run) -> None:
    """Whoever looks for a fault finds all of them, with what they do, and for which interfaces."""
    ran = run("register", "simulate", "bbr", "--fault", "help", "--json")
    listed = json.loads(json.dumps({name: asdict(fault) for name, fault in FAULTS.items()}))
    assert (0, listed) == (ran.status, json.loads(ran.out))
    assert all(name in run("register", "simulate", "bbr", "--fault", "help").said for name in FAULTS)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["nowhere"], 1, "register nowhere is not in the catalogue"),
        (["bbr", "--fault", "sleepy"], 2, "'sleepy' is no fault"),
        (["bbr", "--kind", "rest", "--fault", "break-off"], 2, "'break-off' is no fault of rest"),
        (["eindkomst", "--fault", "fault"], 2, "takes a meaning"),
        (["bbr", "--sdl", "{toml}"], 1, "no schema of GraphQL"),
        (["bbr", "--kind", "rest", "--sdl", "{toml}"], 2, "for the kind datafordeler"),
        (["cpr", "--kind", "soap"], 1, "no entry of kind soap describes register cpr"),
        (["bbr", "--kind", "rest", "--folder", "nowhere"], 1, "hjemmel register generate"),
    ],
)
def test_what_cannot_be_served_is_told(
    run: Run, tmp_path: Path, arguments: list[str], status: int, said: str
) -> None:
    """A register that nobody described, a fault that is none there, a file that is no schema."""
    wrong = tmp_path / "x.toml"
    wrong.write_text("a = 1", "utf-8")
    ran = run("register", "simulate", *(a.replace("{toml}", str(wrong)) for a in arguments))
    assert (status, True) == (ran.status, said in ran.said)
