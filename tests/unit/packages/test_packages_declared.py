"""A declaration is checked whole: what cannot be asked is an error that names the file and the place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.catalogue import load_catalogue
from exchange.packages import terms
from exchange.packages.load import load_packages, read_package
from exchange.packages.tables import PackageError

PLAIN = """
package = "plain"
applicant = "personnummer"
title = { en = "Plain", da = "Enkel" }

[[parts]]
name = "person"
title = { en = "Person", da = "Person" }
dataset = "cpr.person"
attributes = ["darAdresseId", "foedselsdato"]
role = "applicant"
purpose = "housing-benefit.household"
legal_basis = "udl.5"
key = { from = "applicant" }
next = { cvr = "95000088", name = "CPR", en = "Ask.", da = "Spørg." }

[[parts]]
name = "members"
title = { en = "Members", da = "Medlemmer" }
dataset = "cpr.person"
attributes = ["personnummer"]
role = "property"
purpose = "housing-benefit.household"
legal_basis = "udl.5"
key = { from = "person.darAdresseId", kind = "dar_adresse_id" }
next = { cvr = "95000088", name = "CPR", en = "Ask.", da = "Spørg." }
"""
MEMBERS = 'key = { from = "person.darAdresseId", kind = "dar_adresse_id" }'


def declared(folder: Path, text: str) -> Path:
    path = folder / "plain.toml"
    path.write_text(text, "utf-8")
    return path


def test_shipped_packages_can_be_asked() -> None:
    """Every declaration that comes with Hjemmel holds against the catalogue that does."""
    assert {"folkepension", "housing-benefit"} == set(load_packages(load_catalogue()))


def test_terms_are_read_back_from_their_canonical_text() -> None:
    """What a client reads from the text is what the broker read from the file, to the last field."""
    for package in load_packages(load_catalogue()).values():
        assert package.terms == terms.parse(package.text)
        assert package.digest == terms.digest_of(package.text)


SPOILT = [
    ('name = "members"', 'name = "person"', "plain.toml: part person is described twice"),
    ('name = "members"', 'name = "applicant"', "a part's name is not 'applicant'"),
    ('name = "members"', 'name = "my members"', "plain.toml: parts 2: name 'my members' is no name"),
    ('name = "members"', 'name = "m7204863900"', "no six digits in a row"),
    ('"cpr.person"\nattributes = ["p', '"cpr.nobody"\nattributes = ["p', "part members: no register has"),
    ('["personnummer"]', '["shoeSize"]', "plain.toml: part members: cpr.person has no attribute shoeSize"),
    ('["personnummer"]', "[]", "parts 2 (members): attributes must be a list of names"),
    ('["personnummer"]', '["personnummer", "personnummer"]', "attributes names something twice"),
    ('role = "property"', 'role = "dwelling"', "role is 'dwelling', but must be one of applicant, child"),
    (MEMBERS, 'key = { from = "person.darAdresseId", kind = "bfe_nummer" }', "not by bfe_nummer"),
    (
        MEMBERS,
        'key = { from = "person.personnummer", kind = "personnummer" }',
        "does not ask for personnummer",
    ),
    (MEMBERS, 'key = { from = "nobody.darAdresseId", kind = "dar_adresse_id" }', "there is no part nobody"),
    (MEMBERS, 'key = { from = "darAdresseId", kind = "dar_adresse_id" }', "'<part>.<attribute>'"),
    (
        MEMBERS,
        'key = { from = "person.foedselsdato", kind = "dar_adresse_id" }',
        "part members: person.foedselsdato is of type date, not uuid",
    ),
    (
        MEMBERS,
        'key = { from = "person.darAdresseId", kind = "dar_adresse_id", exclude = ["person.foedselsdato"] }',
        "part members: person.foedselsdato is of type date, not uuid",
    ),
    (
        MEMBERS,
        'key = { from = "members.personnummer", kind = "personnummer" }',
        "plain.toml: parts wait for each other: members → members",
    ),
    (MEMBERS, 'key = { from = "applicant", most = 2 }', "key: most is not known here"),
    (
        MEMBERS,
        'key = { from = "person.darAdresseId", kind = "dar_adresse_id", most = 51 }',
        "key: most must be a whole number from 1 to 50",
    ),
    (
        MEMBERS,
        MEMBERS.replace("}", ', leave_out = { attribute = "personnummer", age_below = 18 } }'),
        "leave_out: the part person does not ask for personnummer",
    ),
    (
        MEMBERS,
        MEMBERS.replace("}", ', leave_out = { attribute = "darAdresseId", age_below = 18 } }'),
        "person.darAdresseId is of type uuid, not date",
    ),
    ("[[parts]]", "[[part]]", "plain.toml: parts must be 1 to 50 tables"),
    ('role = "property"', 'role = "property"\nneeded = "yes"', "needed must be true or false"),
    ('role = "property"', 'role = "property"\nempty = "fine"', "empty is 'fine', but must be one of"),
    ('role = "property"', 'role = "property"\nattribute = "x"', "(members): attribute is not known here"),
    ('cvr = "95000088"', 'cvr = "95000089"', "plain.toml: parts 1: next: cvr 95000089 is not a CVR number"),
    ('da = "Spørg."', 'dk = "Spørg."', "plain.toml: parts 1: next: da is missing or no text"),
    ('title = { en = "Plain", da = "Enkel" }\n', "", "plain.toml: title must be a table"),
    ('applicant = "personnummer"', 'applicant = "name"', "applicant is 'name', but must be one of"),
    ('applicant = "personnummer"', 'applicant = "cvr_nummer"', "looked up by personnummer, person_id"),
    ("[[parts]]", "[[parts]", "plain.toml: not valid TOML"),
]


@pytest.mark.parametrize(("there", "instead", "said"), SPOILT, ids=[f"{n}" for n in range(len(SPOILT))])
def test_declaration_that_cannot_be_asked_is_refused(
    tmp_path: Path, there: str, instead: str, said: str
) -> None:
    """The message names the file, the part and what to write."""
    assert there in PLAIN
    with pytest.raises(PackageError) as error:
        read_package(declared(tmp_path, PLAIN.replace(there, instead)), load_catalogue())
    assert said in str(error.value)
    assert str(error.value).startswith("plain.toml: ")


def test_parts_that_wait_for_each_other_are_named(tmp_path: Path) -> None:
    """The circle is told, part by part."""
    text = PLAIN.replace(
        'key = { from = "applicant" }', 'key = { from = "members.personnummer", kind = "personnummer" }'
    )
    with pytest.raises(PackageError, match=r"wait for each other: (person → members|members → person)"):
        read_package(declared(tmp_path, text), load_catalogue())


def test_digest_is_of_what_is_asked_and_of_nothing_else(tmp_path: Path) -> None:
    """A title or an advice may be put better without a new signature; no term can be changed without one."""
    catalogue = load_catalogue()
    plain = read_package(declared(tmp_path, PLAIN), catalogue).digest
    told = PLAIN.replace("Ask.", "Ask them.").replace('da = "Enkel"', 'da = "Ligetil"')
    assert plain == read_package(declared(tmp_path, told), catalogue).digest
    terms_changed = [
        ('["personnummer"]', '["personnummer", "civilstand"]'),
        ('role = "property"', 'role = "household_member"'),
        ('role = "property"', 'role = "property"\nneeded = false'),
        ('role = "property"', 'role = "property"\nempty = "answer"'),
        ('role = "property"', 'role = "property"\npartial = true'),
        ("udl.5", "udl.6"),
        ("housing-benefit.household", "pension.residence"),
        (MEMBERS, MEMBERS.replace("}", ", most = 3 }")),
        (MEMBERS, MEMBERS.replace("}", ', leave_out = { attribute = "foedselsdato", age_below = 18 } }')),
        ('package = "plain"', 'package = "other"'),
    ]
    digests = {read_package(declared(tmp_path, PLAIN.replace(*c)), catalogue).digest for c in terms_changed}
    assert len(terms_changed) == len(digests - {plain})


def test_order_of_attributes_is_no_term(tmp_path: Path) -> None:
    """The same question has one digest."""
    catalogue = load_catalogue()
    turned = PLAIN.replace('["darAdresseId", "foedselsdato"]', '["foedselsdato", "darAdresseId"]')
    plain, other = (read_package(declared(tmp_path, t), catalogue) for t in (PLAIN, turned))
    assert plain.digest == other.digest


def test_own_folder_adds_and_replaces(tmp_path: Path) -> None:
    """A deployment's own package stands beside those of Hjemmel, or in the place of one by its name."""
    declared(tmp_path, PLAIN)
    (tmp_path / "hb.toml").write_text(PLAIN.replace('"plain"', '"housing-benefit"'), "utf-8")
    found = load_packages(load_catalogue(), tmp_path)
    assert {"folkepension", "housing-benefit", "plain"} == set(found)
    assert "Plain" == found["housing-benefit"].title.en


def test_two_files_of_one_package_are_refused(tmp_path: Path) -> None:
    """Which of them would be in force is not left to their names."""
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(PLAIN, "utf-8")
    with pytest.raises(PackageError, match=r"b\.toml: package plain is declared in another file, too"):
        load_packages(load_catalogue(), tmp_path)


def test_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    """A wrong path is no empty folder."""
    with pytest.raises(PackageError, match="is no folder of packages"):
        load_packages(load_catalogue(), tmp_path / "nothing")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text + " ",
        lambda text: text.replace('"needed":true,', "", 1),
        lambda text: text.replace('"exclude":[],', "", 1),
        lambda _: "[]",
        lambda _: "{",
        lambda text: text.replace('"role":"applicant"', '"role":"applicant","also":1', 1),
    ],
)
def test_text_that_is_not_canonical_terms_is_refused(spoil: Callable[[str], str]) -> None:
    """One digest stands for one set of terms, so that there is one way to write them."""
    text = load_packages(load_catalogue())["housing-benefit"].text
    with pytest.raises(PackageError):
        terms.parse(spoil(text))
