"""Groups of commands that are imported when they are called: `hjemmel probe` loads no policy engine."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click


def lazy(package: str, commands: Mapping[str, str]) -> type[click.Group]:
    """Makes a class of group whose command `name` is `<package>.<name>.<name>`.

    Args:
        package: where the commands' modules lie; a dash in a command's name is an underscore there.
        commands: names in the order of help, each with its line of help.
    """

    class Lazy(click.Group):
        def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # the base class has it
            return list(commands)

        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
            if cmd_name not in commands:
                return None
            name = cmd_name.replace("-", "_")
            command: click.Command = getattr(import_module(f"{package}.{name}"), name)
            return command

        def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
            with formatter.section("Commands"):
                formatter.write_dl(list(commands.items()))

    return Lazy
