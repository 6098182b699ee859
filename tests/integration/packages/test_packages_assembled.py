"""Packages over gRPC: parts as they come, each with its own decision and record, and what is missing."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hjemmel.exchange.v1 import assemble_pb2 as pb

from adapters.registers import Registers
from adapters.registers.scene import HOMES, PEOPLE
from audit.formats.entry import Entry
from exchange.client import (
    Answer,
    Assembled,
    AsyncClient,
    Client,
    ClientError,
    InvalidRequest,
    NotAuthenticated,
    PartAnswered,
    Question,
)
from exchange.model.request import Found, Lookup, SubjectKey
from exchange.model.trace import Draft
from exchange.packages.model import Package
from exchange.ports import Trail
from tests.conftest import Start
from tests.support import raw, verdict
from tests.support.adapters import Answering, Gated, Watched, adapted
from tests.support.broker import RunningBroker
from tests.support.packages import AGREEMENTS, LAW_DATE, Got, application, assembled
from tests.support.verdict import CASE, CASEWORKER

WITHIN = 10.0


@pytest.fixture(scope="module")
def family(shared: RunningBroker) -> Got:
    """The housing benefit of a family of two adults and two children."""
    return assembled(shared, "housing-benefit", "family_mother")


def entries(broker: RunningBroker, since: int = 0) -> list[Entry]:
    """The entries of a log."""
    return [broker.broker.log.reader.by_index(i).entry for i in range(since, verdict.size(broker))]


def test_package_gives_all_that_follows_from_the_applicant(family: Got) -> None:
    """The address leads to household and dwelling, the marriage to the spouse; children are left alone."""
    assert (True, ()) == (family.summary.complete, family.summary.missing)
    subjects = {p.part.name: p.subject for p in family.parts}
    mother, father = (
        SubjectKey("personnummer", PEOPLE[f"family_{who}"].number) for who in ("mother", "father")
    )
    home = SubjectKey("dar_adresse_id", HOMES["family"].address_id)
    assert {
        "person": mother,
        "household": home,
        "income": mother,
        "spouse-income": father,
        "dwelling": home,
        "ownership": mother,
        "wealth": mother,
        "benefits": mother,
    } == subjects
    assert (4, 24, 24) == tuple(
        len(family.answer(name).records) for name in ("household", "income", "spouse-income")
    )
    children = {PEOPLE[f"family_{who}"].number for who in ("son", "daughter")}
    assert children <= {r["personnummer"] for r in family.answer("household").records}


def test_every_part_is_answered_as_alone(shared: RunningBroker, family: Got) -> None:
    """Data, law and attributes are those of a single exchange about the same subject."""
    with shared.client() as client:
        for came in family.parts:
            part, together = came.part, came.answer
            assert isinstance(together, Answer)
            question = Question(
                dataset=part.dataset,
                attributes=part.attributes,
                subject=came.subject,
                subject_role=part.role,
                purpose=part.purpose,
                legal_basis=part.legal_basis,
                agreement=AGREEMENTS[part.dataset],
                case_reference=CASE,
                caseworker=CASEWORKER,
                law_date=LAW_DATE,
            )
            alone = client.exchange(question)
            assert (alone.records, alone.law) == (together.records, together.law)
            one, other = alone.receipt.entry, together.receipt.entry
            assert one == replace(other, request_id=one.request_id, time=one.time)


def test_every_part_has_a_record_of_its_own(start: Start) -> None:
    """As many entries as parts, under the request ids that were told; no exchange is left open."""
    broker = start()
    got = assembled(broker, "housing-benefit", "family_mother")
    recorded = entries(broker)
    assert sorted(p.request_id for p in got.parts) == sorted(e.request_id or "" for e in recorded)
    assert {"granted"} == {e.outcome for e in recorded}
    assert broker.broker.log.writer
    assert set() == broker.broker.log.writer.open_requests


def test_pension_is_a_package_as_well(shared: RunningBroker) -> None:
    """Residence, stays, civil status and income that is not from work; the latter never with wages."""
    got = assembled(shared, "folkepension", "pensioner")
    assert (True, 5) == (got.summary.complete, len(got.parts))
    assert not {"loenindkomst"} & {n for p in got.parts for n in p.part.attributes}


def test_flatmates_are_adults_of_the_household(shared: RunningBroker) -> None:
    """Each other adult is asked about once, in the order of the household, with a record each."""
    got = assembled(shared, "housing-benefit", "flatmate_first")
    others = [PEOPLE[f"flatmate_{n}"].number for n in ("second", "third")]
    members = got.of("member-income")
    assert others == sorted((p.subject.value for p in members), key=others.index)
    assert [] == got.of("spouse-income")
    assert got.summary.complete
    assert 2 == len({p.answer.receipt.index for p in members if p.answer.receipt})


def test_what_a_second_part_leads_to_is_asked_as_well(shared: RunningBroker) -> None:
    """An owner's property leads to its valuation."""
    got = assembled(shared, "housing-benefit", "owner")
    owned = {str(r["bestemtFastEjendomBFENr"]) for r in got.answer("ownership").records}
    assert owned == {p.subject.value for p in got.of("valuation")}
    assert got.answer("valuation").records


