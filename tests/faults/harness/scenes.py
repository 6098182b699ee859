"""What is played while a fault falls in. A scene always makes the same system calls, but for waiting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click
import orjson
import sqlalchemy as sa

from audit.errors import LogError
from audit.formats import checkpoint
from audit.publishing import file_batch
from audit.publishing.export import export
from exchange.cli.backups import backup
from exchange.cli.output import CommandError
from tests.faults.harness.actor import Actor
from tests.faults.harness.parts import NO_AGREEMENT
from tests.faults.harness.told import Side
from tests.support.logs import LogSite

EXPORTED, COPY, COPIED_KEYS, CONFIG = "exported", "copy", "copied-keys", "hjemmel.toml"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a scene is played: the log, who asks, and a folder for what is written beside it."""

    site: LogSite
    actor: Actor
    side: Side
    folder: Path


@dataclass(frozen=True, slots=True)
class Scene:
    """A script.

    Attributes:
        play: what is done on an open log.
        fresh: whether it begins where there is no log; else there is one with work left over.
        again: whether the log is closed and opened again at the end, and asked once more.
        files: what is written beside the log: names below the stage's folder.
        threads: whether faults are counted in all threads; else in the opener's or the writer's.
    """

    play: Callable[[Stage], Awaitable[None]]
    fresh: bool = False
    again: bool = True
    files: tuple[str, ...] = ()
    threads: bool = False


async def _exchanges(stage: Stage) -> None:
    actor = stage.actor
    await actor.ask(1)
    await actor.ask(2, NO_AGREEMENT)
    await actor.ask(0)  # whose register fails
    await actor.ask(3)
    await actor.ask_again()
    await actor.rehearse(1)
    await actor.together(4, 5, 6, 7)
    await actor.change_policy()
    await actor.erase(3)
    await actor.ask(3)


async def _few(stage: Stage) -> None:
    await stage.actor.ask(8)
    await stage.actor.ask(2, NO_AGREEMENT)


async def _export(stage: Stage) -> None:
    _exported(stage)
    await stage.actor.together(1, 2, 3)
    _exported(stage)


def _exported(stage: Stage) -> None:
    file_batch._SYNCING = 1  # one thread, so that its calls have an order
    try:
        with stage.site.database() as engine:
            done = export(engine, stage.site.verifier, stage.folder / EXPORTED)
    except (LogError, OSError, sa.exc.SQLAlchemyError):
        stage.actor.failed += 1
    else:
        stage.side.fact(exported=done.checkpoint.size)


async def _backup(stage: Stage) -> None:
    await stage.actor.ask(1)
    arguments = ["--config", str(stage.folder / CONFIG), "--json"]
    keys = ["--keys", str(stage.folder / COPIED_KEYS)]
    try:
        backup.main([str(stage.folder / COPY), *arguments, *keys], standalone_mode=False)
    except (CommandError, LogError, OSError, sa.exc.SQLAlchemyError, click.ClickException):
        stage.actor.failed += 1
    else:
        with suppress(OSError):  # what was ordered broke our own look
            note = (stage.folder / COPY / "checkpoint").read_text()
            stage.side.fact(copied=checkpoint.verify(note, stage.site.verifier).size)


def write_config(site: LogSite, folder: Path) -> None:
    """Writes what commands need to find a log."""
    values = {
        "log": {"url": site.url, "signing_key": str(site.settings.signing_key), "origin": site.origin},
        "vault": {"url": site.keys_url, "master_key": str(site.settings.master_key)},
    }
    lines = [
        line
        for section, pairs in values.items()
        for line in (f"[{section}]", *(f"{k} = {orjson.dumps(v).decode()}" for k, v in pairs.items()))
    ]
    site.settings.signing_key.with_suffix(".vkey").write_text(site.verifier.vkey + "\n")
    (folder / CONFIG).write_text("\n".join(lines) + "\n")


SCENES = {
    "exchange": Scene(_exchanges),
    "create": Scene(_few, fresh=True),
    "recover": Scene(_few, again=False),
    "export": Scene(_export, again=False, files=(EXPORTED,), threads=True),
    "backup": Scene(_backup, again=False, files=(COPY, COPIED_KEYS), threads=True),
}
