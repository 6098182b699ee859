"""A policy set changes while requests are decided: whole or not at all, and no request notices."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import orjson
import pytest
from click.testing import CliRunner, Result

from adapters.registers import Registers
from audit.formats.entry import POLICY_CHANGED
from audit.formats.entry import Event as Recorded
from audit.storage.schema import policy_revisions
from exchange.cli.main import hjemmel
from exchange.client import ClientError
from exchange.client.protocol import VerifiedReceipt
from exchange.config import DEFAULT_POLICIES
from exchange.policy import policy_set
from exchange.policy.policy_set import PolicyError
from tests.conftest import Start
from tests.support import opa
from tests.support.broker import RunningBroker, Site
from tests.support.questions import granted

_PATIENCE = 20  # seconds


def until(holds: Callable[[], bool]) -> None:
    """Waits until something holds; fails when it does not come to hold."""
    end = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the policies, to be changed."""
    return Path(shutil.copytree(DEFAULT_POLICIES, tmp_path / "policies"))


def end_agreement(folder: Path, name: str = "udk-eindkomst") -> str:
    """Ends an agreement in a folder of policies; gives the revision that follows."""
    file = folder / "agreements" / "data.json"
    document = orjson.loads(file.read_bytes())
    document[name]["valid_to"] = "2024-12-31"
    file.write_bytes(orjson.dumps(document))
    return policy_set.load(folder).revision


def command(site: Site, *arguments: str) -> Result:
    """Runs `hjemmel policy …` on a site's configuration."""
    config = str(site.write_config())
    return CliRunner().invoke(hjemmel, ["policy", *arguments, "--config", config, "--json"])


def done(result: Result) -> dict[str, object]:
    """What a command printed, where it did its work."""
    if result.exception:
        raise result.exception
    document: dict[str, object] = orjson.loads(result.stdout)
    return document


def decided_by(broker: RunningBroker, registers: Registers) -> tuple[str, str]:
    """Asks what is granted at first; gives the outcome and the revision that the receipt names."""
    with broker.client() as client:
        try:
            receipt: VerifiedReceipt | None = client.exchange(granted(registers)).receipt
        except ClientError as error:
            receipt = error.receipt
    assert receipt is not None
    return receipt.entry.outcome, receipt.entry.policy_revision


def test_published_set_decides_the_next_request_and_rolls_back(
    site: Site, start: Start, generated: Registers, folder: Path
) -> None:
    """Publish, then one command back: no restart; receipts name who decided; the log tells of both."""
    broker = start()
    first = broker.broker.parts.policy.revision
    assert ("granted", first) == decided_by(broker, generated)
    second = end_agreement(folder)
    published = done(command(site, "publish", str(folder), "--note", "the agreement ended"))
    assert (second, first) == (published["revision"], published["previous"])
    assert ("refused", second) == decided_by(broker, generated)
    back = done(command(site, "rollback"))
    assert first == back["revision"]
    assert ("granted", first) == decided_by(broker, generated)
    told = [broker.broker.log.reader.by_index(int(str(e["entry"]))).content for e in (published, back)]
    assert all(isinstance(e, Recorded) and e.kind == POLICY_CHANGED for e in told)
    assert [("publish", second), ("roll_back", first)] == [
        (e.details["action"], e.details["revision"]) for e in told if isinstance(e, Recorded)
    ]


def test_change_under_load_drops_no_request(
    site: Site, start: Start, generated: Registers, folder: Path
) -> None:
    """While sets change to and fro, every request ends as the set that its receipt names would have it."""
    broker = start()
    first = broker.broker.parts.policy.revision
    second = end_agreement(folder)
    expected = {first: "granted", second: "refused"}
    stop = Event()

    def ask() -> list[tuple[str, str]]:
        found = []
        while not stop.is_set():
            found.append(decided_by(broker, generated))
        return found

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask) for _ in range(3)]
        for _ in range(3):
            done(command(site, "publish", str(folder)))
            done(command(site, "rollback"))
        stop.set()
        found = [answer for work in asking for answer in work.result(_PATIENCE)]
    assert {first, second} == {revision for _, revision in found}
    assert [] == [f for f in found if f[0] != expected[f[1]]]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("terms/terms.rego", "package terms\n\nhousehold := {"),
        ("agreements/data.json", "{"),
        ("legal_bases/data.json", '{"bsl.8": {}}'),
        ("terms/more.rego", "package terms\n\nx := http.send({})\n"),
    ],
    ids=["syntax", "json", "schema", "built-in"],
)
def test_set_that_does_not_hold_is_not_published(
    site: Site, start: Start, generated: Registers, folder: Path, file: str, text: str
) -> None:
    """The command names the file; nothing is archived, and the old set goes on deciding."""
    broker = start()
    first = broker.broker.parts.policy.revision
    (folder / file).write_text(text, "utf-8")
    with pytest.raises(PolicyError, match=file.replace(".", r"\.")):
        done(command(site, "publish", str(folder)))
    assert ("granted", first) == decided_by(broker, generated)
    assert 1 == len(broker.broker.log.policies.events())


