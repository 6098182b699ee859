"""A policy set: Rego modules and data, whole or not at all, named by the digest of its canonical form.

The canonical form is one JSON document of all modules and all data. Its SHA-256 is the revision; the
document itself is what the audit log archives, so that any decision can be made again from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import orjson

from exchange.policy.metadata import RuleText, read_texts

_FORMAT = "hjemmel-policy-set/1"
DECISION = "data.decision.decision"
_NOT_DECIDING = {"tests", "schemas"}


class PolicyError(ValueError):
    """A policy set does not hold; the message names the file, where possible the line, and why."""


@dataclass(frozen=True)
class PolicySet:
    """Modules by path and data by name, as they decide: tests and schemas are left out."""

    modules: Mapping[str, str]
    data: Mapping[str, Any]

    @cached_property
    def bundle(self) -> bytes:
        """The canonical form."""
        document = {"format": _FORMAT, "modules": dict(self.modules), "data": dict(self.data)}
        return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)

    @cached_property
    def revision(self) -> str:
        """The SHA-256 of the canonical form, in hexadecimal."""
        return sha256(self.bundle).hexdigest()

    @cached_property
    def texts(self) -> Mapping[tuple[str, str], RuleText]:
        """The texts of refusals, by package and reason code, from the rules' METADATA.

        Raises:
            PolicyError: a METADATA block is not valid, or two give a text for the same code.
        """
        try:
            return read_texts(self.modules)
        except ValueError as error:
            raise PolicyError(str(error)) from error

    @classmethod
    def from_bundle(cls, bundle: bytes) -> PolicySet:
        """Reads a canonical form back.

        Raises:
            PolicyError: it is not one.
        """
        try:
            document = orjson.loads(bundle)
            if document["format"] != _FORMAT:
                raise PolicyError(f"not a policy set of the form {_FORMAT}")
            return cls(document["modules"], document["data"])
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise PolicyError("not an archived policy set") from error


def load(folder: Path) -> PolicySet:
    """Reads a folder of policies: every module, every data file checked against its schema.

    A file `<a>/<b>/data.json` becomes `data.a.b`, as OPA reads it. The schema of `<name>/data.json`
    is `schemas/<name>/schema.json`.

    Raises:
        PolicyError: nothing there, a file that does not parse, data that its schema refuses.
    """
    if not folder.is_dir():
        raise PolicyError(f"{folder} is not a folder of policies")
    modules = {
        str(path.relative_to(folder)): _read_text(path)
        for path in sorted(folder.rglob("*.rego"))
        if not path.name.endswith("_test.rego") and path.relative_to(folder).parts[0] not in _NOT_DECIDING
    }
    if not modules:
        raise PolicyError(f"{folder} holds no Rego module")
    data: dict[str, Any] = {}
    for path in sorted(folder.rglob("data.json")):
        place = path.relative_to(folder).parts[:-1]
        if place and place[0] in _NOT_DECIDING:
            continue
        content = _read_json(path)
        _check_schema(folder, place, path, content)
        target = data
        for part in place[:-1]:
            target = target.setdefault(part, {})
        if place:
            target[place[-1]] = content
        else:
            data |= content
    return PolicySet(modules, data)


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path}: not valid UTF-8, from byte {error.start}") from error


def _read_json(path: Path) -> Any:
    try:
        return json.loads(_read_text(path))
    except json.JSONDecodeError as error:
        raise PolicyError(f"{path}:{error.lineno}: not valid JSON: {error.msg}") from error


def _check_schema(folder: Path, place: tuple[str, ...], path: Path, content: Any) -> None:
    schema = folder.joinpath("schemas", *place, "schema.json")
    if not schema.exists():
        raise PolicyError(f"{path}: there is no schema for it: write {schema}")
    try:
        jsonschema.validate(content, _read_json(schema))
    except jsonschema.ValidationError as error:
        where = "/".join(str(part) for part in error.absolute_path)
        raise PolicyError(f"{path}: at {where or 'the top'}: {error.message}") from error
