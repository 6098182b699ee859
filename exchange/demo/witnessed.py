"""A witness beside the demo's broker: a process of its own, with a key that the broker does not have."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from audit.formats import tlog_policy
from audit.witness.witness_site import WitnessSite
from exchange.client import Client, Credentials, NotCosigned
from exchange.demo.site import DemoError, DemoSite

NAME = "ombudsman.example/witness"
_STOP_TIMEOUT = 15  # seconds
_ATTEMPTS = 100
_PAUSE = 0.1  # seconds


def policy_of(site: DemoSite) -> Path:
    """The file that says whose cosignatures are demanded."""
    return site.folder / "witness.policy"


@contextmanager
def witnessing(site: DemoSite) -> Iterator[None]:
    """Runs `hjemmel witness serve`, and writes the policy that names it.

    Raises:
        DemoError: the witness did not start.
    """
    witness = WitnessSite(site.folder / "witness")
    log = (site.keys / "log.vkey").read_text("utf-8").strip()
    if not witness.vkey.exists():
        witness.init(NAME, [log])
    command = [sys.executable, "-m", "exchange.cli.main", "witness", "serve", str(witness.folder)]
    with (site.folder / "witness.log").open("ab") as said:
        process = subprocess.Popen(  # noqa: S603  # ourselves
            [*command, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=said, text=True
        )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise DemoError(f"the witness did not start: see {site.folder / 'witness.log'}")
        ready = json.loads(line)
        text = f"log {log}\nwitness ombudsman {ready['vkey']} {ready['url']}\nquorum ombudsman\n"
        policy_of(site).write_text(text, "utf-8")
        yield
    finally:
        process.terminate()
        process.wait(_STOP_TIMEOUT)


def cosigned_receipt(site: DemoSite, target: str, actor: str, request_id: str) -> str:
    """Fetches a receipt again until it is cosigned as the policy demands; gives the file's text.

    Raises:
        DemoError: it never is.
    """
    credentials = Credentials.load(site.keys / actor)
    with Client(target, replace(credentials, policy=tlog_policy.read(policy_of(site)))) as client:
        for _ in range(_ATTEMPTS):
            try:
                return client.receipt(request_id).proof
            except NotCosigned:
                time.sleep(_PAUSE)
    raise DemoError(f"the witness did not cosign: see {site.folder / 'witness.log'}")
