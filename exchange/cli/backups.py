"""`hjemmel log backup` and `restore`: copies, and the proof that what is put back is the log."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
import orjson
import sqlalchemy as sa

from audit import copies
from audit.copies import Erased
from audit.errors import LogError
from audit.files import read_private, write_private
from audit.formats import checkpoint, merkle
from audit.formats.checkpoint import Checkpoint
from audit.formats.note import NoteVerifier
from audit.storage import database, store
from audit.storage.schema import KEYS
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import MasterKey
from audit.verification.verify import verify_log
from exchange.cli.config import config_option
from exchange.cli.erasure import own_for_a_moment, refuse_beside_broker
from exchange.cli.opening import existing
from exchange.cli.output import CommandError, console, json_option, read_vkey, result
from exchange.config import load

_LOG, _KEYS, _CHECKPOINT, _ERASED = "log.db", "keys.db", "checkpoint", "erased.json"
_folder = click.Path(path_type=Path, file_okay=False)
_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("folder", type=_folder)
@config_option
@click.option(
    "--keys", "keys_folder", type=_folder, help="Copy the vault's keys too, into this other folder."
)
@json_option
def backup(folder: Path, config_path: Path, keys_folder: Path | None, as_json: bool) -> None:
    """Copy the log into FOLDER, beside a running broker, and verify the copy.

    FOLDER gets the log, its signed checkpoint, and the list of what was erased. What is sealed in it opens
    with the keys only. They go into a folder of their own, to be kept elsewhere and shorter: whoever holds
    an old copy of them and the master key can open what was erased since. Keep the newest checkpoint and
    list apart from both; they name nobody.
    """
    if keys_folder is not None and (keys_folder == folder or folder in keys_folder.parents):
        raise click.UsageError("--keys names a folder of its own, outside FOLDER")
    settings = load(config_path)
    verifier = read_vkey(settings.log.signing_key.with_suffix(".vkey"))
    with _databases(existing(settings.log.url), existing(settings.vault.url)) as (log, keys):
        with _new(folder, _LOG) as copy:
            copies.copy_log(log, copy)
            head = _verified(copy, verifier)
            names = copies.erased_names(copy, keys)
            signed = _signed(copy)
        if keys_folder is not None:
            with _new(keys_folder, _KEYS) as copy:
                copies.copy_keys(keys, copy)
    write_private(folder / _ERASED, orjson.dumps(sorted(names)))
    _make_whole(folder, signed)
    document = {
        "size": head.size,
        "root": head.root.hex(),
        "erased": len(names),
        "keys": keys_folder is not None,
    }

    def show() -> None:
        console.print(f"copied  {head.size} entries, root {head.root.hex()[:16]}…; the copy verifies")
        console.print(f"erased  {len(names)} names of keys, in {folder / _ERASED}", markup=False)
        console.print(f"keys    {f'in {keys_folder}' if keys_folder else 'not copied'}", markup=False)

    result(as_json, document, show)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@config_option
@click.option(
    "--keys", "keys_folder", type=_folder, help="Folder of the copied keys, where they are lost too."
)
@click.option(
    "--checkpoint", "known", type=_file, required=True, help="The newest signed checkpoint there is."
)
@click.option("--consistency", type=_file, help="Proof from the copy to it, where it is newer: base64 lines.")
@click.option("--erased", type=_file, help="The newest list of what was erased, as `backup` writes it.")
@json_option
def restore(
    folder: Path,
    config_path: Path,
    keys_folder: Path | None,
    known: Path,
    consistency: Path | None,
    erased: Path | None,
    as_json: bool,
) -> None:
    """Put a copied log back where there is none, once it is proved to be the log of a signed checkpoint.

    Whichever of the two databases is still there stays as it is. What was erased after the copy, by the
    list, by the database that is left or by the copies themselves, is erased again before anything else.
    Exit status 1 when the checkpoint is newer than the copy: entries are lost, and the log is not continued,
    because that would fork it.
    """
    settings = load(config_path)
    refuse_beside_broker(settings)
    verifier = read_vkey(settings.log.signing_key.with_suffix(".vkey"))
    master = MasterKey(read_private(settings.vault.master_key))
    if not (folder / _CHECKPOINT).exists():
        raise CommandError(f"{folder} holds no whole copy: {_CHECKPOINT} is missing")
    targets = _databases(database.connect(settings.log.url), database.connect(settings.vault.url))
    with ExitStack() as stack:
        log, keys = stack.enter_context(targets)
        copied = stack.enter_context(_databases(existing(f"sqlite:///{folder / _LOG}")))[0]
        head = _verified(copied, verifier)
        lost = _extends(copied, head, known, consistency, verifier)
        has_log, has_keys = copies.holds_log(log), copies.holds_keys(keys)
        copied_keys = _copied_keys(keys_folder, stack, needed=not has_keys)
        names = copies.erased_names(log if has_log else copied, keys if has_keys else copied_keys)
        for listed in filter(None, (folder / _ERASED, erased)):
            names |= _read_names(listed)
        gone = Erased.named(names)
        if copied_keys is not None:
            copies.copy_keys(copied_keys, keys, master, gone)
        else:
            database.migrate(keys, "keys")
            SubjectKeys(keys, master).forget(gone.names)
        if has_log:
            with log.begin() as connection:
                copies.ask_again(connection, gone)
        else:
            copies.copy_log(copied, log, gone)
    if not lost:
        own_for_a_moment(settings)  # carries out what is to be erased again
    document = {
        "size": head.size,
        "lost": lost,
        "restored": {"log": not has_log, "keys": copied_keys is not None},
        "erased": len(names),
    }

    def show() -> None:
        what = [name for name, done in document["restored"].items() if done]  # type: ignore[attr-defined]
        console.print(f"restored  {' and '.join(what) or 'nothing: both databases were there'}")
        console.print(f"log       {head.size} entries, proved against {known}", markup=False)
        console.print(f"erased    {len(names)} keys that do not come back")
        if lost:
            console.print(
                f"[bold red]{lost} entries are lost.[/] Going on would fork the log: clients and "
                "witnesses know the checkpoint. Find a newer copy, or begin a log of another name."
            )

    result(as_json, document, show)
    if lost:
        raise click.exceptions.Exit(1)


def _make_whole(folder: Path, signed: str) -> None:
    """Writes the checkpoint, last: without it a copy is not whole. A kill leaves it whole or not there."""
    aside = folder / f"{_CHECKPOINT}.new"
    write_private(aside, signed.encode())
    aside.rename(folder / _CHECKPOINT)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)  # else a power cut takes the name back
    finally:
        os.close(descriptor)


def _extends(
    copied: sa.Engine, head: Checkpoint, known: Path, consistency: Path | None, verifier: NoteVerifier
) -> int:
    """Proves a copy against a checkpoint; gives how many entries of it the copy does not have."""
    wanted = checkpoint.verify(known.read_text("utf-8"), verifier)
    if wanted.size <= head.size:
        with copied.connect().execution_options(read_only=True) as connection:
            root = merkle.root(wanted.size, store.StoredNodes(connection).read)
        if root != wanted.root:
            raise CommandError("the copy is of another history than the checkpoint: it was forked or forged")
        return 0
    if consistency is None:
        raise CommandError(
            f"the checkpoint has {wanted.size} entries and the copy {head.size}: that it is a part of "
            "that log takes a proof, --consistency"
        )
    try:
        proof = [base64.b64decode(line, validate=True) for line in consistency.read_text("utf-8").split()]
        merkle.verify_consistency(head.size, wanted.size, proof, head.root, wanted.root)
    except (ValueError, LogError) as error:
        raise CommandError("the copy is not the beginning of the log that the checkpoint signs") from error
    return wanted.size - head.size


def _verified(copy: sa.Engine, verifier: NoteVerifier) -> Checkpoint:
    report = verify_log(copy, verifier)
    if not report.holds or report.checkpoint is None:
        first = report.findings[0]
        raise CommandError(f"the copy does not hold: {first.place} {first.problem}")
    return report.checkpoint


def _signed(copy: sa.Engine) -> str:
    with copy.connect().execution_options(read_only=True) as connection:
        head = store.read_head(connection)
    if head is None:
        raise CommandError("the copy has no checkpoint")
    return head.signed_checkpoint


def _copied_keys(folder: Path | None, stack: ExitStack, *, needed: bool) -> sa.Engine | None:
    if not needed:
        return None
    if folder is None:
        raise CommandError("the vault's keys are lost too: name a copy of them with --keys")
    return stack.enter_context(_databases(existing(f"sqlite:///{folder / _KEYS}")))[0]


def _read_names(path: Path) -> set[str]:
    try:
        names = orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} is no list of what was erased") from error
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise CommandError(f"{path} is no list of what was erased")
    return set(names)


@contextmanager
def _new(folder: Path, name: str) -> Iterator[sa.Engine]:
    """A new database in a folder of its own, in one file when this ends."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise CommandError(f"{folder} is not empty: a copy goes into a folder of its own")
    write_private(folder / name, b"")
    with _databases(database.connect(f"sqlite:///{folder / name}")) as (engine,):
        yield engine
        database.scrub(engine, tuple(KEYS.tables.values()), rewrite=False)


@contextmanager
def _databases(*engines: sa.Engine) -> Iterator[tuple[sa.Engine, ...]]:
    try:
        yield engines
    except sa.exc.SQLAlchemyError as error:
        kind = type(error).__name__
        raise CommandError(f"a database fails ({kind}): run this version's broker once") from error
    finally:
        for engine in engines:
            engine.dispose()
