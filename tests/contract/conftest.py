"""What every broker here is asked, and the watch over what is logged meanwhile."""

from __future__ import annotations

from tests.support.exchanging import (
    body,
    credentials,
    silent_logs,
    subject,
)

__all__ = ["body", "credentials", "silent_logs", "subject"]
