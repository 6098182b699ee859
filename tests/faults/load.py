"""Authorities that keep asking while things break, and keep every receipt they are given."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

from adapters.registers import Registers
from exchange.client import AsyncClient, ClientError, Credentials, Question, VerifiedReceipt
from exchange.client.errors import ForkDetected, ReceiptInvalid
from exchange.model.request import SubjectKey
from tests.support.questions import case, question_of

_REFUSED_SHARE = 0.1
NO_AGREEMENT = "none-such"


def questions(registers: Registers, rng: random.Random) -> Iterator[Question]:
    """Asks who lives at one address after the other, without end; now and then without an agreement.

    Each question is one register read. No two of them are the same.
    """
    question = question_of(case(registers, "family-household"))
    table = registers.tables["cpr.person"]
    column = table.columns.index("darAdresseId")
    homes = sorted({str(row[column]) for row in table.rows if row[column]})
    for number in count(1):
        yield replace(
            question,
            subject=SubjectKey("dar_adresse_id", rng.choice(homes)),
            case_reference=f"SAG-2025-{number:05}",
            agreement=NO_AGREEMENT if rng.random() < _REFUSED_SHARE else question.agreement,
        )


def is_granted(question: Question) -> bool:
    """Tells whether a question is one of those that are answered."""
    return question.agreement != NO_AGREEMENT


class Load:
    """Asks in parallel, of one address, until it is told to stop.

    Attributes:
        receipts: all that was acknowledged, refusals included.
        ends: how calls ended: `answered`, or an error's name.
    """

    def __init__(self, credentials: Credentials, asking: Iterator[Question], folder: Path) -> None:
        """Takes who asks and what, and where the clients remember checkpoints."""
        self._credentials = credentials
        self._asking = asking
        self._folder = folder
        self.receipts: list[VerifiedReceipt] = []
        self.ends: Counter[str] = Counter()

    @asynccontextmanager
    async def running(self, target: str, names: Sequence[str]) -> AsyncIterator[None]:
        """Lets clients of these names ask for as long as the context lasts.

        A name has a memory of its own that outlives its client: a log that forgot what it once
        showed to this name is a fork.
        """
        tasks = [asyncio.create_task(self._keep_asking(target, name)) for name in names]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if not isinstance(error, asyncio.CancelledError) and error is not None:
                raise error

    async def _keep_asking(self, target: str, name: str) -> None:
        credentials = replace(self._credentials, memory=self._folder / f"{name}.checkpoint")
        async with AsyncClient(target, credentials, timeout=5) as client:
            while True:
                await self._ask(client, next(self._asking))

    async def _ask(self, client: AsyncClient, question: Question) -> None:
        try:
            answer = await client.exchange(question)
        except (ForkDetected, ReceiptInvalid):
            raise
        except ClientError as error:
            self.ends[type(error).__name__] += 1
            if error.receipt:
                self.receipts.append(error.receipt)
            else:
                await asyncio.sleep(0.02)  # nobody there: do not spin
        else:
            self.ends["answered"] += 1
            self.receipts.append(answer.receipt)
