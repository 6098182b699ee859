"""Measures `hjemmel policy replay` on a generated log: `python -m tests.bench.replay [--entries N]`.

The log is valid: signed, its sealed parts sealed and committed to. What it holds is invented, and the
spread decides how fast a replay can be, since the same input is decided once:

- time: entries are spread evenly over working days of eight hours, so many a minute as `--rate` says.
  Policies learn the hour, or the second where a consent is cited.
- questions: the kinds that the policies' own tests ask, the k-th most common asked 1/k as often as
  the first; each with one of three sets of attributes, as different backends need different ones.
- law date: the day itself; for one in ten, the first of one of the last 24 months.
- one in ten would take a part, one in 33 is a dry run, one in 17 is spoiled so that it is refused.
- consents were given at one of 10,000 moments.
- one in 200 was left undecided by the engine, as many failed or were interrupted after the grant.
- 200,000 subjects; one in 100 was erased.
"""

from __future__ import annotations

import json
import random
import resource
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import orjson
import regorus

from audit.erasure import erasures
from audit.formats.entry import Submission
from exchange.config import DEFAULT_POLICIES
from exchange.model.trace import Outcome
from exchange.policy import policy_set
from exchange.policy.embedded import EmbeddedEngine
from exchange.policy.policy_set import PolicySet
from exchange.workbench.replay.run import cores, replay
from exchange.workbench.replay.span import Span
from exchange.workbench.replay.worker import Job
from tests.bench import machine
from tests.support import bulk
from tests.support.logs import LogSite
from tests.support.recorded import decided

_BEGIN = datetime(2026, 1, 5, 8, tzinfo=UTC)
_DAY = timedelta(hours=8)
_SUBJECTS = 200_000
_SPOILED: tuple[dict[str, Any], ...] = (
    {"purpose": "curiosity"},
    {"agreement": "odense-cpr"},
    {"legal_basis": "unknown"},
    {"subject_role": "child"},
    {"attributes": ["loenindkomst", "status"]},
)


def questions() -> list[dict[str, Any]]:
    """The requests that the policies' own tests begin from."""
    engine = regorus.Engine()
    engine.add_policy("requests.rego", (DEFAULT_POLICIES / "tests" / "requests.rego").read_text())
    return list(json.loads(engine.eval_rule_as_json("data.tests.valid")).values())


