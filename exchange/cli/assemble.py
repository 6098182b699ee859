"""`hjemmel assemble`: all that a task needs about one applicant, as an authority's backend would ask."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from exchange.cli.output import CommandError, console, json_option, result
from exchange.cli.package_view import answer_lines, summary_lines
from exchange.client import (
    Answer,
    Application,
    Assembled,
    Client,
    ClientError,
    Credentials,
    PartAnswered,
    Summary,
)
from exchange.packages.model import Package


@click.command()
@click.argument("package")
@click.option("--target", default="127.0.0.1:8440", show_default=True, help="The broker's host and port.")
@click.option(
    "--as",
    "credentials",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with the organisation's client.json and keys.",
)
@click.option("--applicant", required=True, help="The applicant's identifier, of the package's kind.")
@click.option(
    "--agreement",
    "agreements",
    multiple=True,
    metavar="PART=NAME",
    help="The agreement that a part is asked under; or DATASET=NAME for all parts of it. Repeat for each.",
)
@click.option("--case", "case_reference", required=True, help="Case reference.")
@click.option("--caseworker", required=True, help="Who causes the requests.")
@click.option("--law-date", type=click.DateTime(["%Y-%m-%d"]), help="Whose law decides; today by default.")
@click.option("--consumer", help="Authority asked for, where you are its processor.")
@click.option("--consent", help="Reference of the applicant's consent.")
@click.option("--effect-time", type=click.DateTime(), help="When the data was true (UTC).")
@click.option("--registration-time", type=click.DateTime(), help="When the data was recorded (UTC).")
@click.option("--digest", help="Of the terms that you have read: other terms are not signed.")
@click.option("--timeout", default=30.0, show_default=True, help="Seconds for the whole package.")
@click.option(
    "--receipts",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to save the receipts in, one a part's exchange.",
)
@json_option
def assemble(
    package: str,
    target: str,
    credentials: Path,
    digest: str | None,
    timeout: float,
    receipts: Path | None,
    as_json: bool,
    **fields: Any,
) -> None:
    """Ask for a PACKAGE about one applicant. Every receipt is verified before anything is shown.

    Exit status 1 where something is missing that the task needs.
    """
    application = _application(fields)
    with Client(target, Credentials.load(credentials)) as client:
        declared = client.package(package)
        if digest not in {None, declared.digest}:
            raise CommandError(f"the package {package} has other terms now, of digest {declared.digest}")
        coming = client.assemble(declared, application, timeout=timeout)
        parts, summary = _followed(coming, declared, receipts, quiet=as_json)
    result(as_json, _document(declared, parts, summary), lambda: _conclude(declared, summary))
    if not summary.complete:
        raise click.exceptions.Exit(1)


def _application(fields: dict[str, Any]) -> Application:
    law_date: datetime = fields["law_date"] or datetime.now(UTC).astimezone()
    agreements = dict(text.partition("=")[::2] for text in fields["agreements"])
    if not all(agreements.values()):
        raise click.UsageError("an agreement is given as PART=NAME or DATASET=NAME")
    return Application(
        applicant=fields["applicant"],
        agreements=agreements,
        case_reference=fields["case_reference"],
        caseworker=fields["caseworker"],
        law_date=date(law_date.year, law_date.month, law_date.day),
        consumer=fields["consumer"],
        consent_reference=fields["consent"],
        effect_time=fields["effect_time"],
        registration_time=fields["registration_time"],
    )


def _followed(
    coming: Iterable[Assembled], package: Package, receipts: Path | None, *, quiet: bool
) -> tuple[list[PartAnswered], Summary]:
    parts: list[PartAnswered] = []
    for came in coming:
        if isinstance(came, Summary):
            return parts, came
        parts.append(came)
        if receipts and came.answer.receipt:
            receipts.mkdir(parents=True, exist_ok=True)
            path = receipts / f"{came.answer.receipt.index}.tlog-proof"
            path.write_text(came.answer.receipt.proof, "utf-8")
        if not quiet:
            for line in answer_lines(package, came):
                console.print(line)
    raise ClientError("the broker ended before it had summed up")


def _conclude(package: Package, summary: Summary) -> None:
    for line in summary_lines(package, summary):
        console.print(line)


def _document(package: Package, parts: list[PartAnswered], summary: Summary) -> dict[str, Any]:
    return {
        "package": package.name,
        "digest": package.digest,
        "parts": [_part(p) for p in parts],
        "complete": summary.complete,
        "missing": [
            {
                "part": m.missing.part,
                "needed": m.missing.needed,
                "code": m.missing.reason.code,
                "en": m.missing.reason.text_en,
                "da": m.missing.reason.text_da,
                "request_id": m.missing.request_id or None,
                "because_of": m.missing.because_of or None,
                "next": {
                    "cvr": m.next.cvr,
                    "name": m.next.name,
                    "en": m.next.text.en,
                    "da": m.next.text.da,
                },
            }
            for m in summary.missing
        ],
    }


def _part(came: PartAnswered) -> dict[str, Any]:
    document: dict[str, Any] = {
        "part": came.part.name,
        "subject": {"kind": came.subject.kind, "value": came.subject.value},
        "request_id": came.request_id,
        "index": came.answer.receipt.index if came.answer.receipt else None,
    }
    if isinstance(came.answer, Answer):
        law = came.answer.law
        document["law"] = {"citation": law.citation, "verified": law.verified, "version": law.version}
        document["records"] = [dict(r) for r in came.answer.records]
        document["withheld"] = [
            {"attribute": w.attribute, "code": w.reason.code} for w in came.answer.withheld
        ]
    else:
        document["reasons"] = [
            {"code": r.code, "en": r.text_en, "da": r.text_da} for r in came.answer.reasons
        ]
    return document
