"""Credentials: what a register wants is shown to it, renewed in time, and to nobody else."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from adapters.kinds.datafordeler.adapter import Datafordeler
from adapters.port import Connection, Lookup
from adapters.registers import Registers
from adapters.simulators.datafordeler.site import Doors, simulator
from adapters.simulators.faults import Faults
from adapters.simulators.serving import serving
from tests.support.adapters import lookup_of
from tests.support.certificates import issue
from tests.support.datafordeler import all_turned, failure, simulated

KEY, SECRET = "k3y-of-a-test", "s3cret-of-a-test"


def secret(folder: Path, name: str, value: str, mode: int = 0o600) -> Path:
    path = folder / name
    path.write_text(value + "\n", "ascii")
    path.chmod(mode)
    return path


@pytest.fixture
def lookup(generated: Registers) -> Lookup:
    """A question that the register can answer."""
    unit = str(next(generated.tables["bbr.enhed"].records())["id_lokalId"])
    dataset = next(d for d in all_turned("bbr") if d.name == "bbr.enhed")
    return lookup_of(dataset, ("status",), "bbr_enhed_id", unit)


async def test_api_key_opens(register_folder: Path, tmp_path: Path, lookup: Lookup) -> None:
    """With the key there is an answer, with another the register refuses."""
    doors = Doors(api_key=KEY)
    for value, opens in ((KEY, True), ("another", False)):
        secrets = {"api_key": secret(tmp_path, value, value)}
        async with simulated("bbr", all_turned("bbr"), register_folder, doors=doors, secrets=secrets) as made:
            hosted = made.hosted([lookup.dataset])
            if opens:
                assert 1 == len((await hosted.fetch(lookup, 10))[lookup.values[0]])
            else:
                assert (
                    "REGISTER_ACCESS_REFUSED",
                    "bbr.enhed: it refused the credentials",
                ) == await failure(hosted, lookup)


async def test_a_new_api_key_is_taken_without_a_restart(
    register_folder: Path, tmp_path: Path, lookup: Lookup
) -> None:
    """The file is read anew once the register refuses: keys are exchanged while the broker runs."""
    file = secret(tmp_path, "key", "old")
    doors = Doors(api_key=KEY)
    async with simulated(
        "bbr", all_turned("bbr"), register_folder, doors=doors, secrets={"api_key": file}
    ) as made:
        hosted = made.hosted([lookup.dataset])
        await failure(hosted, lookup)
        file.write_text(KEY, "ascii")
        assert 1 == len((await hosted.fetch(lookup, 10))[lookup.values[0]])


async def test_a_token_is_fetched_once_and_renewed_after_a_refusal(
    register_folder: Path, tmp_path: Path, lookup: Lookup
) -> None:
    """Many calls at once share one token; one that the register has forgotten is renewed, once, unseen."""
    secrets = {"client_secret": secret(tmp_path, "s", SECRET)}
    options = {"token_url": "{url}/token", "client_id": "hjemmel"}
    async with simulated(
        "bbr",
        all_turned("bbr"),
        register_folder,
        doors=Doors(client_secret=SECRET),
        options=options,
        secrets=secrets,
    ) as made:
        hosted = made.hosted([lookup.dataset])
        await asyncio.gather(*(hosted.fetch(lookup, 10) for _ in range(8)))
        assert 1 == len(made.simulator._tokens)
        made.simulator._tokens.clear()
        assert 1 == len((await hosted.fetch(lookup, 10))[lookup.values[0]])
        assert 1 == len(made.simulator._tokens)


async def test_a_token_is_renewed_before_it_expires(
    register_folder: Path, tmp_path: Path, lookup: Lookup
) -> None:
    """When little of its life is left a token is not shown any more: the register never sees an old one."""
    secrets = {"client_secret": secret(tmp_path, "s", SECRET)}
    options = {"token_url": "{url}/token", "client_id": "hjemmel"}
    doors = Doors(client_secret=SECRET, token_life=1000)
    async with simulated(
        "bbr", all_turned("bbr"), register_folder, doors=doors, options=options, secrets=secrets
    ) as made:
        hosted = made.hosted([lookup.dataset])
        await hosted.fetch(lookup, 10)
        access: Any = made.adapter._transport._http._shows
        remaining = access._until - access._clock()
        assert remaining <= 970
        access._clock = lambda: access._until
        asked = made.faults.asked
        await hosted.fetch(lookup, 10)
        assert (2, asked + 1) == (len(made.simulator._tokens), made.faults.asked)


async def test_a_wrong_client_secret_is_refused(
    register_folder: Path, tmp_path: Path, lookup: Lookup
) -> None:
    """The authority that gives tokens does not know the client: the credentials do not do."""
    secrets = {"client_secret": secret(tmp_path, "s", "wrong")}
    options = {"token_url": "{url}/token", "client_id": "hjemmel"}
    async with simulated(
        "bbr",
        all_turned("bbr"),
        register_folder,
        doors=Doors(client_secret=SECRET),
        options=options,
        secrets=secrets,
    ) as made:
        code, said = await failure(made.hosted([lookup.dataset]), lookup)
    assert ("REGISTER_ACCESS_REFUSED", "bbr.enhed: it refused the credentials") == (code, said)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda: web.Response(text="<html>"), "REGISTER_ANSWER_INVALID"),
        (lambda: web.json_response({"token": "x"}), "REGISTER_ANSWER_INVALID"),
        (lambda: web.json_response({"access_token": "a b"}), "REGISTER_ANSWER_INVALID"),
        (lambda: web.json_response({"access_token": "a\r\nb"}), "REGISTER_ANSWER_INVALID"),
        (lambda: web.json_response({"access_token": "a", "expires_in": "x"}), "REGISTER_ANSWER_INVALID"),
        (lambda: web.json_response({"access_token": "a", "expires_in": -1}), "REGISTER_ANSWER_INVALID"),
        (lambda: web.json_response([]), "REGISTER_ANSWER_INVALID"),
        (lambda: web.Response(status=500), "REGISTER_UNAVAILABLE"),
        (lambda: web.Response(status=302, headers={"Location": "/"}), "REGISTER_ANSWER_INVALID"),
    ],
)
async def test_a_token_that_is_none_is_not_shown(
    register_folder: Path, tmp_path: Path, lookup: Lookup, answer: Any, code: str
) -> None:
    """Whatever else the token endpoint says, the register is not asked with it."""

    async def token(_request: web.Request) -> web.Response:
        response: web.Response = answer()
        return response

    application = web.Application()
    application.add_routes([web.post("/token", token)])
    secrets = {"client_secret": secret(tmp_path, "s", SECRET)}
    async with serving(application, Faults()) as tokens:
        options = {"token_url": f"{tokens.url}/token", "client_id": "hjemmel"}
        async with simulated(
            "bbr", all_turned("bbr"), register_folder, options=options, secrets=secrets
        ) as made:
            assert code == (await failure(made.hosted([lookup.dataset]), lookup))[0]
            assert 0 == made.faults.asked


async def test_a_certificate_opens(keys: Path, register_folder: Path, tmp_path: Path, lookup: Lookup) -> None:
    """By mutual TLS the register lets in who has a certificate of the right authority, and only over TLS."""
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(keys / "ca.pem"))
    theirs.load_cert_chain(keys / "broker.pem", keys / "broker.key")
    theirs.verify_mode = ssl.CERT_REQUIRED
    identity = issue(keys, ["NTRDK-91000008"])
    certificate, key = tmp_path / "c.pem", tmp_path / "c.key"
    certificate.write_bytes(identity.certificate)
    key.write_bytes(identity.key)
    key.chmod(0o600)
    pair = {"client_certificate": certificate, "client_key": key}
    made = simulator("bbr", all_turned("bbr"), register_folder, Faults())
    async with serving(made.application(), Faults(), tls=theirs) as served:
        url = served.url.replace("127.0.0.1", "localhost") + made.path
        cases = [
            (pair, {"ca": str(keys / "ca.pem")}, 1),
            ({}, {"ca": str(keys / "ca.pem")}, None),  # no certificate
            (pair, {}, None),  # an authority that nobody here trusts
        ]
        for secrets, options, expected in cases:
            adapter = Datafordeler("bbr", all_turned("bbr"), Connection(url, options, secrets))
            try:
                if expected is None:
                    with pytest.raises(Exception, match="cannot be reached"):
                        await adapter.fetch(lookup)
                else:
                    assert expected == len(await adapter.fetch(lookup))
            finally:
                await adapter.close()


WRONG: list[tuple[str, dict[str, str], dict[str, str], str]] = [
    ("http://register.example/BBR/v1", {}, {}, "url must begin with https"),
    ("ftp://register.example", {}, {}, "url must be a URL"),
    ("https://user:word@register.example", {}, {}, "must hold no credentials"),
    ("https://register.example", {"colour": "red"}, {}, "options.colour is not known"),
    ("https://register.example", {"page": "0"}, {}, "options.page must be a whole number"),
    ("https://register.example", {"max_cost": "100"}, {}, "options.max_cost: 100 is not enough"),
    (
        "https://register.example",
        {"token_url": "http://a.example", "client_id": "x"},
        {},
        "token_url must begin with https",
    ),
    ("https://register.example", {"token_url": "https://a.example"}, {}, "options.client_id is missing"),
    (
        "https://register.example",
        {"token_url": "https://a.example", "client_id": "x"},
        {},
        "secrets.client_secret is missing",
    ),
    ("https://register.example", {"token_url": "https://a.example"}, {"api_key": "key"}, "leave one out"),
    ("https://register.example", {}, {"api_key": "nowhere"}, "cannot be read"),
    ("https://register.example", {}, {"api_key": "open"}, "is open to others"),
    ("https://register.example", {}, {"api_key": "lines"}, "must hold one word"),
    ("https://register.example", {}, {"colour": "key"}, "secrets.colour is not known"),
    ("https://register.example", {}, {"client_key": "key"}, "client_certificate and client_key, or neither"),
    ("https://register.example", {"ca": "/nowhere"}, {}, "options.ca"),
]


@pytest.mark.parametrize(("url", "options", "secrets", "said"), WRONG, ids=[w[3] for w in WRONG])
def test_a_wrong_configuration_says_what_to_write(
    tmp_path: Path, url: str, options: dict[str, str], secrets: dict[str, str], said: str
) -> None:
    """It is found when the broker starts, not when somebody asks."""
    secret(tmp_path, "key", KEY)
    secret(tmp_path, "open", KEY, 0o644)
    secret(tmp_path, "lines", "a b")
    files = {name: tmp_path / file for name, file in secrets.items()}
    with pytest.raises(ValueError, match=said):
        Datafordeler("bbr", all_turned("bbr"), Connection(url, options, files))


async def test_the_key_stands_in_no_error(register_folder: Path, tmp_path: Path, lookup: Lookup) -> None:
    """The key travels in the address; an error of the connection has it, and is not passed on."""
    secrets = {"api_key": secret(tmp_path, "key", KEY)}
    async with simulated("bbr", all_turned("bbr"), register_folder, secrets=secrets) as made:
        for fault in ("down", "half-answer", "moved", "error"):
            made.faults.order([fault])
            with pytest.raises(Exception, match=r"it|its") as caught:
                await made.adapter.fetch(lookup)
            chain = f"{caught.value!r} {caught.value.__cause__!r}"
            assert KEY not in chain
            assert lookup.values[0] not in chain