class Traffic:
    """Invents what authorities ask, as the module says."""

    def __init__(self, policies: PolicySet, rate: float, seed: int = 7) -> None:
        """Takes what decides, and how many requests come in a minute."""
        self._engine = EmbeddedEngine(policies, timeout=60)
        self._between = timedelta(minutes=1) / rate
        self._random = random.Random(seed)
        self._questions = questions()
        self._weights = [1 / rank for rank in range(1, len(self._questions) + 1)]
        self.distinct: set[int] = set()

    def entries(self, count: int) -> Iterator[Submission]:
        """Gives entries in the order of their time."""
        day, within = 0, timedelta()
        for number in range(count):
            within += self._between
            if within >= _DAY:
                day, within = day + 1, timedelta()
            yield self._entry(number, _BEGIN + timedelta(days=day // 5 * 7 + day % 5) + within)

    def _entry(self, number: int, moment: datetime) -> Submission:
        asked = self._asked(moment)
        self.distinct.add(hash(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)))
        stamp = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        subject = f"61010{self._random.randrange(_SUBJECTS):06d}"
        if self._one_in(200):
            return decided(number, asked, None, time=stamp, subject=subject)
        decision = self._engine.decide_now(asked)
        changes: dict[str, Any] = {}
        if decision.allow and asked["kind"] == "exchange" and self._one_in(200):
            failed = self._one_in(2)
            changes = {
                "outcome": Outcome.FAILED if failed else Outcome.INTERRUPTED,
                "reasons": ("REGISTER_TIMEOUT",) if failed else (),
                "obligations": (),
                "attributes_released": (),
                "response_digest": None,
            }
        return decided(number, asked, decision, time=stamp, subject=subject, **changes)

    def _asked(self, moment: datetime) -> Mapping[str, Any]:
        asked = dict(self._random.choices(self._questions, self._weights)[0])
        asked["attributes"] = asked["attributes"][: self._random.randrange(1, 4)]
        asked["law_date"] = f"{moment:%Y-%m-%d}"
        if self._one_in(10):
            asked["law_date"] = f"{2024 + self._random.randrange(2)}-{self._random.randrange(1, 13):02d}-01"
        asked["partial_acceptable"] = self._one_in(10)
        asked["kind"] = "dry_run" if self._one_in(33) else "exchange"
        asked["time"] = f"{moment:%Y-%m-%dT%H:00:00Z}"
        if asked["consent"]:
            given = datetime(2025, 12, 1, tzinfo=UTC) + timedelta(seconds=61 * self._random.randrange(10_000))
            asked["consent"] = {**asked["consent"], "given_time": f"{given:%Y-%m-%dT%H:%M:%SZ}"}
            asked["time"] = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        if self._one_in(17):
            asked |= self._random.choice(_SPOILED)
        return asked

    def _one_in(self, many: int) -> bool:
        return self._random.randrange(many) == 0


def generate(folder: Path, entries: int, rate: float) -> dict[str, Any]:
    """Writes a log, and tells how many different inputs it holds."""
    policies = policy_set.load(DEFAULT_POLICIES)
    traffic = Traffic(policies, rate)
    site = LogSite.at(folder)
    bulk.write(site, traffic.entries(entries))
    insert = "INSERT INTO policy_revisions (revision, bundle) VALUES (:revision, :bundle)"
    site.execute(insert, revision=policies.revision, bundle=policies.bundle)
    with site.database() as log, log.begin() as connection:
        erasures.ask(connection, erasures.Scope.RECORD, f"0-{entries // 100}", "gdpr.17.1")
    site.open().close()
    facts = {"entries": entries, "rate": rate, "distinct": len(traffic.distinct)}
    (folder / "facts.json").write_text(json.dumps(facts))
    return facts


def changed(policies: PolicySet) -> PolicySet:
    """A candidate that ends an agreement."""
    agreements = {
        name: {**a, "valid_to": "2025-12-31"} if name == "udk-eindkomst" else a
        for name, a in policies.data["agreements"].items()
    }
    return replace(policies, data={**policies.data, "agreements": agreements})


def measure(job: Job, workers: int) -> dict[str, Any]:
    """Replays a job: how long it took, the processor time of its workers, the memory of the largest one."""
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    tally = replay(job, workers)
    took, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "seconds": round(took, 1),
        "cpu_seconds": round(used, 1),  # what counts where other things run beside it
        "entries_a_second": round(tally.entries.read / took),
        "decisions": tally.evaluations,
        "worker_mib": after.ru_maxrss // 1024,
        "parent_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "entries": asdict(tally.entries),
        "problems": dict(tally.problems),
        "effects": {effect.value: count.number for effect, count in tally.effects.items()},
    }


@click.command()
@click.option("--entries", default=1_000_000, show_default=True)
@click.option("--rate", default=400.0, show_default=True, help="Requests a minute in office hours.")
@click.option("--folder", type=click.Path(path_type=Path), help="Keep the log here, or use the one there.")
@click.option("--forget", is_flag=True, help="Also without remembering decisions.")
def main(entries: int, rate: float, folder: Path | None, forget: bool) -> None:  # noqa: FBT001
    """Measure a replay: the original decisions, and those of a candidate beside them."""
    with tempfile.TemporaryDirectory(prefix="hjemmel-replay-") as temporary:
        place = folder or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        known = place / "facts.json"
        facts = json.loads(known.read_text()) if known.exists() else generate(place, entries, rate)
        print(json.dumps({"machine": machine.description(), "log": facts}), flush=True)
        site = LogSite(f"sqlite:///{place}/log.db", f"sqlite:///{place}/keys.db", place)
        job = Job(site.url, site.keys_url, site.settings.master_key, Span.of(facts["entries"]))
        candidate = changed(policy_set.load(DEFAULT_POLICIES)).bundle
        runs = {"original": job, "candidate": replace(job, candidate=candidate)}
        if forget:
            runs["original, nothing remembered"] = replace(job, remembered=0)
        for name, one in runs.items():
            print(json.dumps({name: measure(one, cores())}), flush=True)


if __name__ == "__main__":
    main()