def test_withdrawn_set_never_decides_again(
    site: Site, start: Start, generated: Registers, folder: Path
) -> None:
    """It leaves at once for the one before; publishing it again is refused, with the reason."""
    broker = start()
    first, second = broker.broker.parts.policy.revision, end_agreement(folder)
    done(command(site, "publish", str(folder)))
    withdrawn = done(command(site, "withdraw", second[:10]))
    assert (second, first) == (withdrawn["withdrawn"], withdrawn["revision"])
    assert ("granted", first) == decided_by(broker, generated)
    with pytest.raises(Exception, match="withdrawn"):
        done(command(site, "publish", str(folder)))


def test_broker_starts_with_what_was_in_force(
    site: Site, start: Start, generated: Registers, folder: Path
) -> None:
    """A roll-back outlasts a restart: the folder's set was in force before, and does not come back alone."""
    first = policy_set.load(DEFAULT_POLICIES).revision
    second = end_agreement(folder)
    broker = start()
    done(command(site, "publish", str(folder)))
    done(command(site, "rollback"))
    broker.stop()
    again = start(policy={"folder": str(folder)})
    assert (first, ("granted", first)) == (
        again.broker.parts.policy.revision,
        decided_by(again, generated),
    )
    assert second in again.broker.log.policies.state().history


def test_new_folder_is_published_when_a_broker_starts(
    site: Site, start: Start, generated: Registers, folder: Path
) -> None:
    """A set that was never in force here is what a new installation came for; the log tells of it."""
    start().stop()
    second = end_agreement(folder)
    again = start(policy={"folder": str(folder)})
    assert ("refused", second) == decided_by(again, generated)
    assert isinstance(again.broker.log.reader.by_index(0).content, Recorded)


def test_broken_folder_at_start_leaves_the_archived_set_deciding(
    start: Start, generated: Registers, folder: Path
) -> None:
    """A broker that has a lawful set starts with it, whatever lies in the folder."""
    first = start()
    revision = first.broker.parts.policy.revision
    first.stop()
    (folder / "terms" / "terms.rego").write_text("package terms\n{", "utf-8")
    again = start(policy={"folder": str(folder)})
    assert ("granted", revision) == decided_by(again, generated)


def test_altered_archive_is_not_put_to_work(
    site: Site, start: Start, generated: Registers, folder: Path
) -> None:
    """A set that was exchanged in the database is not decided by: the broker says why and keeps the old."""
    broker = start()
    first, second = broker.broker.parts.policy.revision, end_agreement(folder)
    policies = policy_set.load(folder)
    archive = broker.broker.log.policies
    archive.put_in_force(second, policies.bundle, "2026-11-21T20:00:00Z", "")
    with archive._engine.begin() as connection:  # as an intruder would
        same = policy_revisions.c.revision == second
        connection.execute(policy_revisions.update().where(same).values(bundle=b"{}"))
    until(lambda: broker.broker.policies.problem is not None or broker.broker.parts.policy.revision == second)
    # Either it was read before it was altered, or it is refused; never is the altered one at work.
    if broker.broker.parts.policy.revision == first:
        assert ("granted", first) == decided_by(broker, generated)
    else:
        assert ("refused", second) == decided_by(broker, generated)


