"""Power cuts, from a recording: what is on a disk when everything that was not synced may be missing.

SIGKILL leaves what the kernel was given. A power cut does not: of what was written since a file was last
synced any part may be there, in any order, down to a sector; and a name is there for certain only once its
folder was synced, or its file. A driver is recorded once, with all that it writes; a cut at any of its
calls is then a folder that is made from the recording, with the lines that had been told by then.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

PLACE = "power"
#: What becomes of what was not synced: nothing was written, all was, some of it, some of it in part.
KINDS = ("nothing", "all", "some", "torn")
CALLS = ("pwrite64", "write", "fdatasync", "fsync", "ftruncate", "openat", "unlink")
_SECTOR = 512
_SHARED = "-shm"  # memory that is shared, not written; whoever opens the log first makes it anew
_LINE = re.compile(r"^(?P<pid>\d+) +(?:<\.\.\. )?(?P<call>[a-z0-9]+)(?P<rest>.*)$")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_PATH = re.compile(r"^\(-?\d+<((?:\\x[0-9a-f]{2})*)>")
_RESULT = re.compile(r"= (-?\d+)(?:<[^>]*>)?(?: .*)?$")


@dataclass(frozen=True, slots=True)
class Op:
    """One call.

    Attributes:
        call: `write`, `truncate`, `sync`, `create` or `unlink`.
        path: of the file, below the recorded folder; `.` is that folder.
        offset: where it writes, or the length that it cuts to.
        data: what it writes.
    """

    call: str
    path: Path
    offset: int = 0
    data: bytes = b""


@dataclass(slots=True)
class _File:
    """A file as it is in memory, and what of it is on the disk."""

    synced: bytes
    since: list[Op] = field(default_factory=list)

    def sync(self) -> None:
        self.synced = _applied(self.synced, self.since)
        self.since = []


@dataclass(slots=True)
class _Disk:
    """Names and files, as they are and as they certainly are on the disk."""

    names: dict[Path, _File]
    certain: dict[Path, _File]

    def do(self, op: Op) -> None:
        if op.call == "create":
            self.names.setdefault(op.path, _File(b""))
        elif op.call == "unlink":
            self.names.pop(op.path, None)
        elif op.path == Path() and op.call == "sync":
            self.certain = dict(self.names)
        elif (file := self.names.get(op.path)) is not None:
            if op.call == "sync":
                file.sync()
                self.certain[op.path] = file  # file systems bring a new file's name to the disk with it
            else:
                file.since.append(op)


def recorded(output: Path, folder: Path) -> list[Op]:
    """Reads what strace wrote of a driver that worked in a folder, in the order in which it happened.

    A write counts from its beginning, whatever depends on it comes later; a sync from its end.
    """
    begun: dict[str, tuple[str, str]] = {}
    ops = []
    for line in output.read_text().splitlines():
        found = _LINE.match(line)
        if found is None or found["call"] not in CALLS:
            continue
        pid, call, rest = found["pid"], found["call"], found["rest"]
        if rest.endswith("<unfinished ...>"):
            begun[pid] = (call, rest)
            if call in {"pwrite64", "write"}:
                ops.append(_op(call, rest))
            continue
        if rest.startswith(" resumed>"):
            was = begun.pop(pid)[1]
            if call in {"pwrite64", "write"}:
                continue
            rest = was.removesuffix(" <unfinished ...>") + rest.removeprefix(" resumed>")
        result = _RESULT.search(rest)
        if result and int(result[1]) >= 0:
            ops.append(_op(call, rest))
    return [replace(op, path=op.path.relative_to(folder)) for op in ops if op is not None]


def _op(call: str, rest: str) -> Op | None:
    numbers = re.findall(r", (\d+)", rest.partition(")")[0])
    if call == "openat":
        path = Path(_bytes(_TEXT.findall(rest)[-1]).decode())
        return Op("create", path) if "O_CREAT" in rest else None
    if call == "unlink":
        return Op("unlink", Path(_bytes(_TEXT.findall(rest)[0]).decode()))
    named = _PATH.match(rest)
    if named is None:
        return None
    path = Path(_bytes(named[1]).decode())
    if call in {"fdatasync", "fsync"}:
        return Op("sync", path)
    if call == "ftruncate":
        return Op("truncate", path, int(numbers[0]))
    data = _bytes(_TEXT.findall(rest)[0])
    return Op("write", path, int(numbers[1]) if call == "pwrite64" else -1, data)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def cut(ops: Sequence[Op], number: int, kind: str, seed: int, before: Path, folder: Path, told: str) -> None:
    """Makes the folder that a power cut leaves just after a call.

    Args:
        ops: the recording.
        number: of the call, from 1.
        kind: what becomes of what was not synced; one of `KINDS`.
        seed: draws what of it.
        before: the folder as it was when the recording began.
        folder: where it is made.
        told: name of the file of what was told, which is kept elsewhere and loses nothing.
    """
    rng = random.Random(f"{number} {kind} {seed}")
    files = {Path(p.name): _File(p.read_bytes()) for p in before.iterdir() if not p.name.endswith(_SHARED)}
    lines = files.pop(Path(told), _File(b"")).synced
    disk = _Disk(dict(files), dict(files))
    for op in ops[:number]:
        if op.path == Path(told):
            lines += op.data
        else:
            disk.do(op)
    for path, file in _names(disk, kind, rng).items():
        _write(folder / path, _applied(file.synced, _survived(file.since, kind, rng)))
    _write(folder / told, lines)


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o600)


def _names(disk: _Disk, kind: str, rng: random.Random) -> dict[Path, _File]:
    """The names that are there: those that are certain, and any of the changes since."""
    if kind in {"nothing", "all"}:
        return disk.certain if kind == "nothing" else disk.names
    found = {}
    for path in sorted(disk.certain.keys() | disk.names.keys()):
        choices = [names.get(path) for names in (disk.certain, disk.names)]
        chosen = rng.choice(choices)
        if chosen is not None:
            found[path] = chosen
    return found


def _survived(ops: Sequence[Op], kind: str, rng: random.Random) -> Iterator[Op]:
    for op in ops:
        if kind == "all" or (kind != "nothing" and rng.random() < 1 / 2):
            yield from _torn(op, rng) if kind == "torn" and op.call == "write" else (op,)


def _torn(op: Op, rng: random.Random) -> Iterator[Op]:
    """Some of the sectors of a write."""
    end = op.offset + len(op.data)
    begin = op.offset
    while begin < end:
        stop = min(end, begin - begin % _SECTOR + _SECTOR)
        if rng.random() < 1 / 2:
            yield Op("write", op.path, begin, op.data[begin - op.offset : stop - op.offset])
        begin = stop


def _applied(content: bytes, ops: Sequence[Op] | Iterator[Op]) -> bytes:
    made = bytearray(content)
    for op in ops:
        if op.call == "truncate":
            made = made[: op.offset].ljust(op.offset, b"\0")
        else:
            made = made.ljust(op.offset + len(op.data), b"\0")
            made[op.offset : op.offset + len(op.data)] = op.data
    return bytes(made)
