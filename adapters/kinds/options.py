"""Options of a connection, which are texts whatever they mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def check_known(told: Collection[str], known: Collection[str], what: str) -> None:
    """Sees to it that nothing is told that nobody reads, such as a misspelt option.

    Raises:
        ValueError: something is; the message says what there is.
    """
    if unknown := sorted(set(told).difference(known)):
        raise ValueError(f"{what}.{unknown[0]} is not known; there are: {', '.join(sorted(known))}")


def whole(options: Mapping[str, str], name: str, usual: int) -> int:
    """Reads an option that is a whole number, 1 or more.

    Raises:
        ValueError: it is none.
    """
    value = options.get(name, str(usual))
    if not (value.isascii() and value.isdecimal() and int(value) > 0):
        raise ValueError(f"options.{name} must be a whole number, 1 or more")
    return int(value)
