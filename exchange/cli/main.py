"""`hjemmel`: every command, and one place where errors become messages and exit statuses."""

from __future__ import annotations

import sys

import click

from adapters.catalogue import CatalogueError
from adapters.registers import RealDataError
from audit.errors import LogError
from exchange.cli import config, demo, log, pki, policy, receipt, register, request, serve
from exchange.cli.output import CommandError, report
from exchange.client import ClientError
from exchange.client.credentials import CredentialsError
from exchange.config import ConfigError
from exchange.demo.site import DemoError
from exchange.identity.participants import ParticipantsError
from exchange.policy.policy_set import PolicyError

_EXPECTED = (
    CatalogueError,
    ClientError,
    ConfigError,
    CredentialsError,
    DemoError,
    LogError,
    OSError,
    ParticipantsError,
    PolicyError,
    RealDataError,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="hjemmel", prog_name="hjemmel")
def hjemmel() -> None:
    """Lets public authorities get base data from each other, under a law, minimised and recorded."""


for command in (
    demo.demo,
    serve.serve,
    request.request,
    pki.pki,
    register.register,
    log.log,
    receipt.receipt,
    policy.policy,
    config.config,
):
    hjemmel.add_command(command)


def main() -> None:
    """Runs the command line. Exit status: 0 done, 1 refused or not holding, 2 wrong use."""
    as_json = "--json" in sys.argv
    try:
        hjemmel.main(standalone_mode=False)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.UsageError as wrong:
        wrong.show()
        sys.exit(2)
    except CommandError as error:
        report(error, as_json=as_json)
        sys.exit(error.status)
    except _EXPECTED as error:
        report(CommandError(str(error)), as_json=as_json)
        sys.exit(1)


if __name__ == "__main__":
    main()
