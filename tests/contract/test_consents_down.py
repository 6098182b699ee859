"""The register of consents is not there, or hangs: nothing that needs it is granted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.registers import Registers
from exchange.errors import Failed
from exchange.model.request import Consent, SubjectKey
from exchange.pipeline import Parts
from tests.support import raw, verdict
from tests.support.adapters import Watched
from tests.support.broker import RunningBroker
from tests.support.questions import case, question_of
from tests.support.raw import Told, sign, told

Start = Callable[..., RunningBroker]


def refused_health_data(broker: RunningBroker, generated: Registers) -> Told:
    """Asks as Odense for health data under a consent that is valid."""
    own = broker.site.credentials("odense")
    question = question_of(case(generated, "consent-valid"))
    body = raw.body_of(question, own.cvr).SerializeToString()
    with raw.connected(broker, "odense") as wire:
        return told(lambda: wire.exchange(body, sign(own, body)))


def secrets(generated: Registers) -> tuple[str, ...]:
    """What the question holds that nobody is told."""
    question = question_of(case(generated, "consent-valid"))
    return question.subject.value, question.consent_reference or ""


@pytest.mark.parametrize("there", ["an empty file", "garbage", "a folder"])
def test_without_the_register_of_consents_nothing_is_granted(
    start: Start, generated: Registers, tmp_path: Path, there: str
) -> None:
    """The exchange fails and is recorded; no register is read."""
    path = tmp_path / "samtykke.db"
    if there == "garbage":
        path.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    elif there == "a folder":
        path.mkdir()
    watched = Watched()
    broker = start(change=watched, registers={"connections": {"samtykke": {"url": f"sqlite:///{path}"}}})
    said = refused_health_data(broker, generated)
    verdict.check_ended(
        broker, said, "CONSENT_REGISTER_UNAVAILABLE", outcome="failed", secrets=secrets(generated)
    )
    assert [] == watched.asked


class Raising:
    """A register of consents that raises."""

    def __init__(self, error: BaseException) -> None:
        """Takes what."""
        self._error = error

    async def find(self, reference: str, subject: SubjectKey, case_reference: str) -> Consent | None:
        await asyncio.sleep(0)
        raise self._error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Failed.because("CONSENT_REGISTER_UNAVAILABLE"), "CONSENT_REGISTER_UNAVAILABLE"),
        (RuntimeError("samtykke-plantet-gyldigt"), "INTERNAL"),
        (ValueError("samtykke-plantet-gyldigt"), "INTERNAL"),
    ],
)
def test_whatever_the_register_of_consents_raises_grants_nothing(
    start: Start, generated: Registers, error: Exception, reason: str
) -> None:
    """Its exceptions fail the exchange, and their words stay inside."""

    def change(parts: Parts) -> Parts:
        return replace(parts, consents=Raising(error))

    broker = start(change=change)
    said = refused_health_data(broker, generated)
    verdict.check_ended(broker, said, reason, outcome="failed", secrets=secrets(generated))
