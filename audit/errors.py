"""What can go wrong with a log.

LogError
├── FormatError          bytes that are not what they claim to be
├── VerificationError    a signature, hash or proof that does not hold
├── DuplicateRequest     a request id that was used before
├── IntentionClosed      an entry came after its intention was closed as interrupted
├── NotFound             no such entry
├── LogBusy              more is waiting than the log takes in
└── LogStopped           the writer stopped: a commit failed, or another owner took the log
    └── OutcomeUnknown   it was handed over, and nobody said what became of it
"""

from __future__ import annotations


class LogError(Exception):
    """The root of all errors of the log."""


class FormatError(LogError):
    """Bytes that are not what they claim to be; the message says what was expected."""


class VerificationError(LogError):
    """A signature, hash or proof that does not hold; the message says which and where."""


class DuplicateRequest(LogError):
    """A request id that was used before."""


class IntentionClosed(LogError):
    """An entry came after its intention was closed: the log restarted in between."""


class NotFound(LogError):
    """No such entry."""


class LogBusy(LogError):
    """More is waiting than the log takes in; nothing of this was kept."""


class LogStopped(LogError):
    """The log's writer stopped; nothing unacknowledged may be believed written or unwritten."""


class OutcomeUnknown(LogStopped):
    """What was handed over may be written or not: no answer came in time."""
