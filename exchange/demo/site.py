"""Where the demo lives: keys, registers, a configuration and a log, made once and kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters import registers
from adapters.registers import Registers
from audit.verification.verify import Progress
from exchange.identity import pki
from exchange.identity.authorities import DEMO_ORGANISATIONS

AUDIENCE = "demo.hjemmel.example"
REAL_DATA = "HJEMMEL_REAL_DATA"
_STOP_TIMEOUT = 15  # seconds
_CONFIG = """\
# Written by `hjemmel demo`. All settings: hjemmel config example.
[server]
address = "127.0.0.1:0"
probe_address = "127.0.0.1:0"
audience = "{audience}"
[log]
origin = "{audience}/log"
[witness]
policy = "witness.policy"
interval = 0.5
"""


class DemoError(RuntimeError):
    """The demo cannot run; the message says what to do."""


@dataclass(frozen=True, slots=True)
class DemoSite:
    """A folder that a broker of the demo can run in."""

    folder: Path
    registers: Registers
    has_real_rows: bool

    @property
    def config(self) -> Path:
        """The broker's configuration."""
        return self.folder / "hjemmel.toml"

    @property
    def keys(self) -> Path:
        """Keys and certificates."""
        return self.folder / "keys"


def prepare(folder: Path, persons: int, progress: Progress) -> DemoSite:
    """Makes what is missing in a folder, and leaves what is there: earlier records are kept.

    Raises:
        DemoError: the folder holds registers of another size, or of another version of Hjemmel.
        RealDataError: HJEMMEL_REAL_DATA names a folder without the real rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keys = folder / "keys"
    if not (keys / "participants.json").exists():
        pki.init(
            keys,
            DEMO_ORGANISATIONS,
            audience=AUDIENCE,
            origin=f"{AUDIENCE}/log",
            hosts=("localhost", "127.0.0.1"),
        )
    (folder / "hjemmel.toml").write_text(_CONFIG.format(audience=AUDIENCE), "utf-8")
    made = registers.generate(persons)
    marker = folder / "registers" / "complete.json"
    real = os.environ.get(REAL_DATA)
    wanted = {"persons": persons, "digest": registers.digest(made), "real_rows": bool(real)}
    present = json.loads(marker.read_text("utf-8")) if marker.exists() else None
    if present and present["digest"] != wanted["digest"]:
        if present["persons"] == persons:
            raise DemoError(
                f"{folder} was made by another version of Hjemmel: move it away, or use another --folder"
            )
        raise DemoError(
            f"{folder} holds registers of {present['persons']} persons: use --persons "
            f"{present['persons']}, or another --folder"
        )
    if present is None:
        marker.parent.mkdir(exist_ok=True)
        registers.write(made, marker.parent, progress)
    if real and not (present or {}).get("real_rows"):
        registers.load_real(Path(real) / "registers", marker.parent, progress)
    wanted["real_rows"] = bool(real) or bool((present or {}).get("real_rows"))
    marker.write_text(json.dumps(wanted), "utf-8")
    return DemoSite(folder, made, bool(wanted["real_rows"]))


@contextmanager
def serving(site: DemoSite) -> Iterator[str]:
    """Runs `hjemmel serve` beside the demo; gives the address that it answers at.

    Raises:
        DemoError: the broker did not start; the message holds what it said.
    """
    with (site.folder / "broker.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  # ourselves
            [sys.executable, "-m", "exchange.cli.main", "serve", "--config", str(site.config)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise DemoError(f"the broker did not start: see {site.folder / 'broker.log'}")
        yield json.loads(line)["address"]
    finally:
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
