"""Serving tiles: what tlog-tiles asks for, nothing else, beside whoever writes the log."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from yarl import URL

from audit.formats.tiles import bundles_of, tiles_of
from audit.publishing.published import Served, Unreachable
from audit.publishing.tile_server import TileServer
from audit.storage import database
from audit.verification.verify_tiles import verify_tiles
from tests.integration.audit.conftest import Exports
from tests.support.logs import LogSite, fill
from tests.support.outside import fsck

LONG = "public, max-age=31536000, immutable"


@pytest.fixture
async def server(exports: Exports) -> AsyncIterator[str]:
    """A server of the log of 70,000 entries; its URL."""
    engine = database.connect(exports.site.url)
    async with TileServer(engine, "127.0.0.1:0") as server:
        yield f"http://127.0.0.1:{server.port}"
    engine.dispose()


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """An HTTP client that takes what comes."""
    async with ClientSession(auto_decompress=False) as session:
        yield session


async def get(session: ClientSession, url: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    async with session.get(
        URL(url, encoded=True), headers={"Accept-Encoding": "identity"} | headers
    ) as answer:
        kept = ("Content-Type", "Cache-Control", "Content-Encoding")
        return answer.status, await answer.read(), {k: answer.headers[k] for k in kept if k in answer.headers}


async def test_serves_what_is_exported(exports: Exports, server: str, session: ClientSession) -> None:
    """Checkpoint, tiles and bundles are the exported ones, with their types and for how long they keep."""
    folder = exports.fresh[70_000]
    expected = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "public, max-age=2"}
    body = (folder / "checkpoint").read_bytes()
    assert (200, body, expected) == await get(session, f"{server}/checkpoint")
    expected = {"Content-Type": "application/octet-stream", "Cache-Control": LONG}
    for tile in (*tiles_of(70_000), *bundles_of(70_000)):
        body = (folder / tile.path).read_bytes()
        assert (200, body, expected) == await get(session, f"{server}/{tile.path}"), tile.path


async def test_partial_tiles_of_every_earlier_size(
    exports: Exports, server: str, session: ClientSession
) -> None:
    """Who reads at an older checkpoint finds its partial tiles, also where the complete ones are there."""
    for size in (1, 255, 257, 65_536):
        for tile in (*tiles_of(size), *bundles_of(size)):
            body = (exports.fresh[size] / tile.path).read_bytes()
            assert body == (await get(session, f"{server}/{tile.path}"))[1]


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/274",
        "tile/0/273",
        "tile/0/273.p/113",
        "tile/1/001",
        "tile/1/001.p/18",
        "tile/2/000",
        "tile/3/000.p/1",
        "tile/63/000.p/1",
        "tile/entries/273",
        "tile/entries/273.p/113",
        "tile/0/0",
        "tile/0/x000/001",
        "tile/%30/000",
        "tile/0/000%2ep/1",
        "tile/0/",
        "tile/",
        "",
        "log.vkey",
        "log.db",
        "checkpoint/",
        "tile/..%2f..%2fcheckpoint",
    ],
)
async def test_nothing_else_is_served(server: str, session: ClientSession, path: str) -> None:
    """Beyond the checkpoint, in another form, or not of the log: not found."""
    status, body, _ = await get(session, f"{server}/{path}")
    assert 404 == status
    assert len(body) < 20


async def test_what_is_not_there_is_not_remembered(server: str, session: ClientSession) -> None:
    """A tile beyond the checkpoint may be there in a moment: no cache may keep that it was not."""
    assert "no-store" == (await get(session, f"{server}/tile/0/274"))[2]["Cache-Control"]


async def test_only_reading(server: str, session: ClientSession) -> None:
    """No other method than GET and HEAD."""
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        async with session.request(method, f"{server}/checkpoint") as answer:
            assert 405 == answer.status
    async with session.head(f"{server}/tile/0/000") as answer:
        assert (200, "8192") == (answer.status, answer.headers["Content-Length"])


async def test_bundles_are_compressed_for_who_asks(
    exports: Exports, server: str, session: ClientSession
) -> None:
    """With gzip where the client takes it, and a cache can tell."""
    url = f"{server}/tile/entries/000"
    status, body, headers = await get(session, url, **{"Accept-Encoding": "gzip"})
    assert (200, "gzip") == (status, headers["Content-Encoding"])
    assert (exports.fresh[256] / "tile/entries/000").read_bytes() == gzip.decompress(body)


async def test_verifiers_read_it(exports: Exports, server: str) -> None:
    """Ours, in one process and in two, and Tessera's."""
    for workers in (1, 2):
        report = await asyncio.to_thread(verify_tiles, Served(server), exports.verifier, None, workers)
        assert ((), 70_000) == (report.findings, report.entries)
    assert "" == await asyncio.to_thread(fsck, f"{server}/", exports.vkey)


