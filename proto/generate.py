"""Generates the Python beside the .proto files: `python proto/generate.py [--check]`.

With `--check` nothing is written; the exit status tells whether what is committed is current.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from google.api import field_behavior_pb2
from google.rpc import status_pb2
from grpc_tools import protoc

ROOT = Path(__file__).parent
GOOGLEAPIS = ROOT.parent / ".build" / "googleapis"


def main() -> int:
    """Generates into a temporary folder, then compares or copies."""
    sources = sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("hjemmel/**/*.proto"))
    copy_googleapis()
    with tempfile.TemporaryDirectory() as folder:
        arguments = [
            "protoc",
            f"-I{ROOT}",
            f"-I{GOOGLEAPIS}",
            f"-I{files('grpc_tools') / '_proto'}",
            f"--python_out={folder}",
            f"--pyi_out={folder}",
            f"--grpc_python_out={folder}",
            *sources,
        ]
        if protoc.main(arguments) != 0:
            return 1
        made = {p.relative_to(folder): p.read_text() for p in Path(folder).rglob("*.py*")}
        made = {p: text for p, text in made.items() if not is_empty_service(p, text)}
        stale = [p for p, text in made.items() if read(ROOT / p) != text]
        stale += [
            p.relative_to(ROOT)
            for p in ROOT.rglob("*_pb2*")
            if p.relative_to(ROOT) not in made and p.suffix != ".pyc"
        ]
        if "--check" in sys.argv:
            for path in stale:
                print(f"proto/{path} is not what the .proto files give: run make proto")
            return 1 if stale else 0
        for path in stale:
            if path in made:
                (ROOT / path).write_text(made[path])
            else:
                (ROOT / path).unlink()
    return 0


def copy_googleapis() -> None:
    """Puts the files of Google's that ours import where Buf finds them."""
    for module, name in (
        (field_behavior_pb2, "google/api/field_behavior"),
        (status_pb2, "google/rpc/status"),
    ):
        target = GOOGLEAPIS / f"{name}.proto"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(module.__file__).with_name(target.name), target)


def is_empty_service(path: Path, text: str) -> bool:
    """Tells whether a file is the stub module of a .proto file without services."""
    return path.stem.endswith("_pb2_grpc") and "Servicer" not in text


def read(path: Path) -> str | None:
    """Reads a file, or nothing."""
    return path.read_text() if path.exists() else None


if __name__ == "__main__":
    raise SystemExit(main())
