"""JSON as people write it: read strictly, with the line of any value.

A place is found by reading the text once more, never by looking for a name in it: names repeat.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]  # not in the stubs
from typing import Any

_decoder = json.JSONDecoder()


class JsonError(ValueError):
    """A text is no JSON that everyone reads alike.

    Attributes:
        line: where, from 1.
    """

    def __init__(self, problem: str, line: int) -> None:
        """Takes what is wrong, and the line."""
        super().__init__(problem)
        self.line = line


class _Twice(Exception):
    """A name stands twice in an object."""


def parse(text: str) -> Any:
    """Reads a JSON text.

    Raises:
        JsonError: it does not parse, nests too deep, has a name twice in one object, or a number that
            JSON has not.
    """
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise JsonError(error.msg, error.lineno) from error
    except RecursionError as error:
        raise JsonError("nested too deep", 1) from error
    except _Twice as error:
        raise JsonError(f"the name {error.args[0]!r} stands twice in one object", _second(text)) from error
    except ValueError as error:  # a number of thousands of digits
        raise JsonError(str(error).partition(";")[0], 1) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _Twice(name)
            seen.add(name)
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")


class Lines:
    """Finds the lines of values in a JSON text that parses."""

    def __init__(self, text: str) -> None:
        """Takes the text."""
        self._text = text
        self._known: dict[int, dict[Hashable, list[int]]] = {}

    def of(self, path: Iterable[str | int]) -> int:
        """The line of the name or item that a path leads to; of its nearest parent where it is not there."""
        place = at = _space(self._text, 0)
        for part in path:
            if place not in self._known:
                self._known[place] = {name: where for name, *where in _parts(self._text, place)}
            if part not in self._known[place]:
                break
            at, place = self._known[place][part]
        return _line(self._text, at)


def _parts(text: str, start: int) -> Iterator[tuple[Hashable, int, int]]:
    """Each part of an object or array: where its name (or itself) begins, and where its value does."""
    if text[start] not in "{[":
        return
    position, number = _space(text, start + 1), 0
    while text[position] not in "}]":
        key: Hashable = number
        begins = position
        if text[start] == "{":
            key, position = scanstring(text, position + 1)
            position = _space(text, _space(text, position) + 1)  # past the colon
        yield key, begins, position
        _, position = _decoder.raw_decode(text, position)
        position = _space(text, position)
        if text[position] == ",":
            position = _space(text, position + 1)
        number += 1


def _space(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\n\r":
        position += 1
    return position


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _second(text: str) -> int:
    """The line where an object first has a name that it had already."""
    waiting = [_space(text, 0)]
    while waiting:
        seen: set[Hashable] = set()
        below = []
        for name, begins, value in _parts(text, waiting.pop()):
            if name in seen:
                return _line(text, begins)
            seen.add(name)
            below.append(value)
        waiting += reversed(below)
    return 1
