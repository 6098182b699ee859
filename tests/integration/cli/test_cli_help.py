"""Good help, and a clear word where a command is used wrongly."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from exchange.cli.main import hjemmel
from tests.integration.cli.conftest import Run


def commands(
    group: click.Group = hjemmel, path: tuple[str, ...] = ()
) -> dict[tuple[str, ...], click.Command]:
    """Every command and subcommand by its path."""
    found: dict[tuple[str, ...], click.Command] = {}
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found[*path, name] = command
        if isinstance(command, click.Group):
            found |= commands(command, (*path, name))
    return found


COMMANDS = commands()
NAMES = [" ".join(path) for path in COMMANDS]


def test_commands_are_the_agreed_ones() -> None:
    """All that the README and the issue promise is there."""
    promised = {
        *("demo", "serve", "request", "pki init", "register generate", "register load", "log verify"),
        *("receipt show", "receipt verify", "policy check", "policy test", "policy index", "policy bundle"),
        *("config example", "config show"),
    }
    assert promised <= set(NAMES)


@pytest.mark.parametrize("path", COMMANDS, ids=NAMES)
def test_every_command_explains_itself(run: Run, path: tuple[str, ...]) -> None:
    """`--help` and `-h` say what a command does and what each option is for."""
    helped = run(*path, "--help")
    assert (0, "") == (helped.status, helped.err)
    assert helped.out == run(*path, "-h").out
    assert f"Usage: hjemmel {' '.join(path)}" in helped.out
    command = COMMANDS[path]
    assert command.help
    assert command.help.split("\n")[0].strip().endswith(".")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_root_lists_the_commands(run: Run) -> None:
    """`hjemmel --help`, and `hjemmel` alone, show what there is."""
    helped = run("--help")
    assert 0 == helped.status
    for path in COMMANDS:
        assert path[0] in helped.out
    assert "Lets public authorities get base data" in helped.out


def test_version_is_told(run: Run) -> None:
    """`hjemmel --version` names the version."""
    told = run("--version")
    assert (0, True) == (told.status, told.out.startswith("hjemmel, version "))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fly",), "No such command 'fly'"),
        (("log", "fly"), "No such command 'fly'"),
        (("--fly",), "No such option"),
        (("serve", "--fly"), "No such option"),
        (("serve", "extra"), "unexpected extra argument"),
        (("pki", "init"), "Missing argument 'FOLDER'"),
        (("register", "generate"), "Missing argument 'FOLDER'"),
        (("register", "generate", "x", "--persons", "many"), "'many' is not a valid integer"),
        (("policy", "bundle"), "Missing option '-o' / '--output'"),
        (("policy", "check", "nowhere"), "'nowhere' does not exist"),
        (("receipt", "verify", "nowhere", "--vkey", "/"), "'nowhere' does not exist"),
        (("receipt", "show"), "Missing argument 'FILE'"),
        (("log", "verify", "--vkey", "nowhere"), "'nowhere' does not exist"),
        (("request",), "Missing option '--as'"),
        (("request", "--as", "nowhere"), "'nowhere' does not exist"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_use_ends_with_two_and_a_message(run: Run, arguments: tuple[str, ...], said: str) -> None:
    """Exit status 2, what is wrong on standard error, and how to get help; nothing on standard output."""
    ran = run(*arguments)
    assert (2, "") == (ran.status, ran.out)
    assert said in ran.said
    assert "Usage: " in ran.err


@pytest.mark.parametrize("option", ["--key", "--role"])
def test_choice_that_there_is_not_lists_what_there_is(run: Run, option: str, tmp_path: object) -> None:
    """A kind of key or role that does not exist is answered with those that do."""
    ran = run("request", "--as", tmp_path, option, "nonsense")
    assert 2 == ran.status
    assert "personnummer" in ran.err if option == "--key" else "household_member" in ran.err


def test_help_needs_no_policy_engine() -> None:
    """Commands are loaded when they are called: a health check starts at once."""
    program = (
        "import sys; from exchange.cli import main; main.hjemmel(['probe', '--help'], standalone_mode=False);"
        "print([m for m in ('regorus', 'sqlalchemy', 'alembic', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.splitlines()[-1]
