"""`hjemmel config`: every setting, explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel

from exchange.cli.output import console, json_option, result
from exchange.config import DEFAULT_POLICIES, Settings, load

config_option = click.option(
    "-c",
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=Path("hjemmel.toml"),
    show_default=True,
    envvar="HJEMMEL_CONFIG",
    help="Configuration file.",
)


@click.group()
def config() -> None:
    """Show the settings of a broker."""


@config.command()
def example() -> None:
    """Print a configuration file with every setting, its meaning and its default."""
    click.echo(example_file(), nl=False)


@config.command()
@config_option
@json_option
def show(config_path: Path, as_json: bool) -> None:
    """Check a configuration and print what is in force, the environment included."""
    settings = json.loads(load(config_path).model_dump_json())
    result(as_json, settings, lambda: console.print_json(data=settings))


def example_file() -> str:
    """Writes the example: the defaults, each under its description."""
    lines = [
        "# Configuration of a Hjemmel broker. Every line shows the default; a commented one has its own.",
        "# A setting is overridden by the environment: HJEMMEL_LOG__URL stands for url in [log].",
        "# Paths are relative to this file.",
    ]
    for section, field in Settings.model_fields.items():
        model = field.default
        if not isinstance(model, BaseModel):
            raise TypeError(f"section {section} has no defaults")
        lines += ["", f"# {(type(model).__doc__ or '').strip()}", f"[{section}]"]
        for name, setting in type(model).model_fields.items():
            lines.append(f"# {setting.description}")
            lines.append(_line(name, getattr(model, name)))
    return "\n".join(lines) + "\n"


def _line(name: str, value: Any) -> str:
    if value == DEFAULT_POLICIES:  # lies with the program, not beside the configuration
        return f'# {name} = "policies"  # by default those that come with Hjemmel'
    return f"{name} = {_toml(value)}"


def _toml(value: Any) -> str:
    if isinstance(value, Path):
        return json.dumps(str(value))
    return "{}" if value == {} else json.dumps(value)
