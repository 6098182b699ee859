"""`hjemmel watch`: changes about the subjects of running cases, as a backend would follow them."""

from __future__ import annotations

import csv
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import click
import orjson

from exchange.cli.output import console, errors
from exchange.client import Alive, Answer, Changed, Client, Credentials, Following, Subject, Task
from exchange.model.identifiers import SUBJECT_KEYS
from exchange.model.request import SUBJECT_ROLES


@click.command()
@click.option("--target", default="127.0.0.1:8440", show_default=True, help="The broker's host and port.")
@click.option(
    "--as",
    "credentials",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with the organisation's client.json and keys.",
)
@click.option("--dataset", required=True, help="Dataset, e.g. cpr.person.")
@click.option("--attributes", required=True, help="Attributes, separated by commas.")
@click.option("--key", required=True, type=click.Choice(list(SUBJECT_KEYS)), help="Kind of identifier.")
@click.option(
    "--subjects",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV file of the subjects: identifier, role, case reference.",
)
@click.option("--purpose", required=True, help="Purpose, e.g. housing-benefit.income.")
@click.option("--legal-basis", required=True, help="Cited legal basis, e.g. bsl.8.")
@click.option("--agreement", required=True, help="Service agreement.")
@click.option("--caseworker", required=True, help="Who causes the requests, e.g. an automated process.")
@click.option("--days", default=1.0, show_default=True, help="How long the subscription lasts.")
@click.option("--partial", is_flag=True, help="A part of the attributes will do.")
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with the cursor and digests, so that the next run goes on; holds identifiers, mode 0600.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line.")
def watch(target: str, credentials: Path, state: Path | None, as_json: bool, **fields: Any) -> None:
    """Follow changes until the subscription ends; stop at any moment, and go on with --state.

    Each subject is read once when it is added, then whenever it changed. Every receipt is verified before
    anything is shown. A subject that may not be followed is told once, with the reason.
    """
    signal.signal(signal.SIGTERM, _stop)
    following = _following(fields)
    if state is not None and state.exists():
        _restore(following, state)
    with Client(target, Credentials.load(credentials)) as client:
        for event in client.watch(following):
            _show(event, as_json=as_json)
            following.keep(event)
            if state is not None:
                _keep(following, state)


def _following(fields: dict[str, Any]) -> Following:
    task = Task(
        dataset=fields["dataset"],
        attributes=tuple(name.strip() for name in fields["attributes"].split(",")),
        key_kind=fields["key"],
        purpose=fields["purpose"],
        legal_basis=fields["legal_basis"],
        agreement=fields["agreement"],
        caseworker=fields["caseworker"],
        partial_acceptable=fields["partial"],
    )
    ends = datetime.now(UTC) + timedelta(days=fields["days"])
    with fields["subjects"].open(encoding="utf-8", newline="") as file:
        return Following(
            task, ends, {_subject(row, n): b"" for n, row in enumerate(csv.reader(file), 1) if row}
        )


def _subject(row: list[str], line: int) -> Subject:
    parts = [part.strip() for part in row]
    if len(parts) != 3 or parts[1] not in SUBJECT_ROLES:  # noqa: PLR2004  # the three columns
        roles = ", ".join(SUBJECT_ROLES)
        raise click.UsageError(
            f"line {line} of the subjects: write identifier, role, case; roles are {roles}"
        )
    return Subject(*parts)


def _restore(following: Following, file: Path) -> None:
    """Goes on where the last run ended; a subject that is new is read at once."""
    kept = orjson.loads(file.read_bytes())
    following.cursor = kept["cursor"]
    digests = {(v, role, case): bytes.fromhex(digest) for v, role, case, digest in kept["subjects"]}
    for subject in following.subjects:
        following.subjects[subject] = digests.get((subject.value, subject.role, subject.case_reference), b"")


def _keep(following: Following, file: Path) -> None:
    subjects = [(s.value, s.role, s.case_reference, d.hex()) for s, d in following.subjects.items()]
    new = file.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(orjson.dumps({"cursor": following.cursor, "subjects": subjects}))
    new.replace(file)


def _show(event: Changed | Alive, *, as_json: bool) -> None:
    if isinstance(event, Alive):
        if as_json:
            _tell({"alive": event.read_time.isoformat(), "cursor": event.cursor})
        return
    answer = event.answer
    document: dict[str, Any] = {
        "subject": event.subject.value,
        "case": event.subject.case_reference,
        "request_id": event.request_id,
        "changed": event.change_time.isoformat() if event.change_time else None,
    }
    if isinstance(answer, Answer):
        withheld = [{"attribute": w.attribute, "code": w.reason.code} for w in answer.withheld]
        document |= {"records": [dict(r) for r in answer.records], "withheld": withheld}
    else:
        document["ended"] = [r.code for r in answer.reasons]
    document |= {"index": answer.receipt.index if answer.receipt else None, "cursor": event.cursor}
    if as_json:
        _tell(document)
    elif isinstance(answer, Answer):
        since = f"{event.change_time:%Y-%m-%d %H:%M}" if event.change_time else "as it is"
        records = (
            "; ".join(", ".join(f"{n} {v}" for n, v in r.items()) for r in answer.records) or "no record"
        )
        console.print(
            f"{event.subject.case_reference}  {since}: {records}  (entry {answer.receipt.index})",
            markup=False,
        )
    else:
        errors.print(f"{event.subject.case_reference}  followed no more: {answer}", markup=False)


def _tell(document: dict[str, Any]) -> None:
    sys.stdout.write(orjson.dumps(document).decode() + "\n")
    sys.stdout.flush()


def _stop(_number: int, _frame: object) -> NoReturn:
    sys.exit(0)  # what is kept is kept
