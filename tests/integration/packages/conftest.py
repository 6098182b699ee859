"""A broker a module, Udbetaling Danmark's keys, and the watch over what is logged meanwhile."""

from __future__ import annotations

from tests.support.exchanging import credentials, shared, shared_site, silent_logs

__all__ = ["credentials", "shared", "shared_site", "silent_logs"]