@pytest.fixture
def served(start: Start, keys: Path, tmp_path: Path) -> Iterator[RunningBroker]:
    """A broker that decides by an OPA server, which fetches its policies from the broker, as deployed."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with opa.beside(url, keys / "policy.pub.pem", tmp_path / "opa.log") as server:
        broker = start(policy={"engine": "opa", "opa_url": server.url, "bundle_address": f"127.0.0.1:{port}"})
        server.start()
        until(lambda: broker.broker.problem is None)
        yield broker


def test_published_set_reaches_the_opa_server(
    site: Site, served: RunningBroker, generated: Registers, folder: Path
) -> None:
    """One command puts a set in force at OPA too, by the signed bundle that it fetches; one takes it back."""
    first, second = served.broker.parts.policy.revision, end_agreement(folder)
    assert ("granted", first) == decided_by(served, generated)
    done(command(site, "publish", str(folder)))
    until(lambda: decided_by(served, generated) == ("refused", second))
    done(command(site, "rollback"))
    until(lambda: decided_by(served, generated) == ("granted", first))


def test_change_under_load_through_opa_grants_nothing_wrongly(
    site: Site, served: RunningBroker, generated: Registers, folder: Path
) -> None:
    """While OPA takes bundles over, every request ends as the set that its receipt names would have it."""
    first, second = served.broker.parts.policy.revision, end_agreement(folder)
    stop = Event()

    def ask() -> list[tuple[str, str]]:
        found = []
        while not stop.is_set():
            found.append(decided_by(served, generated))
        return found

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask) for _ in range(3)]
        for arguments, wanted in ((("publish", str(folder)), second), (("rollback",), first)):
            done(command(site, *arguments))
            until(lambda wanted=wanted: decided_by(served, generated)[1] == wanted)  # type: ignore[misc]
        stop.set()
        found = {answer for work in asking for answer in work.result(_PATIENCE)}
    assert {("granted", first), ("refused", second)} == found


def test_withdrawn_set_is_not_believed_from_opa_either(
    site: Site, served: RunningBroker, generated: Registers, folder: Path
) -> None:
    """What a server answers by a withdrawn set, from that moment on, grants and refuses nothing."""
    first, second = served.broker.parts.policy.revision, end_agreement(folder)
    done(command(site, "publish", str(folder)))
    until(lambda: decided_by(served, generated) == ("refused", second))
    done(command(site, "withdraw", second))
    assert decided_by(served, generated)[0] in {"failed", "granted"}
    until(lambda: decided_by(served, generated) == ("granted", first))


@pytest.fixture
def watched(start: Start, folder: Path) -> RunningBroker:
    """A broker that publishes its folder whenever it is saved."""
    return start(policy={"folder": str(folder), "follow": "saved"})


def test_saved_file_is_live(watched: RunningBroker, generated: Registers, folder: Path) -> None:
    """An author saves, and the next requests are decided by what was saved; undoing it counts as saving."""
    before = (folder / "agreements" / "data.json").read_bytes()
    first = watched.broker.parts.policy.revision
    second = end_agreement(folder)
    until(lambda: watched.broker.parts.policy.revision == second)
    assert ("refused", second) == decided_by(watched, generated)
    (folder / "agreements" / "data.json").write_bytes(before)
    until(lambda: watched.broker.parts.policy.revision == first)
    assert ("granted", first) == decided_by(watched, generated)


def test_saved_mistake_is_told_and_changes_nothing(
    watched: RunningBroker, generated: Registers, folder: Path
) -> None:
    """A folder that does not hold is named with file and line; mending it is live again."""
    first = watched.broker.parts.policy.revision
    terms = folder / "terms" / "terms.rego"
    text = terms.read_text("utf-8")
    terms.write_text(text + "\n}\n", "utf-8")
    until(lambda: "terms.rego" in (watched.broker.policies.problem or ""))
    assert ("granted", first) == decided_by(watched, generated)
    terms.write_text(text, "utf-8")
    second = end_agreement(folder)
    until(lambda: watched.broker.parts.policy.revision == second)
    assert watched.broker.policies.problem is None


def test_simulated_set_is_compared_and_never_applied(
    site: Site, start: Start, generated: Registers, folder: Path
) -> None:
    """Live requests are decided by the set in force alone; what the candidate would do is counted."""
    broker = start()
    first = broker.broker.parts.policy.revision
    candidate = end_agreement(folder)
    done(command(site, "simulate", str(folder)))
    answers = [decided_by(broker, generated) for _ in range(5)]
    assert [("granted", first)] * 5 == answers
    told = done(command(site, "simulate", "--stop"))
    assert (candidate, 5, 0) == (told["candidate"], told["compared"], told["same"])
    assert [
        {
            "consumer": "91000008",
            "purpose": "housing-benefit.income",
            "legal_basis": "bsl.8",
            "dataset": "eindkomst.indkomst",
            "change": "newly_refused",
            "against": first,
            "count": 5,
        }
    ] == told["differences"]
    assert ("granted", first) == decided_by(broker, generated)


def test_history_is_shown(site: Site, start: Start, folder: Path) -> None:
    """What was done, when, by which revision, and where the log says so."""
    start()
    end_agreement(folder)
    done(command(site, "publish", str(folder), "--note", "why"))
    shown = done(command(site, "revisions"))
    events = shown["events"]
    assert isinstance(events, list)
    assert ["publish", "publish"] == [e["action"] for e in events]
    assert (None, 0, "why") == (events[0]["entry"], events[1]["entry"], events[1]["note"])
    assert events[1]["revision"] == shown["active"]