def test_both_clients_get_the_same(shared: RunningBroker, family: Got) -> None:
    """The asynchronous client verifies and gives what the synchronous one does."""

    async def ask() -> tuple[list[Assembled], list[Package]]:
        async with AsyncClient(shared.target, shared.site.credentials(raw.UDK)) as client:
            package = await client.package("housing-benefit")
            asked = application(package, "family_mother")
            return [came async for came in client.assemble(package, asked)], await client.packages()

    (*parts, summary), packages = asyncio.run(ask())
    records = {
        p.part.name: p.answer.records
        for p in parts
        if isinstance(p, PartAnswered) and isinstance(p.answer, Answer)
    }
    assert records == {p.part.name: p.answer.records for p in family.parts if isinstance(p.answer, Answer)}
    assert family.summary == summary
    assert ["folkepension", "housing-benefit"] == [p.name for p in packages]


def test_packages_are_listed_page_by_page(shared: RunningBroker) -> None:
    """As datasets are: a token for the next page, an error for a size that is none."""
    with raw.connected(shared) as wire:
        first = wire.exchanges.ListPackages(pb.ListPackagesRequest(page_size=1))
        rest = wire.exchanges.ListPackages(pb.ListPackagesRequest(page_token=first.next_page_token))
        assert ["folkepension"] == [p.name for p in first.packages]
        assert (["housing-benefit"], "") == ([p.name for p in rest.packages], rest.next_page_token)
        said = raw.told(lambda: wire.exchanges.ListPackages(pb.ListPackagesRequest(page_size=-1)))
        assert "FIELD_INVALID" == said.reason
        said = raw.told(lambda: wire.exchanges.GetPackage(pb.GetPackageRequest(name="nothing")))
        assert "NOT_FOUND" == said.reason


def test_packages_are_for_participants(shared: RunningBroker) -> None:
    """As the catalogue is: whose participation is revoked sees none."""
    with shared.client("nedlagt-styrelse") as client, pytest.raises(NotAuthenticated):
        client.packages()


def test_receipts_of_parts_are_fetched_like_any(shared: RunningBroker, family: Got) -> None:
    """By the request id that follows from the signed one, and verified offline."""
    with shared.client() as client:
        for came in family.parts:
            receipt = client.receipt(came.request_id)
            assert came.answer.receipt
            assert came.answer.receipt.index == receipt.index


def test_packages_of_a_deployment_come_from_its_folder(start: Start, tmp_path: Path) -> None:
    """A package beside Hjemmel's own is asked for by its name."""
    own = tmp_path / "packages"
    own.mkdir()
    (own / "who.toml").write_text(WHO, "utf-8")
    broker = start(packages={"folder": str(own)})
    got = assembled(broker, "who", "pensioner")
    assert (["person"], True) == ([p.part.name for p in got.parts], got.summary.complete)


WHO = """
package = "who"
applicant = "personnummer"
title = { en = "Who", da = "Hvem" }

[[parts]]
name = "person"
title = { en = "Person", da = "Person" }
dataset = "cpr.person"
attributes = ["foedselsdato"]
role = "applicant"
purpose = "housing-benefit.household"
legal_basis = "udl.5"
key = { from = "applicant" }
next = { cvr = "95000088", name = "CPR", en = "Ask.", da = "Spørg." }
"""


# What is missing


