"""The files of a policy folder: which of them decide, and what may not lie there.

Modules are `*.rego`, data is `data.json`; whatever begins with a dot is the editor's or the platform's and
is passed over. What only looks like a module or data, or leads out of the folder, stops the whole set.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from exchange.policy.errors import PolicyError
from exchange.policy.json_text import JsonError, parse

NOT_DECIDING = frozenset({"tests", "schemas"})
_LARGEST_MODULE = 1 << 20  # bytes
_LARGEST_DATA = 1 << 28
_BOM = b"\xef\xbb\xbf"


def read_modules(folder: Path) -> dict[str, str]:
    """Reads the modules that decide, by their path in the folder.

    Raises:
        PolicyError: a file cannot be read as text, or its package is not named as its folder.
    """
    modules = {}
    for path in files(folder):
        place = path.relative_to(folder)
        if path.suffix == ".rego" and not path.stem.endswith("_test") and place.parts[0] not in NOT_DECIDING:
            modules[place.as_posix()] = text = read_text(path, _LARGEST_MODULE)
            _check_package(path, place.parts[:-1], text)
    return modules


def read_data(folder: Path) -> Iterator[tuple[tuple[str, ...], Path, Any]]:
    """Reads the data that decides: its place below `data`, its file, its content.

    Raises:
        PolicyError: a file is no JSON.
    """
    for path in files(folder):
        place = path.relative_to(folder).parts[:-1]
        if path.name == "data.json" and NOT_DECIDING.isdisjoint(place[:1]):
            yield place, path, read_json(path)


def files(folder: Path) -> list[Path]:
    """Every file in a folder, in the order of their names.

    Raises:
        PolicyError: something there is no plain file, leads elsewhere, or would be mistaken for what decides.
    """
    found: list[Path] = []
    for above, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            path = Path(above, name)
            if path.is_symlink():
                raise PolicyError("a link to a folder is not followed: put the folder itself here", path)
            if name.endswith(".rego") or name == "data.json":
                raise PolicyError("a folder with the name of a file: give it another name", path)
        found += [Path(above, name) for name in sorted(names) if not name.startswith(".")]
    for path in found:
        _check_kind(folder, path)
    return found


def _check_kind(folder: Path, path: Path) -> None:
    lower = path.name.lower()
    if lower in {"data.yaml", "data.yml"} or (lower == "data.json" != path.name):
        raise PolicyError("data is read from data.json only: write it there", path)
    if lower.endswith(".rego") and path.suffix != ".rego":
        raise PolicyError("a module's name ends in .rego, in small letters", path)
    if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
        raise PolicyError("a link that leads out of the folder: put the file itself here", path)
    if (path.suffix == ".rego" or lower == "data.json") and not path.is_file():
        raise PolicyError("not a plain file", path)


def read_text(path: Path, largest: int = _LARGEST_DATA) -> str:
    """Reads a file as text.

    Raises:
        PolicyError: it cannot be read, is too large, no UTF-8, or begins with a byte order mark.
    """
    try:
        if path.stat().st_size > largest:
            raise PolicyError(f"larger than {largest >> 20} MiB", path)
        content = path.read_bytes()
        if content.startswith(_BOM):
            raise PolicyError("begins with a byte order mark: save it as UTF-8 without one", path, 1)
        return content.decode()
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise PolicyError(f"not valid UTF-8, from byte {error.start}", path, line) from error
    except OSError as error:
        raise PolicyError(f"cannot be read: {error.strerror}", path) from error


def read_json(path: Path) -> Any:
    """Reads a JSON file.

    Raises:
        PolicyError: it is none; the message has the line.
    """
    try:
        return parse(read_text(path))
    except JsonError as error:
        raise PolicyError(f"not valid JSON: {error}", path, error.line) from error


def _check_package(path: Path, place: tuple[str, ...], text: str) -> None:
    package = re.search(r"^package[ \t]+(\S+)", text, re.MULTILINE)
    if package is None:
        return  # the compiler says it better
    if package[1] != ".".join(place):
        line = text.count("\n", 0, package.start()) + 1
        said = f"package {package[1]} lies in the folder {'/'.join(place) or '.'}"
        raise PolicyError(f"{said}: a package is named as its folder", path, line)
