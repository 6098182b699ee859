"""Watchers that do not read: the broker keeps one part for each of them, whatever the log has for them."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path

import grpc
import pytest
from hjemmel.audit.v1 import audit_service_pb2 as pb
from hjemmel.audit.v1.audit_service_pb2_grpc import AuditServiceStub

from audit.files import read_private, write_private
from exchange.client import Client
from tests.faults.processes import serve
from tests.support import public_logs
from tests.support.broker import Site
from tests.support.logs import LogSite
from tests.support.sides import seen

ENTRIES = 60_000  # forty megabytes, all of them on the side of who does not read
STREAMS = 4
MOST = 48  # MiB; unread, four streams would be 160


def resident(pid: int) -> int:
    """What a process has in memory, MiB."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) // 1024


@pytest.mark.slow
def test_a_watcher_that_does_not_read_is_not_buffered_for(site: Site, tmp_path: Path) -> None:
    """While others read the whole log, four streams that nobody reads cost the broker next to nothing."""
    log = LogSite(f"sqlite:///{site.folder / 'log.db'}", f"sqlite:///{site.folder / 'keys.db'}", tmp_path)
    write_private(log.settings.signing_key, read_private(site.keys / "log.key"))
    public_logs.grow(log, ENTRIES)
    broker = serve(site.write_config(watch={"heartbeat": 1}), tmp_path / "errors")
    idle = site.credentials("udbetaling-danmark")
    try:
        with ExitStack() as stack:
            before = resident(broker.process.pid)
            unread = []
            for _ in range(STREAMS):
                channel = stack.enter_context(grpc.secure_channel(broker.target, idle.channel()))
                unread.append(AuditServiceStub(channel).WatchRecords(pb.WatchRecordsRequest()))
            reader = stack.enter_context(Client(broker.target, site.credentials("cpr")))
            found, _ = seen(reader.watch_records())  # its turns alternate with theirs: they had theirs, too
            grown = resident(broker.process.pid) - before
            for stream in unread:
                stream.cancel()
    finally:
        broker.terminate()
    assert ENTRIES == len(found)
    assert grown < MOST