async def test_damaged_tiles_are_derived(sqlite_site: LogSite, session: ClientSession) -> None:
    """A stored tile that is missing or cut short is served all the same, from the entries."""
    with sqlite_site.opened() as log:
        await fill(log, 600)
    with sqlite_site.database() as engine:
        async with TileServer(engine, "127.0.0.1:0") as server:
            url = f"http://127.0.0.1:{server.port}/tile"
            before = [(await get(session, f"{url}/{name}"))[:2] for name in ("0/000", "0/001")]
            sqlite_site.execute('DELETE FROM log_tiles WHERE "index" = 0')
            sqlite_site.execute("UPDATE log_tiles SET hashes = substr(hashes, 1, 100)")
            assert before == [(await get(session, f"{url}/{name}"))[:2] for name in ("0/000", "0/001")]
            report = await asyncio.to_thread(
                verify_tiles, Served(url.removesuffix("/tile")), sqlite_site.verifier
            )
            assert () == report.findings


async def test_follows_a_log_that_is_written_to(log_site: LogSite) -> None:
    """Beside its owner, every checkpoint that is served can be verified."""
    with log_site.database() as engine:
        async with TileServer(engine, "127.0.0.1:0") as server:
            source = Served(f"http://127.0.0.1:{server.port}")
            with log_site.opened() as log:
                for turn in range(3):
                    await fill(log, 130, first=130 * turn)
                    report = await asyncio.to_thread(verify_tiles, source, log_site.verifier)
                    assert ((), 130 * (turn + 1)) == (report.findings, report.entries)


async def test_https(exports: Exports, keys: Path) -> None:
    """With a certificate it is HTTPS; who does not know the authority behind it reads nothing."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(keys / "broker.pem", keys / "broker.key")
    engine = database.connect(exports.site.url)
    async with TileServer(engine, "127.0.0.1:0", tls) as server:
        url = f"https://localhost:{server.port}"
        known, unknown = Served(url, keys / "ca.pem"), Served(url)
        report = await asyncio.to_thread(verify_tiles, known, exports.verifier)
        assert report.holds
        with pytest.raises(Unreachable):
            await asyncio.to_thread(verify_tiles, unknown, exports.verifier)
    engine.dispose()


async def test_log_that_was_never_opened(tmp_path: Path, session: ClientSession) -> None:
    """Before its first owner a log has no checkpoint and no tiles."""
    site = LogSite.at(tmp_path)
    with site.database() as engine:
        database.migrate(engine, "log")
        async with TileServer(engine, "127.0.0.1:0") as server:
            for path in ("checkpoint", "tile/0/000", "tile/0/000.p/1"):
                assert 404 == (await get(session, f"http://127.0.0.1:{server.port}/{path}"))[0]


async def test_address_in_use(server: str, exports: Exports) -> None:
    """A taken address is an error, not a second server that nobody reaches."""
    with exports.site.database() as engine, pytest.raises(OSError, match="in use"):
        async with TileServer(engine, server.removeprefix("http://")):
            pass
