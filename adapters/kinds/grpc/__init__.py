"""The kind `grpc`: a register in a process of its own, in any language; see docs/registers-grpc.md.

`serve` puts any adapter of this process behind the same interface, on another machine.
"""

from __future__ import annotations

from collections.abc import Sequence

from adapters.kinds.grpc.adapter import GrpcAdapter
from adapters.kinds.grpc.server import serve
from adapters.port import Connection, Dataset

__all__ = ["open_grpc", "serve"]


def open_grpc(register: str, datasets: Sequence[Dataset], connection: Connection) -> GrpcAdapter:
    """See `adapters.port.Opener`."""
    del register  # the datasets say everything
    return GrpcAdapter(datasets, connection)
