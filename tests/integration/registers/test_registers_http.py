"""Credentials towards registers: shown to nobody else, renewed where that helps, named when they fail."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.kinds.http.client import Answer, Call, HttpClient
from adapters.port import (
    AccessRefused,
    AnswerInvalid,
    Cause,
    Connection,
    RegisterError,
    Throttled,
    Unavailable,
)
from tests.support.certificates import issue
from tests.support.services import Script, in_a_thread, saying

Serve = Callable[[Script], str]
SECRET = "mellem os"


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves scripts."""
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(in_a_thread(script.app))


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file with a secret."""
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    return path


async def ask(connection: Connection, times: int = 1) -> Answer:
    client = HttpClient(connection)
    try:
        for _ in range(times):
            answer = await client.ask(Call("/a", (("b", "c&d"),)))
        return answer
    finally:
        await client.close()


async def failed(connection: Connection) -> RegisterError:
    with pytest.raises(RegisterError) as caught:
        await ask(connection)
    return caught.value


async def test_without_authentication_nothing_is_shown(serve: Serve) -> None:
    """No credentials, no cookies of the last answer, no compression."""
    script = Script([saying({}, Set_Cookie="a=b; Path=/")])
    await ask(Connection(serve(script)), times=2)
    for path, headers, _ in script.asked:
        assert "/a?b=c%26d" == path
        assert {"Authorization", "Cookie", "X-API-Key"}.isdisjoint(headers)
        assert "identity" == headers["Accept-Encoding"]


async def test_an_api_key_goes_where_the_connection_says(serve: Serve, secret: Path) -> None:
    """In a header or in the query, under its name."""
    script = Script([saying({})])
    url = serve(script)
    options = {"authentication": "api-key"}
    await ask(Connection(url, options, {"api_key": secret}))
    query = {**options, "api_key_in": "query", "api_key_name": "apikey"}
    await ask(Connection(url, query, {"api_key": secret}))
    assert SECRET == script.asked[0][1]["X-API-Key"]
    assert "/a?b=c%26d&apikey=mellem%20os" == script.asked[1][0]


async def test_basic_is_name_and_password(serve: Serve, secret: Path) -> None:
    """As RFC 7617 has it, in UTF-8."""
    script = Script([saying({})])
    options = {"authentication": "basic", "username": "bølle"}
    await ask(Connection(serve(script), options, {"password": secret}))
    shown = base64.b64encode(f"bølle:{SECRET}".encode()).decode()
    assert f"Basic {shown}" == script.asked[0][1]["Authorization"]


def oauth(url: str, tokens: str, secret: Path) -> Connection:
    options = {"authentication": "oauth", "token_url": f"{tokens}/token", "client_id": "os", "scope": "læs"}
    return Connection(url, options, {"client_secret": secret})


async def test_a_token_is_fetched_once_and_kept(serve: Serve, secret: Path) -> None:
    """Two calls, one token; the register never sees the client's secret."""
    tokens, script = Script([saying({"access_token": "t1", "expires_in": 3600})]), Script([saying({})])
    await ask(oauth(serve(script), serve(tokens), secret), times=2)
    assert ["Bearer t1", "Bearer t1"] == [headers["Authorization"] for _, headers, _ in script.asked]
    assert [b"grant_type=client_credentials&scope=l%C3%A6s"] == [body for _, _, body in tokens.asked]


async def test_a_token_that_ends_or_is_refused_is_fetched_anew(serve: Serve, secret: Path) -> None:
    """One that ends within seconds is not used again; one that the register refuses is renewed once."""
    tokens = Script([saying({"access_token": "t1", "expires_in": 5}), saying({"access_token": "t2"})])
    script = Script([saying({}), saying({}), saying({}, 401), saying({})])
    await ask(oauth(serve(script), serve(tokens), secret), times=3)
    assert ["Bearer t1", "Bearer t2", "Bearer t2", "Bearer t2"] == [
        headers["Authorization"] for _, headers, _ in script.asked
    ]
    assert 3 == len(tokens.asked)
    script.answers = [saying({}, 401)]
    assert 401 == (await ask(oauth(serve(script), serve(tokens), secret))).status


@pytest.mark.parametrize(
    ("answer", "error", "cause"),
    [
        (saying({"error": "invalid_client"}, 401), AccessRefused, Cause.CREDENTIALS_REFUSED),
        (saying({"error": "invalid_scope"}, 400), AccessRefused, Cause.CREDENTIALS_REFUSED),
        (saying({}, 503), Unavailable, Cause.SERVER_ERROR),
        (saying({}, 429, Retry_After="7"), Throttled, Cause.SERVER_ERROR),
        (saying({}), AnswerInvalid, Cause.NOT_DECODED),
        (saying([]), AnswerInvalid, Cause.NOT_DECODED),
        (saying({"access_token": "a\nb"}), AnswerInvalid, Cause.NOT_DECODED),
        (saying(body=b"<p>"), AnswerInvalid, Cause.NOT_DECODED),
    ],
)
async def test_without_a_token_the_register_is_not_asked(
    serve: Serve, secret: Path, answer: Callable[..., object], error: type[RegisterError], cause: Cause
) -> None:
    """What the token server says becomes an error of the port."""
    tokens, script = Script([answer]), Script([saying({})])  # type: ignore[list-item]
    caught = await failed(oauth(serve(script), serve(tokens), secret))
    assert (error, cause) == (type(caught), caught.cause)
    assert [] == script.asked


