"""`hjemmel log export`, `serve` and `rebuild-tiles`: the log for those outside."""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path

import click
import orjson

from audit.publishing.export import export as export_log
from audit.publishing.rebuild import rebuild_tiles as rebuild
from audit.publishing.tile_server import TileServer
from exchange.cli.config import config_option
from exchange.cli.log_opening import opened, told, url_option, vkey_option
from exchange.cli.opening import existing
from exchange.cli.output import console, json_option, progress, result
from exchange.cli.stopping import stop_asked
from exchange.config import anchored_url, load


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@config_option
@url_option
@vkey_option
@json_option
def export(folder: Path, config_path: Path, url: str | None, vkey: Path | None, as_json: bool) -> None:
    """Write the log to FOLDER as tiles, for anyone to copy, serve and verify.

    Writes what the folder does not have yet, its checkpoint last. Safe to interrupt and run again.
    """
    log = opened(config_path, url, vkey)
    with progress("Exporting entries", quiet=as_json) as advance, told(log.engine):
        done = export_log(log.engine, log.verifier, folder, advance)
    document = {
        "size": done.checkpoint.size,
        "root": done.checkpoint.root.hex(),
        "since": done.since,
        "files": done.files,
        "bytes": done.size,
    }
    said = (
        f"{folder} stands at {done.checkpoint.size} entries, {done.checkpoint.size - done.since} of them new"
    )
    result(as_json, document, lambda: console.print(said, markup=False, soft_wrap=True))


@click.command()
@click.option("--address", required=True, metavar="HOST:PORT", help="Where to listen.")
@click.option("--certificate", type=click.Path(path_type=Path, exists=True), help="PEM file; makes it HTTPS.")
@click.option("--key", type=click.Path(path_type=Path, exists=True), help="PEM file of its private key.")
@config_option
@url_option
def serve(
    address: str, certificate: Path | None, key: Path | None, config_path: Path, url: str | None
) -> None:
    """Serve the log as tiles over HTTP, until it is told to stop (SIGTERM or Ctrl-C).

    Reads the database only; runs beside a broker. Prints one JSON line when it is ready.
    """
    if (certificate is None) != (key is None):
        raise click.UsageError("--certificate and --key belong together")
    if not address.rpartition(":")[2].isdecimal():
        raise click.UsageError("--address has the form host:port")
    tls = None
    if certificate is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate, key)
    engine = existing(anchored_url(url or load(config_path).log.url, Path.cwd()))
    asyncio.run(_serve(TileServer(engine, address, tls), address.rpartition(":")[0]))


async def _serve(server: TileServer, host: str) -> None:
    stop = stop_asked()
    async with server:
        sys.stdout.write(orjson.dumps({"ready": True, "address": f"{host}:{server.port}"}).decode() + "\n")
        sys.stdout.flush()
        await stop.wait()


@click.command()
@config_option
@url_option
@vkey_option
@json_option
def rebuild_tiles(config_path: Path, url: str | None, vkey: Path | None, as_json: bool) -> None:
    """Make stored tiles again that are missing or damaged.

    Tiles follow from the entries, which are held to the signed root before anything is written.
    """
    log = opened(config_path, url, vkey)
    with progress("Verifying entries", quiet=as_json) as advance, told(log.engine):
        done = rebuild(log.engine, log.verifier, advance)
    document = {"written": [t.path for t in done.written], "removed": [t.path for t in done.removed]}
    said = f"{len(done.written)} tiles were made again, {len(done.removed)} removed that were too many"
    result(as_json, document, lambda: console.print(said))
