"""`hjemmel serve` in a process of its own: it says when it is ready, why it is not, and ends in order."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.registers import Registers
from exchange import wiring
from exchange.cli.main import _is_expected
from exchange.client import Client
from tests.integration.cli.conftest import Ran, Serve, options
from tests.support import broker as brokers
from tests.support.broker import BrokerProcess, Site
from tests.support.questions import granted


def hjemmel(*arguments: object) -> Ran:
    """Runs `hjemmel` as a process, as a shell would."""
    command = [sys.executable, "-m", "exchange.cli.main", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return Ran(done.returncode, done.stdout, done.stderr)


def ask(site: Site, process: BrokerProcess, registers: Registers, times: int = 1) -> int:
    """Asks a broker; gives the index of the last entry."""
    with Client(process.target, site.credentials("udbetaling-danmark")) as client:
        return [client.exchange(granted(registers)).receipt.index for _ in range(times)][-1]


def stopped(process: BrokerProcess, number: signal.Signals) -> tuple[int, list[str]]:
    """Sends a signal; gives the exit status and what the broker logged."""
    process.process.send_signal(number)
    _, said = process.process.communicate(timeout=30)
    return process.process.returncode, said.splitlines()


@pytest.mark.slow
def test_broker_serves_a_whole_day(site: Site, serve: Serve, generated: Registers, tmp_path: Path) -> None:
    """Started, probed, asked, its receipt and its log verified, stopped: all from the command line."""
    process = serve()
    ready = hjemmel("probe", "--address", process.probe, "--json")
    assert (0, {"status": "SERVING"}) == (ready.status, json.loads(ready.out))
    receipt = tmp_path / "one.tlog-proof"
    credentials = site.keys / "udbetaling-danmark"
    asked = hjemmel(
        *("request", "--target", process.target, "--as", credentials, *options(granted(generated))),
        *("--receipt", receipt, "--json"),
    )
    (credentials / "last-checkpoint").unlink()
    assert (0, "") == (asked.status, asked.err)
    assert 24 == len(json.loads(asked.out)["records"])
    (tmp_path / "log.vkey").write_text(process.vkey, "utf-8")
    assert 0 == hjemmel("receipt", "verify", receipt, "--vkey", tmp_path / "log.vkey").status
    while_running = hjemmel("log", "verify", "--config", tmp_path / "hjemmel.toml", "--json")
    assert (True, 1) == (json.loads(while_running.out)["holds"], json.loads(while_running.out)["entries"])
    assert (0, []) == stopped(process, signal.SIGTERM)
    assert 0 == hjemmel("log", "verify", "--config", tmp_path / "hjemmel.toml").status
    assert 1 == hjemmel("probe", "--address", process.probe).status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_broker_ends_in_order(site: Site, serve: Serve, generated: Registers, number: signal.Signals) -> None:
    """Told to stop, it ends with 0 and without a word; its records are there at the next start."""
    process = serve()
    assert 1 == ask(site, process, generated, 2)
    assert (0, []) == stopped(process, number)
    assert 2 == ask(site, serve(), generated)


def test_second_broker_on_the_port_is_refused_and_the_first_goes_on(
    site: Site, serve: Serve, generated: Registers
) -> None:
    """A second start by mistake ends with a clear word, and takes nothing away from the first."""
    process = serve()
    port = process.target.rpartition(":")[2]
    ask(site, process, generated)
    config = site.write_config(server={"address": f"127.0.0.1:{port}"})
    second = hjemmel("serve", "--config", config)
    assert (1, "") == (second.status, second.out)
    assert f"127.0.0.1:{port}" in second.said
    assert "another broker" in second.said
    assert "Traceback" not in second.err
    assert 1 == ask(site, process, generated)


def test_second_broker_on_the_probe_port_is_refused(site: Site, serve: Serve, generated: Registers) -> None:
    """The same for the port of the health checks."""
    process = serve()
    config = site.write_config(server={"probe_address": process.probe})
    second = hjemmel("serve", "--config", config)
    assert (1, True) == (second.status, process.probe in second.said)
    assert 0 == ask(site, process, generated)


def test_missing_configuration_says_what_to_do(tmp_path: Path) -> None:
    """Exit status 1, the path, and the command that writes one."""
    ran = hjemmel("serve", "--config", tmp_path / "nowhere.toml")
    assert (1, "") == (ran.status, ran.out)
    assert "nowhere.toml" in ran.said
    assert "hjemmel config example" in ran.said
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("section", "values", "said"),
    [
        ("server", {"address": "nowhere.invalid:1"}, "nowhere.invalid:1"),
        ("server", {"certificate": "/nowhere/broker.pem"}, "/nowhere/broker.pem"),
        ("server", {"key": "/nowhere/broker.key"}, "/nowhere/broker.key"),
        ("server", {"client_ca": "/nowhere/ca.pem"}, "/nowhere/ca.pem"),
        ("identity", {"participants": "/nowhere/p.json"}, "/nowhere/p.json"),
        ("policy", {"folder": "/nowhere/policies"}, "/nowhere/policies"),
        ("log", {"signing_key": "/nowhere/log.key"}, "/nowhere/log.key"),
        ("log", {"url": "sqlite:////nowhere/log.db"}, "database"),
        ("log", {"url": "postgresql+psycopg://u:hunter2@127.0.0.1:1/x"}, "database"),
        ("vault", {"master_key": "/nowhere/vault.key"}, "/nowhere/vault.key"),
        ("vault", {"url": "sqlite:////nowhere/keys.db"}, "database"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
async def test_part_that_cannot_work_is_named(
    site: Site, section: str, values: dict[str, object], said: str
) -> None:
    """A broker that cannot do its work does not start; an error with a message of its own says which part."""
    settings = site.settings(**{section: values})
    with pytest.raises(Exception, match=said) as caught:
        async with wiring.broker(settings) as broker:
            await broker.servers.start(settings.server.address, wiring.tls(settings), None)
    assert _is_expected(caught.value)
    assert "hunter2" not in str(caught.value)


def test_address_that_is_none_of_ours_is_named(site: Site) -> None:
    """A host that does not exist is told before anything is opened."""
    ran = hjemmel("serve", "--config", site.write_config(server={"address": "nowhere.invalid:1"}))
    assert (1, "") == (ran.status, ran.out)
    assert "cannot listen on nowhere.invalid:1" in ran.said
    assert not (site.folder / "log.db").exists()


def test_log_of_another_key_is_not_continued(
    site: Site, serve: Serve, generated: Registers, tmp_path: Path
) -> None:
    """A log that another key signed is not taken over; the message says so."""
    process = serve()
    ask(site, process, generated)
    stopped(process, signal.SIGTERM)
    assert 0 == hjemmel("pki", "init", tmp_path / "other").status
    config = site.write_config(log={"signing_key": str(tmp_path / "other" / "log.key")})
    ran = hjemmel("serve", "--config", config)
    assert (1, "") == (ran.status, ran.out)
    assert "signed by" in ran.said


def test_key_open_to_others_stops_the_start(site: Site, tmp_path: Path) -> None:
    """A private key that others may read is refused with what to run."""
    copy = tmp_path / "log.key"
    copy.write_bytes((site.keys / "log.key").read_bytes())
    copy.chmod(0o640)
    ran = hjemmel("serve", "--config", site.write_config(log={"signing_key": str(copy)}))
    assert (1, True) == (ran.status, "chmod 600" in ran.said)


def test_environment_configures_the_broker(site: Site, generated: Registers) -> None:
    """A variable in the environment of the process overrides the file."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = brokers.serve(site.write_config(), HJEMMEL_SERVER__ADDRESS=f"127.0.0.1:{port}")
    try:
        assert f"127.0.0.1:{port}" == process.target
        assert 0 == ask(site, process, generated)
    finally:
        process.terminate()
        for stream in (process.process.stdout, process.process.stderr):
            if stream is not None:
                stream.close()
