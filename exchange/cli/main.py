"""`hjemmel`: every command, and one place where errors become messages and exit statuses.

Commands are imported when they are called: `hjemmel probe` must not load a policy engine.
"""

from __future__ import annotations

import sys

import click

from exchange.cli.lazy import lazy
from exchange.cli.output import CommandError, report

_COMMANDS = {
    "demo": "Play four cases, and ten requests that no law carries, then prove it all.",
    "serve": "Run the broker.",
    "probe": "Tell whether a broker can answer exchanges.",
    "request": "Ask for data of one subject.",
    "assemble": "Ask for all that a task needs about one applicant.",
    "package": "List, show and check packages: what tasks need, declared once.",
    "watch": "Follow changes about the subjects of running cases.",
    "receipt": "Read and verify receipts.",
    "records": "Keep a copy of one's own side of the log, and find out what is missing.",
    "log": "Look at the audit log.",
    "witness": "Watch over logs, so that nobody forks one unseen.",
    "policy": "Write, check, test, explain, replay and publish policies.",
    "register": "Make, load, describe or simulate registers.",
    "pki": "Make certificates and keys for development and the demo.",
    "config": "Show the settings of a broker.",
}

#: Errors whose message says what to do. Any other one is a mistake of ours, and shows its traceback.
_EXPECTED = frozenset(
    {
        "adapters.catalogue.CatalogueError",
        "adapters.kinds.datafordeler.published.SchemaError",
        "adapters.kinds.snapshot.errors.SnapshotError",
        "adapters.registers.real_rows.RealDataError",
        "audit.errors.LogError",
        "builtins.OSError",
        "exchange.client.credentials.CredentialsError",
        "exchange.client.errors.ClientError",
        "exchange.config.ConfigError",
        "exchange.demo.site.DemoError",
        "exchange.identity.participants.ParticipantsError",
        "exchange.packages.tables.PackageError",
        "exchange.policy.errors.PolicyError",
    }
)


@click.group(
    cls=lazy("exchange.cli", _COMMANDS),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="hjemmel", prog_name="hjemmel")
def hjemmel() -> None:
    """Lets public authorities get base data from each other, under a law, minimised and recorded."""


def main() -> None:
    """Runs the command line. Exit status: 0 done, 1 refused or not holding, 2 wrong use."""
    try:
        status = hjemmel.main(prog_name="hjemmel", standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except click.Abort:
        sys.exit(130)
    except click.UsageError as wrong:
        wrong.show()
        sys.exit(2)
    except CommandError as error:
        report(error, as_json="--json" in sys.argv)
        sys.exit(1)
    except Exception as error:
        if not _is_expected(error):
            raise
        report(CommandError(str(error)), as_json="--json" in sys.argv)
        sys.exit(1)


def _is_expected(error: Exception) -> bool:
    names = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
    return not names.isdisjoint(_EXPECTED)


if __name__ == "__main__":
    main()
