"""New revisions of the policies, taken over by a real OPA server in the middle of load."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle

import pytest

from adapters.registers import Registers
from exchange.client import Question
from exchange.config import DEFAULT_POLICIES
from exchange.policy import keeper, policy_set
from exchange.policy.policy_set import PolicySet
from tests.conftest import Start
from tests.faults.load import Load
from tests.faults.probe import until
from tests.faults.processes import free_port
from tests.support import opa
from tests.support.broker import RunningBroker, Site
from tests.support.policies import with_agreement
from tests.support.questions import case, question_of

AUTHORITIES = tuple(f"authority-{n}" for n in range(12))
SOME = 25  # answers by a revision, before the next is published
INCOME, HOUSEHOLD = "udk-eindkomst", "udk-cpr"  # agreements
ENDED = "2024-12-31"


def asking(registers: Registers) -> Iterator[Question]:
    """Asks for income and for a household in turns."""
    return cycle(question_of(case(registers, n)) for n in ("family-income-applicant", "family-household"))


@contextmanager
def decided_by_opa(start: Start, site: Site) -> Iterator[RunningBroker]:
    """A broker with an OPA server beside it, as they are deployed."""
    bundles = f"127.0.0.1:{free_port()}"
    log = site.folder / "opa.log"
    with opa.beside(f"http://{bundles}", site.keys / "policy.pub.pem", log) as server:
        broker = start(
            policy={
                "engine": "opa",
                "opa_url": server.url,
                "timeout": 5,
                "bundle_address": bundles,
                "bundle_signing_key": str(site.keys / "policy.key"),
            }
        )
        server.start()
        yield broker
        broker.stop()


@pytest.mark.slow
async def test_every_answer_is_that_of_the_revision_it_names(
    start: Start, site: Site, generated: Registers
) -> None:
    """Two sets that grant opposite things take turns: nothing fails, none is mistaken for the other."""
    whole = policy_set.load(DEFAULT_POLICIES)
    no_income = with_agreement(whole, INCOME, valid_to=ENDED)
    no_household = with_agreement(whole, HOUSEHOLD, valid_to=ENDED)
    outcomes = {
        (revision.revision, agreement): "refused" if revision is refusing else "granted"
        for revision in (whole, no_income, no_household)
        for agreement, refusing in ((INCOME, no_income), (HOUSEHOLD, no_household))
    }
    load = Load(site.credentials("udbetaling-danmark"), asking(generated), site.folder)

    async def answered_by(policies: PolicySet) -> None:
        """Waits until a set has decided some more."""

        def decided() -> int:
            return Counter(r.entry.policy_revision for r in load.receipts)[policies.revision]

        enough = decided() + SOME
        await until(lambda: decided() >= enough)

    with decided_by_opa(start, site) as broker:
        await until(lambda: broker.broker.problem is None)
        async with load.running(broker.target, AUTHORITIES):
            await answered_by(whole)
            for policies in (no_income, no_household) * 4:
                await asyncio.to_thread(keeper.publish, broker.broker.log, policies, "turn")
                await answered_by(policies)
    assert {"answered", "Refused"} == set(load.ends)
    told = [(r.entry.policy_revision, r.entry.agreement, r.entry.outcome) for r in load.receipts]
    assert [] == [t for t in told if outcomes[t[0], t[1]] != t[2]]
    assert set(outcomes) == {(revision, agreement) for revision, agreement, _ in told}
