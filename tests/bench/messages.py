"""Signed requests in files: each of its own id, each about somebody else, all to be granted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path

from hjemmel.exchange.v1 import exchange_service_pb2 as pb

from adapters.registers import Registers, planted_cases
from exchange.client import Credentials, Question, protocol
from exchange.model.request import SubjectKey
from tests.support.questions import question_of

_SIGNERS = 2
_ADULT = "2000-01-01"  # born before: of age on every law date
#: Purpose of the benchmark: planted case to take the question from, table and column of subjects.
WORKLOADS = {
    "household": ("family-household", "cpr.person", "darAdresseId"),
    "income": ("family-income-applicant", "cpr.person", "personnummer"),
    "area": ("family-area", "bbr.enhed", "adresseIdentificerer"),
}


def questions(registers: Registers, workload: str) -> list[Question]:
    """Gives the questions of a workload; `mixed` takes the others in turns, as one case asks them."""
    if workload == "mixed":
        parts = [questions(registers, part) for part in WORKLOADS]
        length = max(len(part) for part in parts)
        turns = zip(*(islice(cycle(part), length) for part in parts), strict=True)
        return [question for turn in turns for question in turn]
    name, table, column = WORKLOADS[workload]
    planted = next(c for c in planted_cases(registers) if c.name == name)
    question = question_of(planted)
    subjects = {
        str(row[column])
        for row in registers.tables[table].records()
        if row[column] and (workload != "income" or str(row["foedselsdato"]) < _ADULT)
    }
    return [replace(question, subject=SubjectKey(question.subject.kind, value)) for value in sorted(subjects)]


class Signers:
    """Signs on all cores; the requests are good for five minutes."""

    def __init__(self, credentials: Path, asked: Sequence[Question]) -> None:
        """Takes the folder of the signer's keys, and what it asks, again and again."""
        self._asked = cycle(asked)
        self._pool = ProcessPoolExecutor(
            _SIGNERS, get_context("spawn"), initializer=_load, initargs=(credentials,)
        )

    def write(self, path: Path, count: int) -> list[str]:
        """Writes so many signed requests, in ghz' form; gives their request ids."""
        chunk = -(-count // _SIGNERS)
        asked = list(islice(self._asked, count))
        parts = [asked[begin : begin + chunk] for begin in range(0, count, chunk)]
        ids = []
        with path.open("wb") as file:
            for part in self._pool.map(_sign, parts):
                for request_id, message in part:
                    ids.append(request_id)
                    file.write(_delimited(message))
        return ids

    def close(self) -> None:
        """Ends the signers."""
        self._pool.shutdown()


_credentials: list[Credentials] = []


def _load(folder: Path) -> None:
    _credentials.append(Credentials.load(folder))


def _sign(asked: Sequence[Question]) -> list[tuple[str, bytes]]:
    signed = []
    for question in asked:
        prepared = protocol.prepare(_credentials[0], question)
        message = pb.ExchangeRequest(envelope=prepared.envelope).SerializeToString()
        signed.append((prepared.request_id, message))
    return signed


def write_all(path: Path, messages: Sequence[bytes]) -> None:
    """Writes messages, each after its length."""
    path.write_bytes(b"".join(_delimited(m) for m in messages))


def read_all(path: Path) -> Iterator[bytes]:
    """Reads them back."""
    data, at = path.read_bytes(), 0
    while at < len(data):
        length = shift = 0
        while True:
            byte = data[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        yield data[at : at + length]
        at += length


def _delimited(message: bytes) -> bytes:
    length, prefix = len(message), bytearray()
    while length >= 0x80:
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    prefix.append(length)
    return bytes(prefix) + message
