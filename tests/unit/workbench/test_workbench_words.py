"""What people read for identifiers: citations, obligations and names, in both languages."""

from __future__ import annotations

import pytest

from adapters.catalogue import load_catalogue
from exchange.config import DEFAULT_POLICIES
from exchange.model.catalogue import Text
from exchange.model.identifiers import SUBJECT_KEYS
from exchange.model.request import SUBJECT_ROLES
from exchange.policy import policy_set
from exchange.workbench.citations import citation, web_address
from exchange.workbench.names import KEYS, KINDS, ROLES, SENSITIVITIES, Names, told
from exchange.workbench.permission import Duty


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "gdpr.5.1.b",
            Text("GDPR article 5(1)(b)", "Databeskyttelsesforordningens artikel 5, stk. 1, litra b"),
        ),
        ("gdpr.32", Text("GDPR article 32", "Databeskyttelsesforordningens artikel 32")),
        ("ilov.7", Text("Indkomstregisterloven § 7", "Indkomstregisterloven § 7")),
        ("fvl.28.2", Text("Forvaltningsloven § 28, stk. 2", "Forvaltningsloven § 28, stk. 2")),
        ("other.1", Text("other.1", "other.1")),
        ("gdpr", Text("gdpr", "gdpr")),
    ],
)
def test_provision_is_cited_in_words(name: str, expected: Text) -> None:
    """Articles and sections are written as lawyers write them; what is not known stays as it is."""
    assert expected == citation(name)


@pytest.mark.parametrize(
    ("url", "expected"), [("https://a.dk/x", "https://a.dk/x"), ("javascript:alert(1)", ""), ("", "")]
)
def test_only_addresses_of_the_web_become_links(url: str, expected: str) -> None:
    """Data that names another scheme makes no link."""
    assert expected == web_address(url)


def duty(effect: str, test: str = "", *, value: str | int | bool = "") -> Duty:
    """An obligation on two attributes."""
    fact = "cpr.person.x" if test else ""
    return Duty("d", effect, ("a", "b"), fact, test, value, "C", "l", Text("r", "r"))


@pytest.mark.parametrize(
    ("given", "english", "danish"),
    [
        (duty("withhold", "age_below", value=18), "cpr.person.x is below 18", "er under 18"),
        (duty("withhold", "equals", value=True), "cpr.person.x is true", "cpr.person.x er sand"),
        (duty("withhold", "equals", value="ja"), "cpr.person.x is ja", "cpr.person.x er ja"),
        (duty("indicate"), "only a yes or no for each of a, b", "kun et ja eller nej for hver af a, b"),
        (duty("review"), "a second person reviews it", "en anden person gennemgår den"),
    ],
    ids=["age", "flag", "text", "indicate", "review"],
)
def test_obligation_is_told_in_words(given: Duty, english: str, danish: str) -> None:
    """Each effect and each test has its sentence."""
    assert english in told(given).en
    assert danish in told(given).da


def test_obligation_on_everything_names_no_attribute() -> None:
    """Beside exactly its attributes, an obligation says "all"."""
    assert told(duty("withhold", "equals", value="x"), ("b", "a")).en.startswith("all withheld when")


def test_every_word_of_the_model_has_its_texts() -> None:
    """No role, key, kind of authority or sensitivity shows as an identifier."""
    catalogue = load_catalogue()
    policies = policy_set.load(DEFAULT_POLICIES)
    used = {a.sensitivity for d in catalogue.datasets.values() for a in d.attributes}
    assert set(SUBJECT_ROLES) <= ROLES.keys()
    assert set(SUBJECT_KEYS) <= KEYS.keys()
    assert used <= SENSITIVITIES.keys()
    assert {a["kind"] for a in policies.data["authorities"].values()} <= KINDS.keys()


def test_what_has_no_name_is_called_by_its_identifier() -> None:
    """Unknown authorities, purposes, laws, datasets and attributes do not stop a page."""
    names = Names(policy_set.PolicySet({}, {}), load_catalogue())
    assert ("12345678", Text("p", "p"), "") == (
        names.authority("12345678"),
        names.purpose("p"),
        names.kle("p"),
    )
    assert (False, "") == (names.law("x.1").verified, names.law("x.1").url)
    assert (Text("d", "d"), (Text("", ""), "ordinary")) == (names.dataset("d"), names.attribute("d", "a"))
