"""A broker a module, a connection to it, and the watch over what is logged meanwhile."""

from __future__ import annotations

from tests.support.exchanging import (
    body,
    credentials,
    shared,
    shared_site,
    silent_logs,
    subject,
    udk,
)

__all__ = ["body", "credentials", "shared", "shared_site", "silent_logs", "subject", "udk"]