async def test_a_redirection_is_not_followed(serve: Serve, secret: Path) -> None:
    """Credentials are shown to the register only."""
    elsewhere = Script([saying({})])
    script = Script([saying({}, 302, Location=serve(elsewhere))])
    options = {"authentication": "api-key"}
    assert 302 == (await ask(Connection(serve(script), options, {"api_key": secret}))).status
    assert [] == elsewhere.asked


async def test_a_compressed_answer_is_not_unpacked(serve: Serve) -> None:
    """A few bytes that would become gigabytes stay a few bytes."""
    caught = await failed(Connection(serve(Script([saying(body=b"x", Content_Encoding="gzip")]))))
    assert (AnswerInvalid, Cause.NOT_DECODED) == (type(caught), caught.cause)


def mutual(keys: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(keys / "ca.pem"))
    context.load_cert_chain(keys / "broker.pem", keys / "broker.key")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def certified(url: str, keys: Path, folder: Path, **ends: timedelta) -> Connection:
    identity = issue(keys, ["NTRDK-91000008"], **ends)
    (folder / "cert.pem").write_bytes(identity.certificate)
    (folder / "cert.key").write_bytes(identity.key)
    (folder / "cert.key").chmod(0o600)
    options = {"ca": str(keys / "ca.pem"), "certificate": str(folder / "cert.pem")}
    return Connection(url, options, {"certificate_key": folder / "cert.key"})


async def test_a_client_certificate_is_shown(keys: Path, tmp_path: Path) -> None:
    """Mutual TLS, with the authority that the connection names; without a certificate there is no call."""
    script = Script([saying({})])
    with in_a_thread(script.app, mutual(keys)) as url:
        assert 200 == (await ask(certified(url, keys, tmp_path))).status
        for bare in (Connection(url, {"ca": str(keys / "ca.pem")}), Connection(url)):
            assert Cause.CONNECTION is (await failed(bare)).cause
    assert 1 == len(script.asked)


async def test_an_expired_certificate_is_called_that(keys: Path, tmp_path: Path) -> None:
    """The operator learns what to renew; a broken handshake would not tell."""
    connection = certified("https://127.0.0.1:9", keys, tmp_path, ends=timedelta(hours=-1))
    caught = await failed(connection)
    assert (AccessRefused, Cause.CREDENTIALS_EXPIRED) == (type(caught), caught.cause)


@pytest.mark.parametrize(
    ("url", "options", "said"),
    [
        ("http://register.example", {}, "must begin with https://"),
        ("ftp://register.example", {}, "must begin with https://"),
        ("https://a:b@register.example", {}, "no credentials"),
        ("https://register.example?a=b", {}, "no credentials, query"),
        ("https://register.example", {"autentication": "none"}, "options.autentication is not known"),
        ("https://register.example", {"authentication": "magic"}, "must be one of none, api-key"),
        ("https://register.example", {"authentication": "api-key"}, "secrets.api_key is missing"),
        ("https://register.example", {"authentication": "basic"}, "options.username is missing"),
        ("https://register.example", {"authentication": "oauth"}, "options.token_url is missing"),
        ("https://register.example", {"max_bytes": "-1"}, "max_bytes must be"),
        ("https://register.example", {"ca": "/nowhere.pem"}, "options.ca"),
        ("https://register.example", {"certificate": "/nowhere.pem"}, "secrets.certificate_key is missing"),
        ("http://register.example", {"unsafe_plain_http": "yes"}, "must be true or false"),
    ],
)
def test_what_a_connection_cannot_be_is_told_at_the_start(
    url: str, options: dict[str, str], said: str
) -> None:
    """The message says which setting, and what it may be."""
    with pytest.raises(ValueError, match=said):
        HttpClient(Connection(url, options))


@pytest.mark.parametrize(
    ("mode", "content", "said"),
    [
        (0o644, "x", "chmod 600"),
        (0o600, "", "one line"),
        (0o600, "a\nb", "one line"),
        (None, "", "cannot be"),
    ],
)
def test_secrets_lie_in_files_of_their_own(tmp_path: Path, mode: int | None, content: str, said: str) -> None:
    """A file that others may read, or that holds no secret, is refused; the message never holds it."""
    path = tmp_path / "key"
    if mode is not None:
        path.write_text(content)
        path.chmod(mode)
    with pytest.raises(ValueError, match=said):
        HttpClient(Connection("https://r.example", {"authentication": "api-key"}, {"api_key": path}))


async def test_plain_http_beyond_this_machine_is_called_unsafe(serve: Serve) -> None:
    """It can be had, by an option that says what it is."""
    HttpClient(Connection("http://register.example", {"unsafe_plain_http": "true"}))
