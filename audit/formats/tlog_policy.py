"""Trust policies (c2sp.org/tlog-policy): which logs, and whose cosignatures make a checkpoint believed.

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <name>...
    quorum <name>|none

A file is octets; names are opaque. Read as UTF-8 with every other octet kept, so that two names are the
same exactly where their octets are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from audit.errors import FormatError, VerificationError
from audit.formats import checkpoint, note
from audit.formats.checkpoint import Checkpoint
from audit.formats.cosignature import CosignatureVerifier, LogVerifier, parse_log_key

_NONE = "none"
_FORBIDDEN = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_LIMIT = 1000  # logs, witnesses and groups together; the specification asks for 32 of each


@dataclass(frozen=True, slots=True)
class PolicyWitness:
    """A witness, under the name that the policy calls it."""

    name: str
    verifier: CosignatureVerifier
    url: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """Counts as a witness where at least so many of its members do."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A checkpoint that a policy holds for true.

    Attributes:
        checkpoint: what was signed.
        cosigned: when each witness of the policy cosigned it (POSIX seconds), by name.
    """

    checkpoint: Checkpoint
    cosigned: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as it was read.

    Attributes:
        logs: accepted logs; where there are none, the log is known from elsewhere.
        witnesses: in the order of the file.
        groups: each after the groups that it names.
        quorum: what must have witnessed a checkpoint, or `none`.
    """

    logs: tuple[LogVerifier, ...]
    witnesses: tuple[PolicyWitness, ...]
    groups: tuple[Group, ...]
    quorum: str

    def is_met(self, cosigners: Collection[str]) -> bool:
        """Tells whether these witnesses, by name, make up the quorum."""
        held = set(cosigners) & {w.name for w in self.witnesses} | {_NONE}
        for group in self.groups:
            if len(held.intersection(group.members)) >= group.threshold:
                held.add(group.name)
        return self.quorum in held

    def verify(self, signed: str, log: LogVerifier | None = None) -> Accepted:
        """Holds a signed checkpoint to the policy.

        Args:
            signed: the checkpoint with its signatures.
            log: the log that it must be of; where the policy lists logs, it must be one of them, too.

        Raises:
            FormatError: it is no checkpoint.
            VerificationError: no such log signed it, a cosignature does not hold, or they are too few.
        """
        parsed = note.parse(signed)
        head = checkpoint.parse_extended(parsed.text)
        accepted = self._logs(log)
        signers = [v for v in accepted if v.name == head.origin and parsed.signed_by(v.name, v.key_id)]
        if not signers:
            raise VerificationError(f"the checkpoint of {head.origin} is signed by no log of the policy")
        for verifier in signers:
            verifier.verify(parsed)
        cosigned = {
            w.name: w.verifier.verify(parsed)
            for w in self.witnesses
            if parsed.signed_by(w.verifier.name, w.verifier.key_id)
        }
        if not self.is_met(cosigned):
            by = ", ".join(sorted(cosigned)) or "no witness"
            raise VerificationError(f"the quorum {self.quorum} is not met: cosigned by {by}")
        return Accepted(head, cosigned)

    def _logs(self, log: LogVerifier | None) -> tuple[LogVerifier, ...]:
        if log is None:
            return self.logs
        if self.logs and log not in self.logs:
            raise VerificationError(f"the policy does not list the log {log.name}")
        return (log,)


def read(path: Path) -> Policy:
    """Reads a policy file.

    Raises:
        FormatError: it cannot be read or is no policy; the message says where.
    """
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise FormatError(f"{path} cannot be read ({error.strerror})") from error
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error


def parse(data: bytes) -> Policy:
    """Reads the octets of a policy file.

    Raises:
        FormatError: they are no policy; the message names the line.
    """
    if _FORBIDDEN.search(data):
        raise FormatError("a policy holds no control characters but tab and newline")
    text = data.decode("utf-8", "surrogateescape")
    if not text.endswith("\n"):
        raise FormatError("the last line of a policy must end in a newline, too")
    reading = _Reading()
    for number, line in enumerate(text[:-1].split("\n"), 1):
        words = [word for word in re.split("[ \t]+", line) if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            reading.line(words[0], words[1:])
        except FormatError as error:
            raise FormatError(f"line {number}: {error}") from error
    return reading.policy()


class _Reading:
    """What the lines so far defined."""

    def __init__(self) -> None:
        self._logs: list[LogVerifier] = []
        self._witnesses: list[PolicyWitness] = []
        self._groups: list[Group] = []
        self._quorum: str | None = None
        self._names: set[str] = set()
        self._members: set[str] = set()

    def line(self, keyword: str, words: list[str]) -> None:
        readers = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._set_quorum,
        }
        if keyword not in readers:
            raise FormatError("begins with none of log, witness, group, quorum")
        if len(self._logs) + len(self._names) >= _LIMIT:
            raise FormatError(f"a policy of more than {_LIMIT} lines is not read")
        readers[keyword](words)

    def policy(self) -> Policy:
        if self._quorum is None:
            raise FormatError("a policy has one line 'quorum NAME', or 'quorum none'")
        return Policy(tuple(self._logs), tuple(self._witnesses), tuple(self._groups), self._quorum)

    def _log(self, words: list[str]) -> None:
        if len(words) not in {1, 2}:
            raise FormatError("a log is defined by: log VKEY [URL]")
        verifier = parse_log_key(words[0])
        if verifier.public_key in {log.public_key for log in self._logs}:
            raise FormatError("a log of this public key is there already")
        self._logs.append(verifier)

    def _witness(self, words: list[str]) -> None:
        if len(words) not in {2, 3}:
            raise FormatError("a witness is defined by: witness NAME VKEY [URL]")
        name, vkey, *url = words
        verifier = CosignatureVerifier.parse(vkey)
        if verifier.public_key in {w.verifier.public_key for w in self._witnesses}:
            raise FormatError("a witness of this public key is there already")
        self._define(name)
        self._witnesses.append(PolicyWitness(name, verifier, url[0] if url else None))

    def _group(self, words: list[str]) -> None:
        if len(words) < 3:  # noqa: PLR2004  # name, threshold, a member
            raise FormatError("a group is defined by: group NAME all|any|K MEMBER...")
        name, threshold, *members = words
        for member in members:
            if member not in self._names:
                raise FormatError(f"the member {member} is not defined on a line before")
            if member in self._members:
                raise FormatError(f"{member} is a member already: each may be one once")
            self._members.add(member)
        counts = {"any": 1, "all": len(members)}
        if threshold not in counts and re.fullmatch("[1-9][0-9]{0,3}", threshold, re.ASCII) is None:
            raise FormatError("the threshold of a group is all, any or a number")
        count = counts.get(threshold) or int(threshold)
        if count > len(members):
            raise FormatError(f"{count} of {len(members)} members can never be")
        self._define(name)
        self._groups.append(Group(name, count, tuple(members)))

    def _set_quorum(self, words: list[str]) -> None:
        if self._quorum is not None or len(words) != 1:
            raise FormatError("a policy has one line 'quorum NAME', or 'quorum none'")
        if words[0] not in self._names | {_NONE}:
            raise FormatError(f"the quorum {words[0]} is not defined on a line before")
        self._quorum = words[0]

    def _define(self, name: str) -> None:
        if name == _NONE or name in self._names:
            raise FormatError(f"the name {name} is taken")
        self._names.add(name)
