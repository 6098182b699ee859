"""Every planted case of the registers, asked over gRPC, ends as the law says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.registers import PLANTED_CASES, Registers
from exchange.client import Answer, Refused
from tests.support.broker import RunningBroker, Site, running
from tests.support.questions import SLUGS, case, question_of


@pytest.fixture(scope="module")
def shared(
    keys: Path, register_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningBroker]:
    """One broker for all cases."""
    with running(Site(keys, register_folder, tmp_path_factory.mktemp("site"))) as start:
        yield start()


@pytest.mark.parametrize("name", [c.name for c in PLANTED_CASES])
def test_planted_case_ends_as_expected(shared: RunningBroker, generated: Registers, name: str) -> None:
    """Granted, withheld in part, or refused, each for the reason that the law gives."""
    planted = case(generated, name)
    expected = planted.expected
    with shared.client(SLUGS[planted.request.consumer]) as client:
        try:
            answer: Answer | Refused = client.exchange(question_of(planted))
        except Refused as refused:
            answer = refused
    if isinstance(answer, Answer):
        assert expected.outcome in {"granted", "withheld"}
        assert planted.records == len(answer.records)
        assert set() == {n for r in answer.records for n in r} & set(expected.withheld)
        codes = {w.reason.code for w in answer.withheld}
    else:
        assert expected.outcome in {"refused", "withheld"}
        assert answer.receipt is not None
        assert all(r.text_en and r.text_da for r in answer.reasons)
        codes = {r.code for r in answer.reasons}
    assert set(expected.codes) <= codes
