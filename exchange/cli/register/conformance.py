"""`hjemmel register conformance`: holds the adapter of a register to the guarantees of the port."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from adapters.catalogue import load_catalogue
from adapters.conformance import Expected, Finding, Outcome, Trial, run
from adapters.kinds import open_adapters
from adapters.port import AsOf, Catalogue, Connection, RegisterAdapter
from exchange import wiring
from exchange.cli.config import config_option
from exchange.cli.output import CommandError, console, json_option, result
from exchange.config import Settings
from exchange.config import load as load_settings

_MARKS = {Outcome.HELD: "green", Outcome.NOT_HELD: "bold red", Outcome.NOT_TRIED: "yellow"}


@click.command()
@click.argument("register")
@click.argument("samples", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@config_option
@click.option("--dead-url", help="A URL as the register's, where nobody answers, to see what is raised then.")
@json_option
def conformance(register: str, samples: Path, config_path: Path, dead_url: str | None, as_json: bool) -> int:
    """Hold the adapter of REGISTER to every guarantee of the port; exit 1 where one does not hold.

    REGISTER is read as the configuration says, its plug-ins included. SAMPLES is a TOML file of subjects
    to ask about: [[samples]] with dataset, key, known (two or more values), unknown, and expected answers.
    Nothing that is printed holds one of them.
    """
    settings = load_settings(config_path)
    catalogue = load_catalogue(own=settings.registers.catalogue or None)
    datasets = tuple(d for d in catalogue.datasets.values() if d.register == register)
    if not datasets:
        raise CommandError(f"the catalogue has no register {register}")
    ours = Catalogue.of(datasets)
    reached = wiring.connection(settings, register)
    trials = [_trial(sample, ours, reached, settings, dead_url) for sample in _read(samples)]
    found = [(trial, asyncio.run(run(trial))) for trial in trials]
    document = {
        "register": register,
        "samples": [
            {
                "dataset": t.dataset.name,
                "kind": t.dataset.source.kind,
                "key": t.kind,
                "findings": _rows(findings),
            }
            for t, findings in found
        ],
    }

    def render() -> None:
        for trial, findings in found:
            console.print(
                f"{trial.dataset.name} by {trial.kind} (kind {trial.dataset.source.kind})", markup=False
            )
            for one in findings:
                console.print(f"  [{_MARKS[one.outcome]}]{one.outcome:<9}[/]", end=" ")
                console.print(f"{one.guarantee}{f' ({one.detail})' if one.detail else ''}", markup=False)

    result(as_json, document, render)
    return int(any(one.outcome is Outcome.NOT_HELD for _, findings in found for one in findings))


def _rows(findings: Sequence[Finding]) -> list[dict[str, str]]:
    return [
        {"claim": f.claim, "guarantee": f.guarantee, "outcome": f.outcome.value, "detail": f.detail}
        for f in findings
    ]


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        samples = tomllib.loads(path.read_text("utf-8")).get("samples")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} is no TOML: {error}") from error
    if not isinstance(samples, list) or not samples or not all(isinstance(s, dict) for s in samples):
        raise CommandError(f"{path} holds no [[samples]]")
    return samples


def _trial(
    sample: dict[str, Any],
    catalogue: Catalogue,
    reached: Connection,
    settings: Settings,
    dead_url: str | None,
) -> Trial:
    def opened(connection: Connection) -> RegisterAdapter:
        adapters = open_adapters(catalogue, lambda _: connection, settings.registers.plug_ins)
        return adapters[sample["dataset"]]

    dead = replace(reached, url=dead_url) if dead_url else None
    try:
        dataset = catalogue.datasets[sample["dataset"]]
        opened(reached)  # says at once what is wrong with the entry or the configuration
        return Trial(
            open=lambda: opened(reached),
            dataset=dataset,
            kind=sample["key"],
            known=tuple(sample["known"]),
            unknown=sample["unknown"],
            expected=[_expected(e) for e in sample.get("expected", [])],
            open_dead=None if dead is None else lambda: opened(dead),
        )
    except KeyError as error:
        raise CommandError(f"a sample needs dataset, key, known and unknown; {error} is missing") from None
    except ValueError as error:  # a catalogue entry, a connection, or too few subjects
        raise CommandError(str(error)) from error


def _expected(told: dict[str, Any]) -> Expected:
    return Expected(
        told["value"], AsOf(_moment(told["effect"]), _moment(told["registration"])), told["records"]
    )


def _moment(told: object) -> datetime:
    if not isinstance(told, datetime) or told.tzinfo is None:
        raise CommandError("effect and registration of an expected answer must be times with a zone")
    return told.astimezone(UTC)
