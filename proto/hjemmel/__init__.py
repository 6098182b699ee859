"""Hjemmel: `from hjemmel import Client`. The generated API lies in `hjemmel.exchange.v1` and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exchange.client import AsyncClient, Client, Credentials

__all__ = ["AsyncClient", "Client", "Credentials"]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: the client imports the generated modules of this very package.
    if name in __all__:
        from exchange import client  # noqa: PLC0415

        return getattr(client, name)
    raise AttributeError(f"module 'hjemmel' has no attribute {name!r}")
