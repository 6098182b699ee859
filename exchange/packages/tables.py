"""Tables of a declaration, which know their place: whatever is wrong is an error that names it."""

from __future__ import annotations

import re
from collections.abc import Collection

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
_DIGITS = re.compile(r"[0-9]{6}")


class PackageError(ValueError):
    """A package does not hold; the message names the file, the place and what to write."""


class Table:
    """A table of a file. Each field is read once; what is left at the end is unknown."""

    def __init__(self, content: object, place: str) -> None:
        """Takes the content, and where it stands."""
        if not isinstance(content, dict):
            raise PackageError(f"{place} must be a table")
        self.place = place
        self._content = dict(content)

    def has(self, field: str) -> bool:
        """Tells whether a field is there and not read yet."""
        return field in self._content

    def text(self, field: str) -> str:
        """Reads a text that is not empty."""
        value = self._content.pop(field, None)
        if not isinstance(value, str) or not value.strip():
            raise PackageError(f"{self.place}: {field} is missing or no text")
        return value

    def name(self, field: str) -> str:
        """Reads a name, of the form that requests can hold."""
        value = self.text(field)
        if _NAME.fullmatch(value) is None or _DIGITS.search(value):
            form = "a letter, then letters, digits, '.', '-', '_', no six digits in a row"
            raise PackageError(f"{self.place}: {field} {value!r} is no name: {form}")
        return value

    def one_of(self, field: str, allowed: Collection[str], usual: str | None = None) -> str:
        """Reads one of some words."""
        value = self.text(field) if usual is None or self.has(field) else usual
        if value not in allowed:
            raise PackageError(
                f"{self.place}: {field} is {value!r}, but must be one of {', '.join(sorted(allowed))}"
            )
        return value

    def truth(self, field: str, *, usual: bool) -> bool:
        """Reads a truth value."""
        value = self._content.pop(field, usual)
        if not isinstance(value, bool):
            raise PackageError(f"{self.place}: {field} must be true or false")
        return value

    def number(self, field: str, low: int, high: int, usual: int | None = None) -> int:
        """Reads a whole number within bounds."""
        value = self._content.pop(field, usual)
        if type(value) is not int or not low <= value <= high:
            raise PackageError(f"{self.place}: {field} must be a whole number from {low} to {high}")
        return value

    def names(self, field: str, *, needed: bool = True) -> tuple[str, ...]:
        """Reads a list of texts, each once."""
        value = self._content.pop(field, [])
        if not isinstance(value, list) or (needed and not value) or not all(_is_text(v) for v in value):
            raise PackageError(f"{self.place}: {field} must be a list of names")
        if len(set(value)) != len(value):
            raise PackageError(f"{self.place}: {field} names something twice")
        return tuple(value)

    def table(self, field: str) -> Table:
        """Reads a table."""
        return Table(self._content.pop(field, None), f"{self.place}: {field}")

    def tables(self, field: str, most: int) -> list[Table]:
        """Reads a list of tables, at least one."""
        value = self._content.pop(field, None)
        if not isinstance(value, list) or not 0 < len(value) <= most:
            raise PackageError(f"{self.place}: {field} must be 1 to {most} tables")
        return [Table(item, f"{self.place}: {field} {number}") for number, item in enumerate(value, 1)]

    def end(self) -> None:
        """Finds that nothing is left."""
        if self._content:
            unknown = ", ".join(sorted(map(str, self._content)))
            raise PackageError(f"{self.place}: {unknown} is not known here")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)
