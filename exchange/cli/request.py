"""`hjemmel request`: one exchange from the command line, as an authority's backend would make it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from exchange.cli.output import CommandError, console, json_option, result
from exchange.client import Answer, Client, ClientError, Credentials, Question, Rehearsal
from exchange.model.identifiers import SUBJECT_KEYS
from exchange.model.request import SUBJECT_ROLES, SubjectKey


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
@click.option("--subject", required=True, help="The identifier.")
@click.option(
    "--role",
    required=True,
    type=click.Choice(SUBJECT_ROLES),
    help="What the subject is in the case.",
)
@click.option("--purpose", required=True, help="Purpose, e.g. housing-benefit.income.")
@click.option("--legal-basis", required=True, help="Cited legal basis, e.g. bsl.8.")
@click.option("--agreement", required=True, help="Service agreement.")
@click.option("--case", "case_reference", required=True, help="Case reference.")
@click.option("--caseworker", required=True, help="Who causes the request.")
@click.option("--consumer", help="Authority asked for, where you are its processor.")
@click.option("--consent", help="Reference of the subject's consent.")
@click.option("--law-date", type=click.DateTime(["%Y-%m-%d"]), help="Date whose law decides.")
@click.option("--effect-time", type=click.DateTime(), help="When the data was true (UTC).")
@click.option("--registration-time", type=click.DateTime(), help="When the data was recorded (UTC).")
@click.option("--partial", is_flag=True, help="A part of the attributes will do.")
@click.option("--emergency-ground", help="The urgent danger, where the law rests on one; queues a review.")
@click.option("--dry-run", is_flag=True, help="Only ask what would be decided.")
@click.option("--receipt", "receipt_file", type=click.Path(path_type=Path), help="Where to save the receipt.")
@json_option
def request(
    target: str,
    credentials: Path,
    dry_run: bool,
    receipt_file: Path | None,
    as_json: bool,
    **fields: Any,
) -> None:
    """Ask for data of one subject. Every receipt is verified before anything is shown."""
    question = _question(fields)
    with Client(target, Credentials.load(credentials)) as client:
        try:
            answer = client.dry_run(question) if dry_run else client.exchange(question)
        except ClientError as error:
            if receipt_file and error.receipt:
                receipt_file.write_text(error.receipt.proof, "utf-8")
            raise CommandError(str(error), _error(error)) from error
    if receipt_file:
        receipt_file.write_text(answer.receipt.proof, "utf-8")
    result(as_json, _document(answer), lambda: _render(answer))


def _question(fields: dict[str, Any]) -> Question:
    law_date: datetime | None = fields["law_date"]
    return Question(
        dataset=fields["dataset"],
        attributes=tuple(name.strip() for name in fields["attributes"].split(",")),
        subject=SubjectKey(fields["key"], fields["subject"]),
        subject_role=fields["role"],
        purpose=fields["purpose"],
        legal_basis=fields["legal_basis"],
        agreement=fields["agreement"],
        case_reference=fields["case_reference"],
        caseworker=fields["caseworker"],
        consumer=fields["consumer"],
        consent_reference=fields["consent"],
        law_date=date(law_date.year, law_date.month, law_date.day) if law_date else None,
        effect_time=fields["effect_time"],
        registration_time=fields["registration_time"],
        partial_acceptable=fields["partial"],
        emergency_ground=fields["emergency_ground"],
    )


def _error(error: ClientError) -> dict[str, Any]:
    return {
        "code": error.code,
        "reasons": [
            {"code": r.code, "legal_basis": r.legal_basis, "en": r.text_en, "da": r.text_da}
            for r in error.reasons
        ],
        "index": error.receipt.index if error.receipt else None,
    }


def _document(answer: Answer | Rehearsal) -> dict[str, Any]:
    receipt = answer.receipt
    common = {
        "law": {
            "citation": answer.law.citation,
            "verified": answer.law.verified,
            "version": answer.law.version,
            "policy_revision": answer.law.policy_revision,
        },
        "receipt": {
            "index": receipt.index,
            "request_id": receipt.entry.request_id,
            "size": receipt.checkpoint.size,
        },
    }
    if isinstance(answer, Rehearsal):
        refused = [{"attribute": r.attribute, "code": r.reason.code} for r in answer.refused]
        return {"granted": list(answer.granted), "refused": refused, **common}
    withheld = [{"attribute": w.attribute, "code": w.reason.code} for w in answer.withheld]
    return {"records": [dict(r) for r in answer.records], "withheld": withheld, **common}


def _render(answer: Answer | Rehearsal) -> None:
    if isinstance(answer, Rehearsal):
        console.print(f"would be granted: {', '.join(answer.granted)}", markup=False)
    else:
        names = sorted({name for record in answer.records for name in record})
        table = Table(*names)
        for record in answer.records:
            table.add_row(*(str(record.get(name, "")) for name in names))
        console.print(table if answer.records else "the register has no record", markup=False)
    refused = answer.refused if isinstance(answer, Rehearsal) else answer.withheld
    for item in refused:
        console.print(f"withheld {item.attribute}: {item.reason.text_en or item.reason.code}", markup=False)
    label = "" if answer.law.verified else " (unverified citation)"
    console.print(f"under {answer.law.citation}{label}", markup=False)
    console.print(f"recorded as entry {answer.receipt.index}; the receipt holds", markup=False)
