"""Writes the pages that the code knows better: `python docs/generate.py [--check]`."""

from __future__ import annotations

import sys
from pathlib import Path

from exchange.cli.config import example_file
from exchange.config import DEFAULT_POLICIES, Connection
from exchange.errors import CODES
from exchange.policy import policy_set

DOCS = Path(__file__).parent


def main() -> int:
    """Writes the pages, or tells which are not current."""
    stale = 0
    for name, text in {"configuration.md": configuration(), "errors.md": errors()}.items():
        path = DOCS / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        if "--check" in sys.argv:
            print(f"docs/{name} is not what the code says: run make docs")
            stale = 1
        else:
            path.write_text(text, "utf-8")
    return stale


def configuration() -> str:
    """The page of settings."""
    return (
        "# Configuration\n\n"
        "One TOML file, checked whole before anything starts; `hjemmel config example` prints this one,\n"
        "`hjemmel config show` what is in force. A wrong or unknown setting is an error that names it.\n\n"
        f"```toml\n{example_file()}```\n\n"
        "A register that is not a file of `registers.folder` has a table of its own, e.g.\n\n"
        '```toml\n[registers.connections.bbr]\nurl = "postgresql+psycopg://…"\n```\n\n'
        "The register of consents is called `samtykke`. What a connection takes:\n\n"
        "| setting | what it is |\n|---|---|\n"
        + "".join(f"| `{name}` | {field.description} |\n" for name, field in Connection.model_fields.items())
    )


def errors() -> str:
    """The page of reason codes."""
    lines = [
        "# Reason codes",
        "",
        "Every error is a `google.rpc.Status` with `ErrorInfo` (domain `hjemmel`, reason one of these),",
        "`BadRequest` where fields are malformed, and a `hjemmel.exchange.v1.Refusal` with all reasons and",
        "the receipt. No error ever holds a value from the request.",
        "",
        "## Given by the broker",
        "",
        "| code | gRPC status | what it says |",
        "|---|---|---|",
    ]
    lines += [f"| `{code}` | {c.status.name} | {c.message} |" for code, c in CODES.items()]
    lines += [
        "",
        "## Given by the policies",
        "",
        "All under PERMISSION_DENIED. The texts stand in the METADATA of the rule that refuses; the broker",
        "adds the citation of the law that was cited, labelled where nobody verified it.",
        "",
        "| code | rule | in English | in Danish |",
        "|---|---|---|---|",
    ]
    texts = policy_set.load(DEFAULT_POLICIES).texts
    for (rule, code), text in sorted(texts.items(), key=lambda item: (item[0][1], item[0][0])):
        lines.append(f"| `{code}` | `{rule}` | {text.en} | {text.da} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
