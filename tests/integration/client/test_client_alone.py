"""An authority's backend installs the client alone, and gets nothing of the broker with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from adapters.registers import Registers
from tests.support.broker import RunningBroker
from tests.support.questions import granted

ROOT = Path(__file__).parents[3]
BROKER_ONLY = (
    *("alembic", "aiohttp", "click", "jsonschema_rs", "opa_client", "psycopg", "pydantic"),
    *("pydantic_settings", "regorus", "rich", "sqlalchemy", "uvloop", "yaml"),
)

IMPORTS = """
import importlib.util, json, sys
import hjemmel
hjemmel.Client, hjemmel.AsyncClient, hjemmel.Credentials
names = json.loads(sys.argv[1])
print(json.dumps({
    "installed": [n for n in names if importlib.util.find_spec(n)],
    "imported": [n for n in names if n in sys.modules],
}))
"""

ASKS = """
import json, sys
from dataclasses import replace
from pathlib import Path
from hjemmel import Client, Credentials
from exchange.client import Question
from exchange.model.request import SubjectKey
target, folder, fields = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
fields["subject"] = SubjectKey(*fields["subject"])
with Client(target, replace(Credentials.load(folder), memory=None)) as client:
    print(json.dumps(len(client.exchange(Question(**fields)).records)))
"""


def run(python: Path, program: str, *arguments: str) -> object:
    """Runs a program with the source tree on its path; gives what it printed."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'proto'}"}
    command = [str(python), "-W", "ignore", "-c", program, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python in which the client's requirements are installed, and nothing else."""
    folder = tmp_path_factory.mktemp("alone")
    venv.create(folder, with_pip=True, symlinks=True)
    python = folder / "bin" / "python"
    options = ("--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:")
    lock = str(ROOT / "requirements" / "client.lock")
    subprocess.run([str(python), "-m", "pip", "install", *options, "-r", lock], check=True)
    return python


def test_importing_the_client_imports_nothing_of_the_broker() -> None:
    """Where everything is installed, the client still loads none of it."""
    found = run(Path(sys.executable), IMPORTS, json.dumps(BROKER_ONLY))
    assert {"installed": list(BROKER_ONLY), "imported": []} == found


@pytest.mark.slow
def test_requirements_of_the_client_hold_nothing_of_the_broker(alone: Path) -> None:
    """requirements/client.lock is enough to import the client, and installs none of the broker's parts."""
    assert {"installed": [], "imported": []} == run(alone, IMPORTS, json.dumps(BROKER_ONLY))


@pytest.mark.slow
def test_client_alone_asks_and_verifies(alone: Path, shared: RunningBroker, generated: Registers) -> None:
    """With its own requirements only, the client carries an exchange through to a verified answer."""
    question = granted(generated)
    fields = {
        **{n: getattr(question, n) for n in ("dataset", "attributes", "subject_role", "purpose")},
        **{n: getattr(question, n) for n in ("legal_basis", "agreement", "case_reference", "caseworker")},
        "subject": [question.subject.kind, question.subject.value],
    }
    folder = str(shared.site.keys / "udbetaling-danmark")
    assert 24 == run(alone, ASKS, shared.target, folder, json.dumps(fields))
