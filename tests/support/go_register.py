"""The example register in Go, built from its pinned module and the API's own .proto file."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

from tests.support.tools import BUILT, ROOT

SOURCE = ROOT / "docs" / "examples" / "register-go"
_PROTO = "hjemmel/registry/v1/registry_service.proto"
_MODULE = "hjemmel/examples/register"
_PLUGINS = ("google.golang.org/protobuf/cmd/protoc-gen-go", "google.golang.org/grpc/cmd/protoc-gen-go-grpc")


def built() -> Path:
    """Gives the program, built where it is missing or older than its sources.

    Raises:
        RuntimeError: Go is not installed.
    """
    binary, folder = BUILT / "register-go", ROOT / ".build" / "register-go"
    sources = [*SOURCE.iterdir(), ROOT / "proto" / _PROTO]
    if binary.exists() and binary.stat().st_mtime > max(path.stat().st_mtime for path in sources):
        return binary
    go = shutil.which("go")
    if go is None:
        raise RuntimeError("go is missing: install Go 1.26 or later (https://go.dev/dl)")
    shutil.copytree(SOURCE, folder, dirs_exist_ok=True)
    build = [go, "build", "-mod=readonly", "-trimpath", "-o"]
    plugins = folder / "plugins"
    plugins.mkdir(exist_ok=True)
    subprocess.run([*build, f"{plugins}{os.sep}", *_PLUGINS], cwd=folder, check=True)
    _generate(folder, plugins)
    BUILT.mkdir(parents=True, exist_ok=True)
    subprocess.run([*build, str(binary), "."], cwd=folder, check=True)
    return binary


def _generate(folder: Path, plugins: Path) -> None:
    arguments = ["protoc", f"-I{ROOT / 'proto'}", f"-I{ROOT / '.build' / 'googleapis'}"]
    arguments.append(f"-I{files('grpc_tools') / '_proto'}")
    for name in ("go", "go-grpc"):
        arguments += [
            f"--plugin=protoc-gen-{name}={plugins / f'protoc-gen-{name}'}",
            f"--{name}_out={folder}",
        ]
        arguments.append(f"--{name}_opt=module={_MODULE},M{_PROTO}={_MODULE}/registry")
    if protoc.main([*arguments, _PROTO]) != 0:
        raise RuntimeError("the .proto file does not compile")
