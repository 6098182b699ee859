"""Who may not write to a log from another process, and what an owner or a broker says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.errors import LogStopped
from exchange.config import ConfigError, Settings, load
from exchange.log_service.addresses import ServiceAddressError
from tests.support.broker import Site
from tests.support.log_services import attached, fingerprint, served, socket_in, way
from tests.support.logs import submission

BROKER = "udbetaling-danmark"


def over_tls(site: Site, *allowed: str) -> Settings:
    """A log that is served over mutual TLS to those on a list."""
    return site.settings(
        log_service={
            "address": "localhost:0",
            "brokers": list(allowed),
            "certificate": str(site.keys / "broker.pem"),
            "key": str(site.keys / "broker.key"),
            "ca": str(site.keys / "ca.pem"),
        }
    )


def over_socket(site: Site, name: str = "a") -> Settings:
    """A log that is served on a socket."""
    return site.settings(log_service={"socket": str(socket_in(site, name)), "lease": 1})


async def test_certificate_that_is_not_listed_is_refused(site: Site) -> None:
    """A genuine certificate of the same authority is not enough."""
    settings = over_tls(site, fingerprint(site.keys / "broker.pem"))
    async with served(settings) as listening:
        stranger = way(settings, f"localhost:{listening.port}", identity=f"{BROKER}/cert")
        with pytest.raises(LogStopped, match=r"not on the list of log_service\.brokers"):
            async with attached(settings, stranger):
                pass


@pytest.mark.parametrize("by", ["organisation", "fingerprint"])
async def test_listed_certificate_is_admitted(site: Site, by: str) -> None:
    """By the organisation that it names, or by itself."""
    certificate = site.keys / BROKER / "cert.pem"
    cvr = site.credentials(BROKER).cvr
    settings = over_tls(site, f"organisation:{cvr}" if by == "organisation" else fingerprint(certificate))
    async with served(settings) as listening:
        known = way(settings, f"localhost:{listening.port}", identity=f"{BROKER}/cert")
        async with attached(settings, known) as log:
            assert 0 == (await log.append(submission(1), closes_intention=False)).index


async def test_nobody_is_listed_by_default(site: Site) -> None:
    """Without a list nobody writes over TLS."""
    settings = over_tls(site)
    async with served(settings) as listening:
        with pytest.raises(LogStopped, match="not on the list"):
            async with attached(settings, way(settings, f"localhost:{listening.port}")):
                pass


async def test_another_log_is_refused(site: Site) -> None:
    """A broker that takes the log for another one is told which it is, and writes nothing."""
    settings = over_socket(site)
    async with served(settings):
        wrong = replace(
            way(settings, f"unix:{settings.log_service.socket}"), log_vkey="other.example/log+1+A"
        )
        with pytest.raises(LogStopped, match=r"this is the log hjemmel\.example/log"):
            async with attached(settings, wrong):
                pass


async def test_public_key_of_another_log_is_refused(site: Site) -> None:
    """A broker whose key is of another log than its configuration names does not start."""
    settings = over_socket(site)
    other = settings.model_copy(
        update={"log": settings.log.model_copy(update={"origin": "other.example/log"})}
    )
    with pytest.raises(LogStopped, match=r"not of other\.example/log"):
        way(other, "unix:/nowhere")


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o777])
async def test_socket_folder_open_to_others_is_refused(site: Site, mode: int) -> None:
    """By the owner, and by a broker: personal data goes through it."""
    settings = over_socket(site)
    folder = socket_in(site).parent
    folder.chmod(mode)
    with pytest.raises(ServiceAddressError, match=f"mode {mode:04o}.*chmod 700"):
        async with served(settings):
            pass
    folder.chmod(0o700)
    async with served(settings):
        assert 0o600 == socket_in(site).stat().st_mode & 0o777
        folder.chmod(mode)
        with pytest.raises(LogStopped, match="chmod 700"):
            async with attached(settings, way(settings, f"unix:{socket_in(site)}")):
                pass


async def test_socket_open_to_others_is_refused_by_brokers(site: Site) -> None:
    """A socket that somebody opened is not written to."""
    settings = over_socket(site)
    async with served(settings):
        socket_in(site).chmod(0o666)
        with pytest.raises(LogStopped, match="open to others"):
            async with attached(settings, way(settings, f"unix:{socket_in(site)}")):
                pass


async def test_socket_of_a_living_process_is_not_taken(site: Site) -> None:
    """A second process is told to use a socket of its own; one that a dead process left is replaced."""
    settings = over_socket(site)
    async with served(settings):
        with pytest.raises(ServiceAddressError, match="another process serves"):
            async with served(settings):
                pass


async def test_a_log_that_nobody_owns_is_said(site: Site) -> None:
    """A broker names the address at which nobody answered."""
    settings = over_socket(site)
    async with served(settings), served(over_socket(site, "b")):
        standby = way(settings, f"unix:{socket_in(site, 'b')}")
        with pytest.raises(LogStopped, match="does not own the log"):
            async with attached(settings, standby, patience=0.5):
                pass
    with pytest.raises(LogStopped, match="nobody serves a log at"):
        async with attached(settings, way(settings, f"unix:{socket_in(site, 'c')}"), patience=0.5):
            pass


@pytest.mark.parametrize("wrong", ["everybody", "organisation:12", "sha256:ab", "91000008"])
def test_a_list_is_of_organisations_and_fingerprints(site: Site, wrong: str) -> None:
    """What is neither is an error of the configuration."""
    with pytest.raises(ConfigError, match=r"log_service\.brokers"):
        load(site.write_config(log_service={"brokers": [wrong]}))
