"""Timestamps are made beside the exchange: no answer to a caller waits for one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.registers import Registers
from audit.errors import FormatError
from audit.log import AuditLog
from audit.timestamps.timestamps import StoredTimestamp, TimestampArchive
from exchange.config import ConfigError, load
from tests.support.broker import RunningBroker, Site
from tests.support.questions import granted
from tests.support.tsa import Mode, Tsa

Start = Callable[..., RunningBroker]
WITHIN = 30.0


def stamped_by(tsa: Tsa, **more: object) -> dict[str, object]:
    return {"url": tsa.url, "root_certificates": str(tsa.root), "interval": 0.02, **more}


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set whenever a timestamp was kept."""
    event, keep = threading.Event(), TimestampArchive.keep

    def told(self: TimestampArchive, stamp: StoredTimestamp) -> None:
        keep(self, stamp)
        event.set()

    monkeypatch.setattr(TimestampArchive, "keep", told)
    return event


def test_exchange_completes_while_the_authority_hangs(start: Start, tsa: Tsa, generated: Registers) -> None:
    """An authority that never answers is waited for by nobody who asks for data."""
    tsa.mode = Mode.HANG
    broker = start(timestamps=stamped_by(tsa, timeout=300))
    with broker.client() as client:
        first = client.exchange(granted(generated))
        assert tsa.was_asked.wait(WITHIN)
        later = [client.exchange(granted(generated)) for _ in range(5)]
    assert list(range(1, 6)) == [a.receipt.index - first.receipt.index for a in later]
    assert 1 == tsa.asked  # it is still waited for
    assert broker.broker.problem is None
    broker.stop()
    assert [] == _log(broker).timestamps.all()


@pytest.mark.parametrize("mode", [Mode.ERROR, Mode.GARBAGE, Mode.OTHER_ROOT])
def test_exchange_completes_whatever_the_authority_answers(
    start: Start, tsa: Tsa, generated: Registers, mode: Mode
) -> None:
    """Wrong answers make the broker no less healthy."""
    tsa.mode = mode
    broker = start(timestamps=stamped_by(tsa))
    with broker.client() as client:
        client.exchange(granted(generated))
        assert tsa.was_asked.wait(WITHIN)
        client.exchange(granted(generated))
    assert broker.broker.problem is None


def test_broker_has_its_log_stamped(
    start: Start, tsa: Tsa, generated: Registers, kept: threading.Event
) -> None:
    """What was exchanged is under a timestamp soon after, also after a restart of the broker."""
    for _ in range(2):
        kept.clear()
        broker = start(timestamps=stamped_by(tsa))
        with broker.client() as client:
            answer = client.exchange(granted(generated))
        assert kept.wait(WITHIN)
        evidence = _log(broker).timestamps.evidence(answer.receipt.index)
        assert answer.receipt.index == evidence.proof.index
        evidence.verify(broker.broker.log.reader.verifier, tsa.roots)
        broker.stop()


def test_broker_does_not_start_without_the_roots(start: Start, tsa: Tsa, tmp_path: Path) -> None:
    """Who configures an authority and no root for it learns so at once, not from a log without timestamps."""
    with pytest.raises(FormatError, match=r"nowhere\.pem cannot be read"):
        start(timestamps=stamped_by(tsa, root_certificates=str(tmp_path / "nowhere.pem")))


def test_nobody_is_asked_where_nobody_is_configured(start: Start, tsa: Tsa, generated: Registers) -> None:
    """Without a URL nothing is sent, and nothing is needed."""
    broker = start(timestamps={"root_certificates": "nowhere.pem"})
    with broker.client() as client:
        client.exchange(granted(generated))
    assert 0 == tsa.asked


@pytest.mark.parametrize(
    "url", ["tsa.example", "ftp://tsa.example/", "http://", "http://a/ b", "http://u:hunter2@h/"]
)
def test_wrong_url_is_said(site: Site, url: str) -> None:
    """What is no URL of HTTP is named with its setting, and a password in it is not repeated."""
    with pytest.raises(ConfigError, match=r"timestamps\.url") as caught:
        load(site.write_config(timestamps={"url": url}))
    assert "hunter2" not in str(caught.value)


def _log(broker: RunningBroker) -> AuditLog:
    return broker.broker.log