def test_dwelling_that_nobody_knows_is_told_with_whom_to_ask(shared: RunningBroker) -> None:
    """The rest is answered; the summary says what is missing, why, and whom to ask, in both languages."""
    got = assembled(shared, "housing-benefit", "mismatch")
    assert ([("dwelling", "PART_NO_RECORD")], False) == (got.missing, got.summary.complete)
    [piece] = got.summary.missing
    assert "96000103" == piece.next.cvr
    assert all((piece.next.name, piece.next.text.en, piece.next.text.da))
    assert all((piece.missing.reason.text_en, piece.missing.reason.text_da))
    assert piece.missing.request_id == got.of("dwelling")[0].request_id
    assert 24 == len(got.answer("income").records)


def test_refused_part_stops_no_other(start: Start) -> None:
    """A part under an agreement of somebody else is refused and recorded; the others are answered."""
    broker = start()
    agreements = {**_housing(), "eindkomst.indkomst": "odense-eindkomst"}
    got = assembled(broker, "housing-benefit", "family_mother", agreements=agreements)
    refused = [("income", "AGREEMENT_OF_ANOTHER_PARTY"), ("spouse-income", "AGREEMENT_OF_ANOTHER_PARTY")]
    assert (refused, False) == (got.missing, got.summary.complete)
    assert all(m.missing.reason.text_da for m in got.summary.missing)
    outcomes = Counter(e.outcome for e in entries(broker))
    assert {"granted": 6, "refused": 2} == outcomes


def test_part_that_fails_takes_with_it_what_follows_and_nothing_else(start: Start) -> None:
    """What was not asked is not recorded; but the answer says so, with the part that it waits for."""
    broker = start(change=adapted("cpr", Down()))
    got = assembled(broker, "housing-benefit", "family_mother")
    waiting = ("household", "spouse-income", "member-income", "dwelling")
    assert ("person", "REGISTER_UNAVAILABLE") == got.missing[0]
    assert dict.fromkeys(waiting, "PART_WAITS_FOR_MISSING") == {p: c for p, c in got.missing if p in waiting}
    because = {m.missing.part: m.missing.because_of for m in got.summary.missing}
    assert ("person", "household") == (because["dwelling"], because["member-income"])
    assert {"person", "income", "ownership", "wealth", "benefits"} == {p.part.name for p in got.parts}
    assert 5 == verdict.size(broker)
    assert isinstance(got.answer("wealth"), Answer)


class Down(Answering):
    """A register that is down."""

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        raise ConnectionError("down")


def test_part_without_an_agreement_is_not_asked(start: Start) -> None:
    """It is told as missing, and so is what follows it; nothing of it is read or recorded."""
    watched = Watched()
    broker = start(change=watched)
    agreements = {d: a for d, a in _housing().items() if d not in {"bbr.enhed", "pension.ydelse"}}
    got = assembled(broker, "housing-benefit", "family_mother", agreements=agreements)
    assert [("dwelling", "PART_NOT_CITED"), ("benefits", "PART_NOT_CITED")] == got.missing
    assert not {"bbr.enhed", "pension.ydelse"} & {name for name, _ in watched.asked}
    assert len(got.parts) == verdict.size(broker)


def test_what_is_only_wanted_leaves_the_package_complete(shared: RunningBroker) -> None:
    """Told as missing, but the task can be decided."""
    agreements = {d: a for d, a in _housing().items() if d != "pension.ydelse"}
    got = assembled(shared, "housing-benefit", "family_mother", agreements=agreements)
    assert ([("benefits", "PART_NOT_CITED")], True) == (got.missing, got.summary.complete)


def test_join_to_too_many_asks_about_nobody(start: Start, tmp_path: Path) -> None:
    """More flatmates than the declaration allows: the answer says so, and no income is read."""
    own = tmp_path / "packages"
    own.mkdir()
    shipped = (Path(__file__).parents[3] / "exchange/packages/housing-benefit.toml").read_text("utf-8")
    (own / "hb.toml").write_text(shipped.replace("most = 12", "most = 1"), "utf-8")
    broker = start(packages={"folder": str(own)})
    got = assembled(broker, "housing-benefit", "flatmate_first")
    assert ([("member-income", "PART_TOO_MANY_SUBJECTS")], []) == (got.missing, got.of("member-income"))


def test_consent_is_cited_for_the_applicant_only(start: Start, generated: Registers) -> None:
    """A consent is one person's: the policy learns of it in parts about the applicant, and in no other."""
    broker = start()
    got = assembled(broker, "housing-benefit", "family_mother", consent_reference="SAMTYKKE-9")
    reader = broker.broker.log.reader
    for came in got.parts:
        opened = reader.opened(reader.by_request(came.request_id))
        assert opened is not None
        cited = json.loads(opened.values["policy_input"])["consent"]
        assert came.part.about_applicant == (cited is not None)


