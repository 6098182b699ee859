"""The invariants of DESIGN.md about what is decided and what gets out: each test tries to break one."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from hjemmel.exchange.v1.data_pb2 import ReleasedData
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.registers import PLANTED_CASES, Registers
from audit.formats.entry import Entry, Event
from exchange.config import DEFAULT_POLICIES
from exchange.errors import ExchangeError
from exchange.model.request import Found, Lookup
from exchange.policy import policy_set
from exchange.policy.embedded import EmbeddedEngine
from exchange.policy.policy_set import PolicySet
from tests.support import raw, verdict
from tests.support.adapters import Answering, adapted
from tests.support.broker import RunningBroker, Site, running
from tests.support.questions import SLUGS, question_of
from tests.support.raw import sign, told

CVR = {slug: cvr for cvr, slug in SLUGS.items()}


@dataclass(frozen=True, slots=True)
class Played:
    """A broker after every planted case, as it is and spoilt, and all that was said meanwhile."""

    broker: RunningBroker
    said: list[bytes] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)

    def entries(self) -> Iterator[tuple[Entry, bytes, dict[str, bytes]]]:
        """Each entry of an exchange with its leaf and what is sealed beside it."""
        reader = self.broker.broker.log.reader
        for index in range(reader.checkpoint().size):
            stored = reader.by_index(index)
            if isinstance(stored.content, Event):
                continue
            opened = reader.opened(stored)
            assert opened is not None
            yield stored.entry, stored.leaf, dict(opened.values)


class _Keeping(logging.Handler):
    """Keeps every record as it would be written, and as it is."""

    def __init__(self, kept: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        self._kept.append(self.format(record) + repr(vars(record)))


def play(played: Played) -> None:
    """Asks every planted case as it is and spoilt in ways that end it early, replayed, and forged."""
    for planted in PLANTED_CASES:
        question, slug = question_of(planted), SLUGS[planted.request.consumer]
        own = played.broker.site.credentials(slug)
        with raw.connected(played.broker, slug) as wire:
            for spoilt in (
                question,
                replace(question, agreement="nothing"),
                replace(question, attributes=(*question.attributes, "nothing")),
                replace(question, case_reference=""),
                replace(question, subject=replace(question.subject, value=question.subject.value + "x")),
                replace(question, consent_reference=f"samtykke {question.subject.value}"),
            ):
                body = raw.body_of(spoilt, own.cvr).SerializeToString()
                signature = sign(own, body)
                played.said.extend(_said(c, body, signature) for c in (wire.exchange, wire.dry_run))
            played.said.append(_said(wire.exchange, body, sign(own, body, aud="another.example")))


def _said(call: Callable[[bytes, str], object], body: bytes, signature: str) -> bytes:
    """What a caller was told in an error; nothing where there was none."""
    try:
        call(body, signature)
    except grpc.RpcError as error:
        return raw.apart(error).said
    return b""


@pytest.fixture(scope="module")
def played(keys: Path, register_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """All of that on one broker."""
    root = logging.getLogger()
    with running(Site(keys, register_folder, tmp_path_factory.mktemp("site"))) as start:
        played = Played(start())
        handler, level = _Keeping(played.logged), root.level
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        try:
            play(played)
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
        yield played


# 3. No attribute leaves that the decision did not grant, whatever an adapter returns.

NAMES = ["loenindkomst", "maaned", "personnummer", "seNummer", "oevrigIndkomst", "invented", ""]
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=8)
    | st.sampled_from(["2025-01", 25_000, -1, 2**63 - 1, 2**63])
    | st.lists(st.integers(), max_size=2)
)
RECORDS = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5) | st.integers(), VALUES, max_size=8)
SANE = st.fixed_dictionaries({}, optional={"loenindkomst": st.integers(0, 99), "maaned": st.just("2025-01")})
ANSWERS: st.SearchStrategy[Any] = (
    st.lists(st.tuples(st.just("own") | st.text(max_size=3), RECORDS | SANE), max_size=4)
    | st.lists(st.tuples(st.just("own"), SANE | RECORDS), min_size=1, max_size=30)
    | VALUES
    | RECORDS
)


class Arbitrary(Answering):
    """An adapter that answers what it was told to."""

    answer: Any = None

    async def fetch(self, lookup: Lookup) -> Any:
        if isinstance(self.answer, list) and all(isinstance(a, tuple) for a in self.answer):
            return [Found(lookup.values[0] if k == "own" else k, r) for k, r in self.answer]
        return self.answer


@pytest.fixture(scope="module")
def arbitrary() -> Arbitrary:
    """The income register."""
    return Arbitrary()


@pytest.fixture(scope="module")
def asked(
    keys: Path, register_folder: Path, arbitrary: Arbitrary, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningBroker]:
    """A broker with that register."""
    with running(Site(keys, register_folder, tmp_path_factory.mktemp("site"))) as start:
        yield start(change=adapted("eindkomst", arbitrary, 20))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answer=ANSWERS)
def test_invariant_3_nothing_leaves_that_was_not_granted(
    asked: RunningBroker, arbitrary: Arbitrary, body: bytes, answer: Any
) -> None:
    """Any answer at all: released within granted within asked, or a recorded failure without data."""
    arbitrary.answer = answer
    own = asked.site.credentials(raw.UDK)
    with raw.connected(asked) as wire:
        try:
            response = wire.exchange(body, sign(own, body))
        except grpc.RpcError as error:
            verdict.check_ended(asked, raw.apart(error), "REGISTER_ANSWER_INVALID", outcome="failed")
            return
    entry = verdict.last(asked).entry
    left = {name for r in ReleasedData.FromString(response.data).records for name in r.attributes}
    released, granted, asked_for = entry.attributes_released, entry.attributes_granted, entry.attributes_asked
    assert left <= set(released) <= set(granted) <= set(asked_for)


# 4. Nothing is granted by default, by absence, by an error or by a timeout.

DATA = policy_set.load(DEFAULT_POLICIES).data
CONSENTED = {"rsl.11a.1", "sl.43"}
EMERGENCY, MATCHING = "gdpr.6.1.d", "udl.12"
FIELDS = [
    *("time", "kind", "consumer", "processor", "provider", "dataset", "attributes", "key", "subject_role"),
    *("purpose", "legal_basis", "agreement", "law_date", "consent", "emergency", "partial_acceptable"),
]
DATASETS = sorted({d for a in DATA["agreements"].values() for d in a["datasets"]})
JUNK: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from([[], {}, "*"])
)
KNOWN = {
    "time": ["2026-11-21T20:00:00Z", "2017-01-01T00:00:00Z", "2026-11-21", "9999-12-31T23:59:59Z"],
    "consumer": [*DATA["authorities"], "91000009"],
    "processor": [*DATA["authorities"]],
    "provider": [*DATA["authorities"]],
    "dataset": DATASETS,
    "attributes": [["*"], ["personnummer"], ["loenindkomst", "personnummer"], ["diagnosekode"], []],
    "key": ["personnummer", "dar_adresse_id", "cvr_nummer", "bfe_nummer"],
    "subject_role": ["applicant", "child", "spouse", "person", "company", "property", "nobody"],
    "purpose": [*DATA["purposes"]],
    "legal_basis": [*DATA["legal_bases"]],
    "agreement": [*DATA["agreements"]],
    "law_date": ["1990-01-01", "1900-01-01", "2022-06-01", "9999-12-31", "2022-6-1"],
    "consent": [{"reference": "cited", "known": False}, {"reference": "cited", "known": True}],
    "partial_acceptable": [True, False],
    "kind": ["exchange", "dry_run", "matching", "anything"],
    "emergency": [True, False],
}
# Few at a time: what is spoilt in one place only is what slips through.
CHANGES: st.SearchStrategy[dict[str, Any]] = st.lists(
    st.sampled_from(FIELDS).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(KNOWN.get(name, [None])) | JUNK)
    ),
    max_size=2,
).map(dict)


def within(period: dict[str, Any], day: str) -> bool:
    """Tells whether a day lies within a validity in time."""
    return bool(period["valid_from"] <= day and (period["valid_to"] is None or day <= period["valid_to"]))


def may(asked_: dict[str, Any], granted: Sequence[str]) -> bool:
    """What must hold of any grant, written a second time and in another language than the policies."""
    today, law = asked_["time"][:10], DATA["legal_bases"][asked_["legal_basis"]]
    agreement, consent = DATA["agreements"][asked_["agreement"]], asked_["consent"]
    covered = agreement["datasets"][asked_["dataset"]]
    return (
        asked_["purpose"] in DATA["purposes"]
        and within(DATA["authorities"][asked_["consumer"]], today)
        and any(within(version, asked_["law_date"]) for version in law["versions"])
        and (agreement["consumer"], agreement["provider"]) == (asked_["consumer"], asked_["provider"])
        and asked_["purpose"] in agreement["purposes"]
        and within(agreement, today)
        and 0 < len(granted)
        and set(granted) <= set(covered) & set(asked_["attributes"])
        and (set(granted) == set(asked_["attributes"]) or asked_["partial_acceptable"] is True)
        and (asked_["legal_basis"] not in CONSENTED or consent["known"] is consent["subject_matches"] is True)
        and asked_["emergency"] is (asked_["legal_basis"] == EMERGENCY)
        and (asked_["kind"] == "matching") is (asked_["legal_basis"] == MATCHING)
        and (asked_["legal_basis"] != EMERGENCY or asked_["processor"] is None)
    )


@pytest.fixture(scope="module")
def engine() -> Iterator[EmbeddedEngine]:
    """The engine on the real policies."""
    made = EmbeddedEngine(policy_set.load(DEFAULT_POLICIES), 10)
    yield made
    made._engines = threading.local()  # regorus' engine ends on the thread that made it, not where garbage is


class Inputs(list[dict[str, Any]]):
    """Inputs that are too many to be printed."""

    def __repr__(self) -> str:
        return f"{len(self)} inputs"


@pytest.fixture(scope="module")
def inputs(played: Played) -> Inputs:
    """Every input that the planted cases were decided on."""
    sealed = (values for _, _, values in played.entries() if "policy_input" in values)
    return Inputs(json.loads(values["policy_input"]) for values in sealed)


@pytest.fixture(scope="module")
def grants(engine: EmbeddedEngine, inputs: Inputs) -> Inputs:
    """Those of them that were granted, each once but for its time."""
    granted = (i for i in inputs if engine.decide_now(i).allow)
    return Inputs({json.dumps({**i, "time": ""}, sort_keys=True): i for i in granted}.values())


def test_invariant_4_the_oracle_lets_real_grants_through(engine: EmbeddedEngine, grants: Inputs) -> None:
    """The second opinion below agrees with the policies on what they grant, so that it can disagree."""
    assert len(grants) > 20
    assert all(may(i, engine.decide_now(i).granted) for i in grants)


@settings(max_examples=500, deadline=None)
@given(choice=st.integers(0, 10**6), changes=CHANGES, without=st.sets(st.sampled_from(FIELDS), max_size=1))
def test_invariant_4_nothing_is_granted_without_all_that_it_takes(
    engine: EmbeddedEngine,
    grants: Inputs,
    choice: int,
    changes: dict[str, Any],
    without: set[str],
) -> None:
    """Real inputs with fields changed or left out: what is granted could be granted, or nothing is."""
    question = {n: v for n, v in (grants[choice % len(grants)] | changes).items() if n not in without}
    try:
        decision = engine.decide_now(question)
    except (ExchangeError, TypeError):  # TypeError: a number that JSON has no room for
        return
    if decision.allow:
        assert may(question, decision.granted)
    else:
        assert () == decision.granted
        assert decision.all_reasons


@settings(max_examples=100, deadline=None)
@given(question=st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), JUNK, max_size=15))
def test_invariant_4_an_unknown_input_is_refused(engine: EmbeddedEngine, question: dict[str, Any]) -> None:
    """Nothing, or anything that is no request, is refused as that."""
    try:
        decision = engine.decide_now(question)
    except (ExchangeError, TypeError):
        return
    assert (False, ("INPUT_INVALID",)) == (decision.allow, tuple(r.code for r in decision.reasons))


# 5. No personal data in the public part of an entry, in the policy input, in errors, or in logs.


def personal(registers: Registers) -> set[str]:
    """Every value of the registers that tells whom it is about, and who asked in which case."""
    columns = {
        "cpr.person": ("personnummer", "personId", "adresseringsnavn", "darAdresseId"),
        "cvr.virksomhed": ("ejerPersonnummer",),
        "samtykke.samtykke": ("reference", "personnummer"),
    }
    values = {verdict.CASE, verdict.CASEWORKER}
    for name, wanted in columns.items():
        table = registers.tables[name]
        at = [table.columns.index(c) for c in wanted]
        values |= {str(row[i]) for row in table.rows for i in at if row[i] is not None}
    return values | {c.request.key_value for c in PLANTED_CASES if len(c.request.key_value) > 7}


def test_invariant_5_nothing_personal_is_public_told_or_logged(played: Played, generated: Registers) -> None:
    """After every planted case, whole and spoilt: none of it in a leaf, an input, an error, a log."""
    secrets = personal(generated)
    entries = list(played.entries())
    public = {
        "leaves": [leaf for _, leaf, _ in entries],
        "policy inputs": [sealed["policy_input"] for _, _, sealed in entries if "policy_input" in sealed],
        "errors": played.said,
        "logs": [line.encode() for line in played.logged],
    }
    assert len(public["leaves"]) > 400
    assert len(public["policy inputs"]) > 100
    assert len([said for said in public["errors"] if said]) > 250
    for place, texts in public.items():
        whole = b"\n".join(texts)
        found = [value for value in secrets if value.encode() in whole]
        assert not found, f"{len(found)} personal values in the {place}"


def test_invariant_5_what_is_sealed_is_there(played: Played, generated: Registers) -> None:
    """The same values are found where they belong, so that the search above could have found them."""
    sealed = b"\n".join(v for _, _, values in played.entries() for v in values.values())
    assert {c.request.key_value for c in PLANTED_CASES} <= {
        value
        for value in personal(generated) | {c.request.key_value for c in PLANTED_CASES}
        if value.encode() in sealed
    }
    assert verdict.CASEWORKER.encode() in sealed
    assert verdict.CASE.encode() in sealed


# 10. Every decision can be recomputed later, from its recorded input and the archived policy revision.


def recomputed(played: Played) -> int:
    """Decides everything again from the log alone; gives how many decisions that were."""
    reader, engines, count = played.broker.broker.log.reader, {}, 0
    for entry, _, sealed in played.entries():
        if not entry.policy_revision:
            assert "policy_input" not in sealed
            continue
        revision = entry.policy_revision
        if revision not in engines:
            archived = PolicySet.from_bundle(reader.policy_bundle(revision))
            assert revision == archived.revision
            engines[revision] = EmbeddedEngine(archived, 10)
        decision = engines[revision].decide_now(json.loads(sealed["policy_input"]))
        assert decision.legal_basis_version == entry.legal_basis_version
        if "REQUEST_ID_REUSED" in entry.reasons:
            continue
        count += 1
        assert decision.granted == entry.attributes_granted
        if not decision.allow:
            assert "refused" == entry.outcome
            assert tuple(dict.fromkeys(r.code for r in decision.all_reasons)) == entry.reasons
        else:
            assert {o.id for o in entry.obligations} <= {o.id for o in decision.obligations}
            assert set(entry.attributes_released) <= set(decision.granted)
    return count


def test_invariant_10_every_decision_is_recomputed_to_the_same_result(played: Played) -> None:
    """From the vault's input and the archived policies: same grant, same reasons, same version of the law."""
    assert recomputed(played) > 100


def test_invariant_10_under_the_policies_of_its_own_day(
    keys: Path, register_folder: Path, tmp_path: Path, body: bytes
) -> None:
    """After the policies changed, old decisions are recomputed under the old, new ones under the new."""
    changed = Path(shutil.copytree(DEFAULT_POLICIES, tmp_path / "policies"))
    agreements = json.loads((changed / "agreements/data.json").read_text("utf-8"))
    agreements["udk-eindkomst"]["valid_to"] = "2024-12-31"
    (changed / "agreements/data.json").write_text(json.dumps(agreements), "utf-8")
    site = Site(keys, register_folder, tmp_path)
    own = site.credentials(raw.UDK)
    with running(site) as start:
        broker = start()
        with raw.connected(broker) as wire:
            wire.exchange(body, sign(own, body))
        broker.stop()
        broker = start(policy={"folder": str(changed)})
        with raw.connected(broker) as wire:
            said = told(lambda: wire.exchange(body, sign(own, body)))
        verdict.check_ended(broker, said, "AGREEMENT_ENDED")
        played = Played(broker)
        assert 2 == recomputed(played)
        assert 2 == len({entry.policy_revision for entry, _, _ in played.entries()})
