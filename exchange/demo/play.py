"""Playing the stories over gRPC, and proving afterwards what happened."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adapters.catalogue import load_catalogue
from audit.files import read_private
from audit.formats.note import NoteVerifier
from audit.storage import database
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import MasterKey
from audit.verification.verify import Progress, Report, verify_log
from exchange.client import Answer, Client, ClientError, Credentials, PartAnswered, Question, Summary
from exchange.config import DEFAULT_POLICIES
from exchange.demo.site import DemoSite
from exchange.demo.story import Applying, Scene, Story, counted
from exchange.packages.model import Package
from exchange.policy import policy_set
from exchange.workbench.receipt_page import receipt_page


@dataclass(frozen=True, slots=True)
class Played:
    """A scene and how it ended."""

    scene: Scene
    ended: Answer | ClientError

    @property
    def index(self) -> int | None:
        """The entry that it left."""
        return self.ended.receipt.index if self.ended.receipt else None


@dataclass(frozen=True, slots=True)
class Assembled:
    """A package: what came of each of its parts, as scenes and as it came, and of the whole."""

    played: list[Played]
    answered: list[PartAnswered]
    package: Package
    summary: Summary


class Players:
    """The organisations' backends, each with a connection of its own."""

    def __init__(self, target: str, site: DemoSite) -> None:
        """Takes the broker and where the keys are."""
        self._target = target
        self._site = site
        self._clients: dict[str, Client] = {}

    def play(self, story: Story) -> list[Played]:
        """Asks every question of a story."""
        return [self._ask(scene) for scene in story.scenes]

    def assemble(self, applying: Applying) -> Assembled:
        """Asks for a package; tells each of its answers as a scene.

        Raises:
            ClientError: the package as a whole is refused, or what came does not hold.
        """
        client = self._client(applying.actor)
        package = client.package(applying.package)
        *parts, summary = client.assemble(package, applying.application)
        if not isinstance(summary, Summary):
            raise ClientError("the broker ended before it had summed up")
        answered = [p for p in parts if isinstance(p, PartAnswered)]
        return Assembled([_scene(applying, package, p) for p in answered], answered, package, summary)

    def close(self) -> None:
        """Closes the connections."""
        for client in self._clients.values():
            client.close()

    def _ask(self, scene: Scene) -> Played:
        try:
            return Played(scene, self._client(scene.actor).exchange(scene.question))
        except ClientError as error:
            return Played(scene, error)

    def _client(self, actor: str) -> Client:
        if actor not in self._clients:
            credentials = Credentials.load(self._site.keys / actor)
            self._clients[actor] = Client(self._target, credentials)
        return self._clients[actor]


def _scene(applying: Applying, package: Package, came: PartAnswered) -> Played:
    part, own = came.part, applying.application
    question = Question(
        dataset=part.dataset,
        attributes=part.attributes,
        subject=came.subject,
        subject_role=part.role,
        purpose=part.purpose,
        legal_basis=part.legal_basis,
        agreement=own.agreements[part.dataset],
        case_reference=own.case_reference,
        caseworker=own.caseworker,
        law_date=own.law_date,
    )
    summary = applying.summaries.get(part.name, counted)
    return Played(Scene(package.told[part.name].title.en, applying.actor, question, summary), came.answer)


def verify(site: DemoSite, progress: Progress) -> Report:
    """Verifies the demo's log, sealed parts included."""
    master = MasterKey(read_private(site.keys / "vault.key"))
    keys = SubjectKeys(database.connect(f"sqlite:///{site.folder / 'keys.db'}"), master)
    log = database.connect(f"sqlite:///{site.folder / 'log.db'}")
    return verify_log(log, log_key(site), keys, progress)


def tampered(site: DemoSite, index: int) -> tuple[Report, Mapping[str, int]]:
    """Copies the log, flips one bit in an entry of the copy, and verifies the copy."""
    copy = site.folder / "tampered-copy.db"
    copy.unlink(missing_ok=True)
    with sqlite3.connect(site.folder / "log.db") as source, sqlite3.connect(copy) as target:
        source.backup(target)
        (leaf,) = target.execute('SELECT leaf FROM log_entries WHERE "index" = ?', (index,)).fetchone()
        position = len(leaf) // 2
        altered = bytearray(leaf)
        altered[position] ^= 1
        target.execute('UPDATE log_entries SET leaf = ? WHERE "index" = ?', (bytes(altered), index))
    source.close()
    target.close()
    report = verify_log(database.connect(f"sqlite:///{copy}"), log_key(site))
    for path in copy.parent.glob(copy.name + "*"):
        path.unlink()
    return report, {"index": index, "byte": position}


def save_receipt(site: DemoSite, played: Played, proof: str) -> Path:
    """Writes a receipt of a scene as a file that anyone can verify."""
    folder = site.folder / "receipts"
    folder.mkdir(exist_ok=True)
    path = folder / f"{played.index}.tlog-proof"
    path.write_text(proof, "utf-8")
    return path


def write_page(site: DemoSite) -> Path:
    """Writes the page that verifies receipts in a browser, for the demo's log."""
    path = site.folder / "verify.html"
    path.write_text(receipt_page(policy_set.load(DEFAULT_POLICIES), load_catalogue(), log_key(site)), "utf-8")
    return path


def log_key(site: DemoSite) -> NoteVerifier:
    """The public key of the demo's log."""
    return NoteVerifier.parse((site.keys / "log.vkey").read_text("utf-8"))