def _housing() -> dict[str, str]:
    return {d: a for d, a in AGREEMENTS.items() if d != "cpr.udlandsophold"}


# Side by side


def test_parts_about_the_applicant_are_asked_side_by_side(start: Start) -> None:
    """None of them waits for another's answer; what follows from one is not asked before it."""
    gated = Gated()
    broker = start(change=gated)
    wanted = {"cpr.person", "eindkomst.indkomst", "ejf.ejerskab", "skat.formue", "pension.ydelse"}
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(assembled, broker, "housing-benefit", "family_mother")
        end = time.monotonic() + WITHIN
        while len(gated.asked) < len(wanted) and time.monotonic() < end:
            time.sleep(0.02)
        assert wanted == {name for name, _ in gated.asked}
        assert len(wanted) == len(gated.asked)
        gated.open(broker.loop)
        assert coming.result().summary.complete


def test_fast_answer_does_not_wait_for_a_slow_one(start: Start) -> None:
    """While the income register hangs, the others' answers come."""
    gate = asyncio.Event()
    broker = start(change=adapted("eindkomst", Hanging(gate)))
    with broker.client() as client:
        package = client.package("housing-benefit")
        came = set()
        for one in client.assemble(package, application(package, "family_mother"), timeout=WITHIN):
            if isinstance(one, PartAnswered):
                came.add(one.part.name)
            if {"person", "household", "dwelling", "ownership", "wealth", "benefits"} == came:
                break
        broker.loop.call_soon_threadsafe(gate.set)
    assert not {"income", "spouse-income"} & came


class Hanging(Answering):
    """A register that waits until it is told to answer."""

    def __init__(self, gate: asyncio.Event) -> None:
        """Takes what it waits for."""
        self._gate = gate

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        await self._gate.wait()
        return []


def test_one_exchange_at_a_time_comes_to_the_same(start: Start, family: Got) -> None:
    """However few may be under way at once, every part is answered."""
    got = assembled(start(packages={"max_concurrent": 1}), "housing-benefit", "family_mother")
    assert family.summary == got.summary
    assert {p.part.name for p in family.parts} == {p.part.name for p in got.parts}


def test_members_of_a_household_are_looked_up_together(start: Start) -> None:
    """Those whose intentions are durable at one time: one look-up of both incomes, one of both ages."""
    watched = Watched()
    broker = start(change=lambda p: watched(replace(p, trail=AtOneTime(p.trail))))
    assembled(broker, "housing-benefit", "flatmate_first")
    asked = Counter(watched.asked)
    incomes = [n for (name, _), n in asked.items() if name == "eindkomst.indkomst"]
    assert [2] == incomes  # the applicant's own, and that of both others


class AtOneTime:
    """The real log, which tells two flatmates' intentions at one time, as a batch does."""

    def __init__(self, trail: Trail) -> None:
        """Takes the log."""
        self._trail = trail
        self._both = asyncio.Event()
        self._waiting = {PEOPLE[f"flatmate_{n}"].number for n in ("second", "third")}
        self.record = trail.record

    async def intend(self, draft: Draft, timeout: float | None = None) -> None:
        await self._trail.intend(draft, timeout)
        if draft.subject is not None and draft.subject.value in self._waiting:
            self._waiting.discard(draft.subject.value)
            if not self._waiting:
                self._both.set()
            await self._both.wait()


# Wrong use


def test_agreement_for_what_the_package_does_not_ask_is_a_mistake(shared: RunningBroker) -> None:
    """A misspelt part does not go missing unseen: nothing is sent."""
    with shared.client() as client:
        package = client.package("folkepension")
        asked = application(package, "pensioner", agreements={"cpr.persn": "udk-cpr"})
        with pytest.raises(InvalidRequest, match=r"no part and asks for no dataset named cpr\.persn"):
            next(client.assemble(package, asked))


def test_package_that_is_not_there_is_told(shared: RunningBroker) -> None:
    """By the code that says so."""
    client: Client
    with shared.client() as client, pytest.raises(ClientError) as error:
        client.package("nothing")
    assert "NOT_FOUND" == error.value.code
