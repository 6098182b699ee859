"""`hjemmel policy explain`: why a request was decided as it was, and what would be lawful."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa

from exchange.cli.catalogue import catalogue_of, catalogue_option
from exchange.cli.config import config_option
from exchange.cli.opening import open_log
from exchange.cli.output import CommandError, console, json_option, result
from exchange.cli.policy import folder_argument
from exchange.cli.policy.explain_text import say_in, show_explanation
from exchange.model.catalogue import Catalogue
from exchange.model.identifiers import SUBJECT_KEYS
from exchange.model.request import SUBJECT_ROLES, timestamp
from exchange.policy import policy_set
from exchange.workbench import explain as workbench
from exchange.workbench.asking import Asker
from exchange.workbench.explain_document import explanation_document
from exchange.workbench.explain_page import explanation_page
from exchange.workbench.names import Names
from exchange.workbench.permitted import fitting_consent
from exchange.workbench.recorded import Recorded, read_recorded

_day = click.DateTime(["%Y-%m-%d"])
_time = click.DateTime(["%Y-%m-%dT%H:%M:%SZ"])
_NEEDED = ("consumer", "purpose", "legal_basis", "agreement", "dataset", "attribute", "role", "key")


@click.command()
@folder_argument
@click.option("--request-id", help="A recorded request, by its id.")
@click.option("--index", type=click.IntRange(min=0), help="A recorded request, by its place in the log.")
@click.option(
    "--input",
    "input_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A policy input, as a JSON file.",
)
@click.option("--consumer", metavar="CVR", help="Who asks.")
@click.option("--processor", metavar="CVR", help="The vendor that calls for it.")
@click.option("--provider", metavar="CVR", help="The register's authority; the catalogue's by default.")
@click.option("--purpose", help="Purpose, e.g. housing-benefit.income.")
@click.option("--legal-basis", help="Cited legal basis, e.g. bsl.8.")
@click.option("--agreement", help="Service agreement.")
@click.option("--dataset", help="Dataset, e.g. cpr.person.")
@click.option("--attribute", multiple=True, help="An attribute; repeat for each.")
@click.option("--role", type=click.Choice(SUBJECT_ROLES), help="What the subject is in the case.")
@click.option("--key", type=click.Choice(list(SUBJECT_KEYS)), help="Kind of identifier.")
@click.option("--time", type=_time, help="When it is asked (UTC); now by default.")
@click.option("--law-date", type=_day, help="Day whose law decides; the day of the request by default.")
@click.option("--consent", is_flag=True, help="A consent that fits is cited.")
@click.option("--emergency", is_flag=True, help="Urgent danger is declared.")
@click.option(
    "--kind",
    type=click.Choice(["exchange", "dry_run", "matching", "change"]),
    default="exchange",
    show_default=True,
    help="Kind of request.",
)
@click.option("--partial", is_flag=True, help="A part of the attributes will do.")
@click.option(
    "--lang", type=click.Choice(["en", "da"]), help="Language: English on the terminal, both on pages."
)
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page, complete in one file."
)
@catalogue_option
@config_option
@json_option
def explain(
    folder: Path,
    request_id: str | None,
    index: int | None,
    input_file: Path | None,
    lang: str | None,
    html: Path | None,
    catalogue: Path | None,
    config_path: Path,
    as_json: bool,
    **fields: Any,
) -> None:
    """Explain one decision, condition by condition, and find the nearest lawful request.

    The request is a recorded one (--request-id or --index, with --config), decided anew by the policy
    set that decided it; or one that you describe (--input, or the options of its fields), decided by FOLDER.
    Nothing sealed is shown but the policy input, which names nobody.
    """
    described = any(fields[name] for name in _NEEDED)
    ways = (request_id is not None, index is not None, input_file is not None, described)
    if sum(ways) != 1:
        raise click.UsageError(
            "name one request: --request-id, --index, --input, or the options of its fields"
        )
    known = catalogue_of(catalogue, config_path)
    recorded = None
    if request_id is not None or index is not None:
        recorded = _from_log(config_path, request_id, index)
        policies, policy_input = recorded.policies, recorded.policy_input
    else:
        policies = policy_set.load(folder)
        policy_input = _read(input_file) if input_file else _described(fields, known)
    names = Names(policies, known)
    found = workbench.explain(Asker(policies), policy_input)
    if html:
        page = explanation_page(
            found, names, recorded, shown="da" if lang == "da" else "en" if lang else "both"
        )
        _write(html, page)
        if not as_json:
            console.print(f"written to {html}", markup=False, soft_wrap=True)
            return
    document = explanation_document(found, names, recorded)
    result(as_json, document, lambda: show_explanation(found, names, recorded, say_in(lang or "en")))


def _from_log(config_path: Path, request_id: str | None, index: int | None) -> Recorded:
    reader = open_log(config_path)
    try:
        stored = reader.by_request(request_id) if request_id is not None else reader.by_index(index or 0)
        return read_recorded(reader, stored)
    except sa.exc.SQLAlchemyError as error:
        raise CommandError(f"the log cannot be read: {type(error).__name__}") from error


def _read(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text("utf-8"))
    except ValueError as error:  # no UTF-8, or no JSON
        raise CommandError(f"{file} holds no JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("attributes"), list):
        raise CommandError(f"{file} holds no policy input: an object with a list of attributes")
    return document


def _described(fields: dict[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    missing = [f"--{name.replace('_', '-')}" for name in _NEEDED if not fields[name]]
    if missing:
        raise click.UsageError(f"a request also needs {', '.join(missing)}")
    dataset = catalogue.datasets.get(fields["dataset"])
    provider = fields["provider"] or (dataset.provider if dataset else None)
    if provider is None:
        raise click.UsageError(f"the catalogue has no dataset {fields['dataset']}: name its --provider")
    time = timestamp(fields["time"].replace(tzinfo=UTC) if fields["time"] else datetime.now(UTC))
    consent = fitting_consent(fields["consumer"], fields["purpose"], time) if fields["consent"] else None
    return {
        "time": time,
        "kind": fields["kind"],
        "consumer": fields["consumer"],
        "processor": fields["processor"],
        "provider": provider,
        "dataset": fields["dataset"],
        "attributes": list(dict.fromkeys(fields["attribute"])),
        "key": fields["key"],
        "subject_role": fields["role"],
        "purpose": fields["purpose"],
        "legal_basis": fields["legal_basis"],
        "agreement": fields["agreement"],
        "law_date": f"{fields['law_date']:%Y-%m-%d}" if fields["law_date"] else time[:10],
        "consent": consent,
        "partial_acceptable": fields["partial"],
        "emergency": fields["emergency"],
    }


def _write(file: Path, content: str) -> None:
    try:
        file.write_bytes(content.encode())
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}") from error
