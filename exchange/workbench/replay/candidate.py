"""The policy set to compare with: a folder, a bundle file, or a revision that the log archived."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import orjson

from exchange.policy import policy_set
from exchange.policy.embedded import EmbeddedEngine
from exchange.policy.policy_set import PolicyError, PolicySet

_GZIP = b"\x1f\x8b"
_LARGEST = 64 << 20  # bytes of a bundle, unpacked


def find(name: str, archived: Callable[[str], bytes]) -> PolicySet:
    """Reads a candidate and makes sure that a broker could decide by it.

    Args:
        name: a folder of policies, a file with a bundle (an OPA server's, or the canonical form), or a
            revision, whose beginning will do.
        archived: gives the archived bundle of a revision, by its beginning.

    Raises:
        PolicyError: there is none, or it does not hold; the message says why.
        LogError: the log has no such revision.
    """
    path = Path(name)
    if path.is_dir():
        policies = policy_set.load(path)
    elif path.is_file():
        policies = read_bundle(path.read_bytes(), name)
    elif re.fullmatch(r"[0-9a-f]{6,64}", name):
        policies = PolicySet.from_bundle(archived(name))
        if not policies.revision.startswith(name):
            raise PolicyError(f"revision {name} is archived as another one: run hjemmel policy replay")
    else:
        raise PolicyError(f"{name} is no folder, no bundle and no revision (hexadecimal digits, at least 6)")
    EmbeddedEngine(policies, timeout=1).close()  # compiles, and uses only built-ins that are allowed
    return policies


def read_bundle(content: bytes, name: str) -> PolicySet:
    """Reads a bundle for an OPA server, or a canonical form.

    Raises:
        PolicyError: it is neither, or not of the revision that it names.
    """
    if not content.startswith(_GZIP):
        return PolicySet.from_bundle(content)
    try:
        files = _unpacked(content)
        manifest = orjson.loads(files[".manifest"])
        data = orjson.loads(files["data.json"])
        modules = {path: text.decode() for path, text in files.items() if path.endswith(".rego")}
        revision = manifest["revision"]
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise PolicyError(f"{name} is no bundle of a policy set") from error
    policies = PolicySet(modules, data)
    if policies.revision != revision:
        raise PolicyError(f"{name} is not of the revision that it names: it was altered")
    return policies


def _unpacked(content: bytes) -> dict[str, bytes]:
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
        plain = packed.read(_LARGEST + 1)
    if len(plain) > _LARGEST:
        raise ValueError("too large")
    files = {}
    with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member)
            if file is not None:
                files[member.name.lstrip("/")] = file.read()
    return files
