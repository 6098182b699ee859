"""A process that writes to a log until it is killed, and says on its output what it was told.

    python -m tests.support.log_writer FOLDER URL KEYS_URL FIRST

Prints a line for every acknowledgement, as soon as it has it: `intended <n>`, then, after a register
would have been read, `recorded <n> <index> <receipt in hexadecimal>`.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from audit.formats.proof_file import ProofFile
from audit.log import AuditLog
from tests.support.logs import LogSite, submission

CALLERS = 8


async def write(log: AuditLog, first: int) -> None:
    """Lets several callers exchange at once, for as long as the process lives."""
    await asyncio.gather(*(_caller(log, first + 100_000 * k) for k in range(CALLERS)))


async def _caller(log: AuditLog, number: int) -> None:
    while True:
        number += 1
        await log.intend(submission(number, outcome="interrupted"))
        _say(f"intended {number}")
        done = await log.append(submission(number), closes_intention=True)
        receipt = ProofFile(done.index, done.proof.hashes, done.proof.signed_checkpoint, done.leaf.data)
        _say(f"recorded {number} {done.index} {receipt.text.encode().hex()}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    folder, url, keys_url, begin = sys.argv[1:]
    asyncio.run(write(LogSite(url, keys_url, Path(folder)).open(), int(begin)))
