"""Puts searching together: the index beside the log, who keeps it, and who searches it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from audit.files import read_private
from audit.log import AuditLog
from audit.queries.background import Background, Rest
from audit.queries.indexing import Indexer
from audit.queries.queries import Queries
from audit.storage import database
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import MasterKey
from exchange.config import Settings


def index_url(settings: Settings) -> str:
    """Where the index is: where the configuration says, else beside the log."""
    if settings.search.url:
        return settings.search.url
    prefix, log = "sqlite:///", settings.log.url
    if not log.startswith(prefix):
        return log
    path = Path(log.removeprefix(prefix))
    return f"{prefix}{path.with_name(f'{path.stem}-search{path.suffix}')}"


def follow(settings: Settings, log: AuditLog, stack: AsyncExitStack) -> Queries:
    """Begins to index the log, in the background; gives what searches it.

    Raises:
        KeyFileError: the master key is missing or open to others.
    """
    master = MasterKey(read_private(settings.vault.master_key))
    index, keys = database.connect(index_url(settings)), database.connect(settings.vault.url)
    stack.callback(index.dispose)
    stack.callback(keys.dispose)
    indexer = Indexer(log.engine, index, SubjectKeys(keys, master), Rest().most)
    background = Background(indexer, Rest(look=settings.search.poll))
    background.start()
    stack.callback(background.stop)
    return Queries(index, log.reader, SubjectKeys(keys, master), master.page_tokens)
