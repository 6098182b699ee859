"""What the tests of the command line share: running it, and brokers to call."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.registers import Registers
from exchange.cli.main import main
from exchange.client import Question, Refused
from tests.support import broker as brokers
from tests.support.broker import BrokerProcess, RunningBroker, Site, running
from tests.support.questions import case, granted, question_of


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said, its lines joined so that width does not matter."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything, on one line."""
        return " ".join(f"{self.out} {self.err}".split())


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `hjemmel` with arguments, in this process."""

    def call(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["hjemmel", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, out, err)

    return call


@pytest.fixture(scope="session")
def called(
    keys: Path, register_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningBroker]:
    """One broker for all commands that only ask."""
    with running(Site(keys, register_folder, tmp_path_factory.mktemp("called"))) as start:
        yield start()


Serve = Callable[..., BrokerProcess]


@pytest.fixture
def serve(site: Site) -> Iterator[Serve]:
    """Starts `hjemmel serve` in a process of its own; ends it after the test."""
    started: list[BrokerProcess] = []

    def begin(**overrides: dict[str, object]) -> BrokerProcess:
        started.append(brokers.serve(site.write_config(**overrides)))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.terminate()
        for stream in (one.process.stdout, one.process.stderr):
            if stream is not None:
                stream.close()


def options(question: Question) -> list[str]:
    """A question as options of `hjemmel request`."""
    given = {
        "--dataset": question.dataset,
        "--attributes": ",".join(question.attributes),
        "--key": question.subject.kind,
        "--subject": question.subject.value,
        "--role": question.subject_role,
        "--purpose": question.purpose,
        "--legal-basis": question.legal_basis,
        "--agreement": question.agreement,
        "--case": question.case_reference,
        "--caseworker": question.caseworker,
        "--consumer": question.consumer,
        "--consent": question.consent_reference,
        "--law-date": question.law_date,
    }
    found = [text for name, value in given.items() if value is not None for text in (name, str(value))]
    return [*found, *(["--partial"] if question.partial_acceptable else [])]


@pytest.fixture
def asking(called: RunningBroker, generated: Registers, tmp_path: Path) -> Callable[..., list[str]]:
    """The arguments of a request that is granted, or of another question."""
    folder = tmp_path / "keys"

    def arguments(question: Question | None = None, slug: str = "udbetaling-danmark") -> list[str]:
        brokers_keys = called.site.keys
        if not folder.exists():  # of its own, so that checkpoints are remembered apart
            shutil.copytree(brokers_keys, folder)
        return [
            *("request", "--target", called.target, "--as", str(folder / slug)),
            *options(question or granted(generated)),
        ]

    return arguments


@dataclass(frozen=True)
class Kept:
    """A log of four grants about one person and a refusal about another, with nobody writing to it."""

    site: Site
    config: Path
    subject: tuple[str, str]


@pytest.fixture(scope="session")
def written(
    keys: Path, register_folder: Path, generated: Registers, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The log, to be copied."""
    folder = tmp_path_factory.mktemp("written")
    with running(Site(keys, register_folder, folder)) as start, start().client() as client:
        for _ in range(4):
            client.exchange(granted(generated))
        with pytest.raises(Refused):
            client.exchange(question_of(case(generated, "child-income-by-role")))
    return folder


@pytest.fixture
def kept(written: Path, keys: Path, register_folder: Path, generated: Registers, tmp_path: Path) -> Kept:
    """A copy of it, with keys of its own: they are changed."""
    for name in ("log.db", "keys.db"):
        shutil.copy(written / name, tmp_path / name)
    shutil.copytree(keys, tmp_path / "keys")
    site = Site(tmp_path / "keys", register_folder, tmp_path)
    subject = granted(generated).subject
    return Kept(site, site.write_config(), (subject.kind, subject.value))
