"""The client for an authority's backend: `from hjemmel import Client`.

    with Client("broker.example:8440", Credentials.load(Path("keys/udk"))) as client:
        answer = client.exchange(Question(...))

Every answer is verified before it is given: the request and the answer against the commitments of the
recorded entry, the entry's inclusion in the log, the log's signature, and that the log only grew since
the last answer.
"""

from exchange.client.aio import AsyncClient
from exchange.client.assembling import Application, Assembled, MissingPiece, PartAnswered, Summary
from exchange.client.changes import Alive, Changed, Following
from exchange.client.credentials import Credentials
from exchange.client.errors import (
    AlreadyRecorded,
    ClientError,
    Failed,
    ForkDetected,
    InvalidRequest,
    NotAuthenticated,
    NotCosigned,
    ReceiptInvalid,
    RecordsInvalid,
    Refused,
    Unreachable,
)
from exchange.client.many import Answered, Subject, Task
from exchange.client.protocol import Answer, Question, Rehearsal, VerifiedReceipt
from exchange.client.sync import Client
from exchange.client.watching import Position, Watched

__all__ = [
    "Alive",
    "AlreadyRecorded",
    "Answer",
    "Answered",
    "Application",
    "Assembled",
    "AsyncClient",
    "Changed",
    "Client",
    "ClientError",
    "Credentials",
    "Failed",
    "Following",
    "ForkDetected",
    "InvalidRequest",
    "MissingPiece",
    "NotAuthenticated",
    "NotCosigned",
    "PartAnswered",
    "Position",
    "Question",
    "ReceiptInvalid",
    "RecordsInvalid",
    "Refused",
    "Rehearsal",
    "Subject",
    "Summary",
    "Task",
    "Unreachable",
    "VerifiedReceipt",
    "Watched",
]
