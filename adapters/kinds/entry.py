"""Reading what a catalogue entry or a configuration says of a kind: strictly, with the place in messages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


class Entry:
    """A table, of which every field must be read once."""

    def __init__(self, content: object, place: str) -> None:
        """Takes the table and where it stands.

        Raises:
            ValueError: it is no table.
        """
        if not isinstance(content, Mapping):
            raise ValueError(f"{place} must be a table")  # noqa: TRY004  # the port promises ValueError
        self.place = place
        self._content = content
        self._read: set[str] = set()

    def __contains__(self, field: str) -> bool:
        return field in self._content

    def names(self) -> Collection[str]:
        """The names of all fields."""
        return [str(name) for name in self._content]

    def value(self, field: str) -> Any:
        """Gives a field as it is, or nothing."""
        self._read.add(field)
        return self._content.get(field)

    def text(self, field: str, usual: str | None = None) -> str:
        """Gives a text that is not empty.

        Raises:
            ValueError: it is missing and there is no usual one, or it is no text.
        """
        value = self.value(field)
        if value is None and usual is not None:
            return usual
        if not isinstance(value, str) or not value:
            raise ValueError(f"{self.place}: {field} is missing or no text")
        return value

    def one_of(self, field: str, allowed: Collection[str], usual: str | None = None) -> str:
        """Gives one of some words.

        Raises:
            ValueError: it is another one.
        """
        value = self.text(field, usual)
        if value not in allowed:
            raise ValueError(f"{self.place}: {field} is {value!r}, but must be one of {', '.join(allowed)}")
        return value

    def number(self, field: str, usual: int | None = None) -> int:
        """Gives a whole number, 0 or more.

        Raises:
            ValueError: it is missing and there is no usual one, or it is no such number.
        """
        value = self.value(field)
        if value is None and usual is not None:
            return usual
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"{self.place}: {field} must be a whole number, 0 or more")
        return value

    def flag(self, field: str, *, usual: bool) -> bool:
        """Gives true or false.

        Raises:
            ValueError: it is neither.
        """
        value = self.value(field)
        if value is None:
            return usual
        if not isinstance(value, bool):
            raise ValueError(f"{self.place}: {field} must be true or false")  # noqa: TRY004  # as above
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        """Gives a list of texts, empty where the field is missing.

        Raises:
            ValueError: it is no such list.
        """
        value = self.value(field)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise ValueError(f"{self.place}: {field} must be a list of texts")
        return tuple(value)

    def table(self, field: str) -> Entry:
        """Gives a table within, empty where the field is missing.

        Raises:
            ValueError: it is no table.
        """
        value = self.value(field)
        return Entry({} if value is None else value, f"{self.place}: {field}")

    def end(self) -> None:
        """Says that everything was read.

        Raises:
            ValueError: there is a field that nobody asked for, such as a misspelt one.
        """
        unknown = sorted({str(name) for name in self._content} - self._read)
        if unknown:
            known = ", ".join(sorted(self._read))
            raise ValueError(f"{self.place}: {unknown[0]} is not known; there are: {known}")
