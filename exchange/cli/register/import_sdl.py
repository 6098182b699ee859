"""`hjemmel register import-sdl`: the catalogue entry of a register that publishes a schema."""

from __future__ import annotations

from pathlib import Path

import click

from adapters.catalogue import SUBJECTS
from exchange.cli.output import CommandError, console, json_option, result
from exchange.model.identifiers import is_cvr


@click.command("import-sdl")
@click.argument("sdl", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--type", "types", multiple=True, required=True, help="A type to take over: BBR_Enhed.")
@click.option("--provider", required=True, help="CVR number of the authority responsible for the register.")
@click.option(
    "--subject", type=click.Choice(sorted(SUBJECTS)), required=True, help="What the records are about."
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    help="What records are looked up by: KIND=FIELD, KIND=FIELD:many where several current records may have"
    " the same, TYPE:KIND=FIELD for one type only. Without any: uuid=id_lokalId.",
)
@click.option("--attribute", "only", multiple=True, help="A field to take over; without any, all of them.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File to write."
)
@json_option
def import_sdl(
    sdl: Path,
    types: tuple[str, ...],
    provider: str,
    subject: str,
    keys: tuple[str, ...],
    only: tuple[str, ...],
    output: Path,
    as_json: bool,
) -> None:
    """Write the catalogue entry of types in a GraphQL schema that Datafordeler publishes.

    Sensitivities are guessed: a person confirms the file before a broker reads it.
    """
    from adapters.kinds.datafordeler.importing import (  # noqa: PLC0415  # loads a parser of GraphQL
        WantedKey,
        import_schema,
    )
    from adapters.kinds.datafordeler.published import SchemaError  # noqa: PLC0415

    if not is_cvr(provider):
        raise click.BadParameter("8 digits with a valid check digit", param_hint="--provider")
    if output.exists():
        raise CommandError(f"{output} is there already; somebody may have confirmed it: name another file")
    try:
        text = sdl.read_text("utf-8")
        wanted = [WantedKey.parse(key) for key in keys]
        register, entry = import_schema(
            text, types, provider=provider, subject=subject, keys=wanted, only=only
        )
    except (SchemaError, UnicodeDecodeError) as error:
        raise CommandError(f"{sdl}: {error}") from error
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(entry, "utf-8")

    def render() -> None:
        console.print(f"{output}: register {register}, {len(types)} datasets", markup=False)
        console.print("Sensitivities are guesses. Read the file and confirm each before a broker uses it.")

    result(as_json, {"file": str(output), "register": register, "datasets": len(types)}, render)
