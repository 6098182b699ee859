"""A policy server that hangs, fails, lies, or is another one: the exchange fails and nothing is read."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from exchange.client.credentials import Credentials
from tests.support import fake_opa, raw, verdict
from tests.support.adapters import Watched
from tests.support.broker import RunningBroker, Site, running
from tests.support.fake_opa import Script
from tests.support.raw import Wire, sign, told

GRANTED = ["loenindkomst", "maaned", "oevrigIndkomst", "overfoerselsindkomst", "pensionsindkomst"]
GRANT: dict[str, Any] = {
    "allow": True,
    "granted": GRANTED,
    "refused": [],
    "reasons": [],
    "obligations": [],
    "legal_basis": {"id": "bsl.8", "version": "1"},
    "agreement": "udk-eindkomst",
}


class Setting(NamedTuple):
    """A broker whose policy server is scripted."""

    broker: RunningBroker
    wire: Wire
    script: Script
    watched: Watched

    @property
    def revision(self) -> str:
        """The revision that the broker expects."""
        return self.broker.broker.parts.policy.revision


@pytest.fixture(scope="module")
def setting(keys: Path, register_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    """The engine is the real client of OPA; only what it talks to is not."""
    site = Site(keys, register_folder, tmp_path_factory.mktemp("site"))
    script, watched = Script(), Watched()
    with fake_opa.answering(script) as url, running(site) as start:
        broker = start(change=watched, policy={"engine": "opa", "opa_url": url, "timeout": 0.5})
        with raw.connected(broker) as wire:
            yield Setting(broker, wire, script, watched)


class Case(NamedTuple):
    """What the server answers, and the reason that the exchange must fail for."""

    name: str
    reason: str
    answer: Callable[[Setting], object]


def saying(body: bytes, status: int = 200) -> Callable[[Setting], None]:
    """Answers bytes."""
    return lambda setting: setting.script.say(body, status)


def deciding(result: Any, revision: str | None = None) -> Callable[[Setting], None]:
    """Answers a document, by default of the right revision."""
    return lambda setting: setting.script.document(result, revision or setting.revision)


def answering(result: Any, *others: str) -> Callable[[Setting], None]:
    """Answers something else than one decision for each input, of the right revision and others."""

    def answer(setting: Setting) -> None:
        stated = enumerate((setting.revision, *others))
        bundles = {str(number): {"revision": revision} for number, revision in stated}
        setting.script.say(json.dumps({"result": result, "provenance": {"bundles": bundles}}).encode())

    return answer


INVALID = "POLICY_ANSWER_INVALID"
CASES = [
    Case("hangs", "POLICY_TIMEOUT", lambda s: setattr(s.script, "hang", True)),
    Case("answers garbage", "POLICY_FAILED", saying(b"\xff\xfe{")),
    Case("answers HTML", "POLICY_FAILED", saying(b"<html>login</html>")),
    Case("answers an error", "POLICY_FAILED", saying(b'{"code": "internal_error"}', 500)),
    Case("answers not found", "POLICY_FAILED", saying(b"", 404)),
    Case("answers unauthorised", "POLICY_FAILED", saying(b"{}", 401)),
    Case("answers a list", INVALID, saying(b"[1]")),
    Case("answers null", INVALID, saying(b"null")),
    Case("answers nothing", INVALID, saying(b"{}")),
    Case("states no revision", INVALID, saying(b'{"result": [{"allow": true}]}')),
    Case("is of another revision", INVALID, deciding(GRANT, "0" * 64)),
    Case("states two revisions", INVALID, answering([GRANT], "0" * 64)),
    Case("knows no such rule", INVALID, answering(None)),
    Case("answers fewer than it was asked", INVALID, answering([])),
    Case("answers more than it was asked", INVALID, answering([GRANT, GRANT])),
    Case("answers one for all", INVALID, answering(GRANT)),
    Case("decides nothing", INVALID, deciding(None)),
    Case("answers true", INVALID, deciding(result=True)),
    Case("grants more than asked", INVALID, deciding({**GRANT, "granted": [*GRANTED, "personnummer"]})),
    Case("grants a part", INVALID, deciding({**GRANT, "granted": GRANTED[:1]})),
    Case("grants while refusing", INVALID, deciding({**GRANT, "allow": False})),
    Case("grants in another type", INVALID, deciding({**GRANT, "allow": "true"})),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_whatever_a_policy_server_does_wrong_grants_nothing(
    setting: Setting, credentials: Credentials, body: bytes, subject: str, case: Case
) -> None:
    """The exchange fails for what went wrong, is recorded, and no register was asked."""
    setting.script.hang, setting.script.status = False, 200
    case.answer(setting)
    before = len(setting.watched.asked)
    said = told(lambda: setting.wire.exchange(body, sign(credentials, body)))
    entry = verdict.check_ended(
        setting.broker, said, case.reason, outcome="failed", secrets=(subject, "internal_error", "login")
    )
    assert ((), setting.revision) == (entry.attributes_granted, entry.policy_revision)
    assert before == len(setting.watched.asked)


def test_a_policy_server_that_decides_is_believed(
    setting: Setting, credentials: Credentials, body: bytes, subject: str
) -> None:
    """The same server answering properly is followed, and was told nothing personal."""
    setting.script.hang, setting.script.status = False, 200
    setting.script.document(GRANT, setting.revision)
    setting.wire.exchange(body, sign(credentials, body))
    assert "granted" == verdict.last(setting.broker).entry.outcome
    verdict.check_silent(repr(setting.script.inputs), subject)


def test_a_policy_server_that_is_not_there_grants_nothing(
    site: Site, credentials: Credentials, body: bytes, subject: str
) -> None:
    """Nobody listens: the exchange fails and is recorded."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with running(site) as start:
            broker = start(policy={"engine": "opa", "opa_url": url, "timeout": 2})
            with raw.connected(broker) as wire:
                said = told(lambda: wire.exchange(body, sign(credentials, body)))
            verdict.check_ended(broker, said, "POLICY_FAILED", outcome="failed", secrets=(subject,))
