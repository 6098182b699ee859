"""`hjemmel policy new`: a new rule for a law."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from exchange.cli.output import CommandError, console, json_option, result
from exchange.config import DEFAULT_POLICIES
from exchange.workbench.scaffold import Made, NewRule, write

_TO_FILL_IN = "To be filled in"


@click.command()
@click.argument("act")
@click.argument("rule")
@click.option("--citation", default=_TO_FILL_IN, help="The law as lawyers cite it, in Danish.")
@click.option("--title-en", default="To be filled in: what the law opens", help="A title in English.")
@click.option("--title-da", default="Skal udfyldes: hvad loven åbner for", help="The same in Danish.")
@click.option("--url", default="", help="The law's own page, https://…")
@click.option("--purpose", default="unnamed", help="The purpose, e.g. housing-benefit.income; may be new.")
@click.option("--consumer-kind", "kinds", multiple=True, help="A kind of authority that may ask; repeat.")
@click.option("--subject", "subjects", multiple=True, help="A role of those asked about; repeat.")
@click.option("--key", "keys", multiple=True, help="A kind of key to look them up by; repeat.")
@click.option("--dataset", "datasets", multiple=True, help="A dataset that is opened; repeat.")
@click.option(
    "--attribute",
    "attributes",
    multiple=True,
    help="An attribute that is opened; with several datasets <dataset>.<name>; repeat.",
)
@click.option("--valid-from", default=None, help="First day in force, YYYY-MM-DD. Default: today.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=DEFAULT_POLICIES,
    help="The folder of policies.",
)
@json_option
def new(
    act: str,
    rule: str,
    citation: str,
    title_en: str,
    title_da: str,
    url: str,
    purpose: str,
    kinds: tuple[str, ...],
    subjects: tuple[str, ...],
    keys: tuple[str, ...],
    datasets: tuple[str, ...],
    attributes: tuple[str, ...],
    valid_from: str | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Make a rule for a law: its module, its test, its legal basis and its purpose.

    ACT is the act's short name, e.g. bsl; RULE its rule, e.g. section_9, which is then cited as bsl.9.
    """
    made = write(
        folder,
        NewRule(
            act=act,
            rule=rule,
            citation=citation,
            title_en=title_en,
            title_da=title_da,
            url=url,
            purpose=purpose,
            consumer_kinds=kinds,
            subjects=subjects,
            keys=keys,
            attributes=_by_dataset(datasets, attributes),
            valid_from=valid_from or datetime.now(UTC).date().isoformat(),
        ),
    )
    document = {"legal_basis": made.law, "files": [str(folder / path) for path in made.files]}
    result(as_json, document, lambda: _render(folder, made))


def _by_dataset(datasets: tuple[str, ...], attributes: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = dict.fromkeys(datasets, ())
    for attribute in attributes:
        whole = [dataset for dataset in found if attribute.startswith(f"{dataset}.")]
        if not whole and len(found) != 1:
            raise CommandError(f"of which dataset is {attribute}? Write --dataset, and <dataset>.<attribute>")
        dataset = whole[0] if whole else datasets[0]
        found[dataset] += (attribute.removeprefix(f"{dataset}."),)
    return found


def _render(folder: Path, made: Made) -> None:
    for path in made.files:
        console.print(f"wrote {folder / path}", markup=False, soft_wrap=True)
    rule = folder / made.files[0]
    where = "" if folder == DEFAULT_POLICIES else f" {folder}"
    steps = (
        f"fill in the description in {rule}, and hold the citation against the law's own text",
        f"set verified, dates_verified and confidence of {made.law} in legal_bases/data.json to what is true",
        "add an agreement that carries the purpose, and tests of what it grants and refuses",
        f"hjemmel policy check{where} && hjemmel policy test{where}",
    )
    console.print("\n[bold]Next[/]")
    for number, step in enumerate(steps, 1):
        console.print(f"{number}. {step}", markup=False, soft_wrap=True)
