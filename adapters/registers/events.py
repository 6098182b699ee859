"""What happened to people: moves, weddings, deaths, moves abroad, protection."""

# ruff: noqa: PLR2004 - shares and ages of invented people read best where they are drawn

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from adapters.registers.bitemporal import Version
from adapters.registers.lives import LIVES_HERE, PROTECTED, Life, State, Stay
from adapters.registers.model import REFERENCE_DATE, stream
from adapters.registers.places import Dwelling
from adapters.registers.population import Household, Person

COUNTRIES: Final = ("SE", "NO", "DE", "GB", "ES", "US", "FR", "NL")
_ADULT_DAYS: Final = 18 * 366
_LAST: Final = REFERENCE_DATE - timedelta(days=1)
_PROTECTIONS: Final = ((None, "markedsfoering", "lokal_vejviser", "kreditadvarsel"), (86, 10, 3, 1))


@dataclass
class _Story:
    """A life being written: how it starts, and what changes when."""

    person: Person
    start: date
    state: State
    changes: list[tuple[date, dict[str, Any]]] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)

    def life(self, rng: random.Random) -> Life:
        state = self.state
        versions: list[Version[State]] = []
        recorded = self.start
        for day, change in [(self.start, {}), *sorted(self.changes, key=lambda c: c[0])]:
            state = replace(state, **change)
            # In the order of taking effect, or a later recording would undo what it precedes.
            recorded = max(recorded, min(day + timedelta(days=rng.randint(1, 9)), _LAST))
            versions.append(Version(day, recorded, state))
        return Life(self.person, tuple(versions), tuple(self.stays))


def live(
    households: Sequence[Household],
    homes: Sequence[Dwelling],
    vacant: Sequence[Dwelling],
    seed: int,
    protected: int,
) -> tuple[Life, ...]:
    """Returns the lives of all members, `protected` of them with a protected address."""
    rng = stream(seed, "events")
    former = list(vacant)
    stories: list[_Story] = []
    for household, home in zip(households, homes, strict=True):
        arrived = date(2011, 1, 1) + timedelta(days=rng.randrange(3900))
        before = former.pop() if former and rng.random() < 0.12 else home
        own = [_begin(rng, household, p, before, arrived) for p in household.members]
        if before is not home:
            _move(own, home, _recent(rng, 30, 900))
        if household.married:
            _marry(rng, household, own)
        _end(rng, household, own)
        stories.extend(own)
    _protect(rng, stories, protected)
    return tuple(story.life(rng) for story in stories)


def _recent(rng: random.Random, least: int, most: int) -> date:
    return REFERENCE_DATE - timedelta(days=rng.randint(least, most))


def _begin(rng: random.Random, household: Household, person: Person, home: Dwelling, arrived: date) -> _Story:
    civil = "ugift"
    if person.age() > 45 and household.kind in {"single", "single_parent"}:
        civil = rng.choices(("ugift", "fraskilt", "enke_enkemand"), (35, 40, 25))[0]
    protection = rng.choices(*_PROTECTIONS)[0]
    since = max(person.birth, arrived)
    story = _Story(person, since, State(LIVES_HERE, person.birth, civil, None, protection, home))
    away = timedelta(days=rng.randint(200, 2500))
    if rng.random() < 0.05 and arrived - away > person.birth + timedelta(days=_ADULT_DAYS):
        # Back from abroad: the record of the present residence starts with the return.
        story.stays.append(Stay(arrived - away, rng.choice(COUNTRIES), arrived))
        story.state = replace(story.state, since=arrived)
    return story


def _move(stories: Sequence[_Story], home: Dwelling, day: date) -> None:
    for story in stories:
        if story.start < day:
            story.changes.append((day, {"home": home}))
        else:
            story.state = replace(story.state, home=home)


def _marry(rng: random.Random, household: Household, stories: Sequence[_Story]) -> None:
    recent = _recent(rng, 40, 1100) if rng.random() < 0.1 else None
    for story, other in zip(stories[:2], reversed(household.adults[:2]), strict=True):
        wed = {"civil": "gift", "spouse": other.number}
        if recent:
            story.changes.append((recent, wed))
        else:
            story.state = replace(story.state, civil="gift", spouse=other.number)


def _end(rng: random.Random, household: Household, stories: Sequence[_Story]) -> None:
    first = stories[0]
    age, chance = first.person.age(), rng.random()
    # After every other change of the household, so that the end is the last word.
    day = max([_recent(rng, 20, 700), *(d + timedelta(days=5) for s in stories for d, _ in s.changes)])
    if day > REFERENCE_DATE - timedelta(days=15):
        return
    if age > 70 and chance < 0.06:
        first.changes.append((day, {"status": "doed", "since": day, "home": None}))
        if household.married:
            left = {"civil": "enke_enkemand", "spouse": None}
            stories[1].changes.append((day, left))
    elif household.kind == "single" and age < 60 and chance < 0.025:
        first.stays.append(Stay(day, rng.choice(COUNTRIES), None))
        first.changes.append((day, {"status": "udrejst", "since": day, "home": None}))


def _protect(rng: random.Random, stories: Sequence[_Story], count: int) -> None:
    here = [s for s in stories if not any("status" in change for _, change in s.changes)]
    for story in rng.sample(here, min(count, len(here))):
        since = max(_recent(rng, 20, 360), story.start + timedelta(days=1))
        # Later changes carry the whole state onwards, so an early protection stays.
        story.changes.append((since, {"protection": PROTECTED}))
