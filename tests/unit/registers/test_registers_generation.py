"""The generated registers as a whole."""

import re
from collections import Counter, defaultdict
from datetime import date
from statistics import median

import pytest

from adapters.catalogue import load_catalogue
from adapters.registers import CONSENTS, PUBLISHED_DIGESTS, Registers, digest, generate
from adapters.registers.bitemporal import COLUMNS, Version, unfold
from adapters.registers.model import Value, stream
from adapters.registers.scene import PLANTED_PERSONS

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
# What tells one thing in a table from another: its rows may not overlap.
IDENTITY = {
    "bbr.bygning": ("id_lokalId",),
    "bbr.ejendomsrelation": ("id_lokalId",),
    "bbr.enhed": ("id_lokalId",),
    "bbr.grund": ("id_lokalId",),
    "cpr.person": ("personnummer",),
    "cpr.udlandsophold": ("personnummer", "udrejsedato"),
    "cvr.produktionsenhed": ("pNummer",),
    "cvr.virksomhed": ("CVRNummer",),
    "dagi.afstemningsomraade": ("id_lokalId",),
    "dagi.kommuneinddeling": ("id_lokalId",),
    "dagi.regionsinddeling": ("id_lokalId",),
    "dagi.sogneinddeling": ("id_lokalId",),
    "dar.adresse": ("id_lokalId",),
    "dar.husnummer": ("id_lokalId",),
    "ebr.ejendomsbeliggenhed": ("bestemtFastEjendomBFENr",),
    "eindkomst.indkomst": ("personnummer", "maaned"),
    "ejf.ejerskab": ("bestemtFastEjendomBFENr", "ejendePerson", "ejendeVirksomhed"),
    "mat.ejerlav": ("id_lokalId",),
    "mat.jordstykke": ("id_lokalId",),
    "mat.samletfastejendom": ("BFEnummer",),
    "pension.sag": ("personnummer", "pensionstype"),
    "pension.ydelse": ("personnummer", "ydelsestype", "maaned"),
    "skat.formue": ("personnummer", "aar"),
    "sundhed.journaludtraek": ("personnummer", "kontaktdato"),
    "vur.vurdering": ("bfeNummer", "aar"),
}


def _current(registers: Registers, name: str) -> list[dict[str, Value]]:
    return [
        row
        for row in registers.tables[name].records()
        if row["registreringTil"] is None and row["virkningTil"] is None
    ]


def test_same_arguments_give_the_same_rows(small: Registers) -> None:
    """Generating twice gives the same registers, and another seed gives others."""
    assert small == generate(200)
    assert digest(small) != digest(generate(200, seed=1))


def test_published_digest_of_the_small_size(small: Registers) -> None:
    """The registers of 200 persons have the published digest."""
    assert PUBLISHED_DIGESTS[200] == digest(small)


def test_published_digest_of_the_large_size(large: Registers) -> None:
    """The registers of 10,000 persons have the published digest."""
    assert PUBLISHED_DIGESTS[10_000] == digest(large)


def test_parts_draw_from_streams_of_their_own() -> None:
    """What one part draws does not move what another draws."""
    assert stream(1, "income").random() == stream(1, "income").random()
    assert stream(1, "income").random() != stream(1, "events").random()


def test_tables_are_those_of_the_catalogue(small: Registers) -> None:
    """Every dataset of the catalogue has a table with its attributes and the four times."""
    expected = {
        name: (*(a.name for a in dataset.attributes), *COLUMNS)
        for name, dataset in load_catalogue().datasets.items()
    }
    actual = {name: t.columns for name, t in small.tables.items() if name != CONSENTS}

    assert expected == actual


def test_values_have_the_types_of_the_catalogue(small: Registers) -> None:
    """Integers, booleans, dates and months are written as the catalogue says."""
    patterns = {
        "date": r"\d{4}-\d\d-\d\d",
        "month": r"\d{4}-\d\d",
        "personnummer": r"\d{10}",
        "cvr": r"\d{8}",
        "uuid": r"[0-9a-f-]{36}",
        "string": r".+",
        "code": r"\S+",
    }
    for name, dataset in load_catalogue().datasets.items():
        for row in small.tables[name].records():
            for attribute in dataset.attributes:
                value = row[attribute.name]
                if value is None:
                    continue
                if attribute.type in patterns:
                    assert re.fullmatch(patterns[attribute.type], str(value)), attribute
                    assert isinstance(value, str)
                else:
                    kind = {"integer": int, "boolean": bool}[attribute.type]
                    assert type(value) is kind, attribute


@pytest.mark.parametrize("name", sorted(IDENTITY))
def test_rows_of_one_thing_do_not_overlap(large: Registers, name: str) -> None:
    """Of one thing the register never believes two states about one moment."""
    spans: dict[tuple[Value, ...], list[dict[str, Value]]] = defaultdict(list)
    for row in large.tables[name].records():
        spans[tuple(row[column] for column in IDENTITY[name])].append(row)

    def meet(one: dict[str, Value], other: dict[str, Value], axis: str) -> bool:
        ends = [str(r[f"{axis}Til"] or "9999") for r in (one, other)]
        return str(one[f"{axis}Fra"]) < ends[1] and str(other[f"{axis}Fra"]) < ends[0]

    overlaps = [
        (name, i)
        for rows in spans.values()
        for i, one in enumerate(rows)
        for other in rows[:i]
        if meet(one, other, "registrering") and meet(one, other, "virkning")
    ]
    assert [] == overlaps


def test_times_are_fixed_width_and_run_forwards(large: Registers) -> None:
    """Every time is fixed-width UTC text, and no interval is empty."""
    for name in IDENTITY:
        table = large.tables[name]
        at = [table.columns.index(column) for column in COLUMNS]
        for row in table.rows:
            recorded, replaced, begins, ends = (row[i] for i in at)
            for time in (recorded, replaced, begins, ends):
                assert time is None or TIME.fullmatch(str(time)), name
            assert replaced is None or str(recorded) < str(replaced), name
            assert ends is None or str(begins) < str(ends), name


def test_rows_are_sorted_and_unique(large: Registers) -> None:
    """No table says the same twice."""
    for name, table in large.tables.items():
        assert len(table.rows) == len(set(table.rows)), name


def test_each_person_has_one_state_now(large: Registers) -> None:
    """There are exactly as many persons as asked for, each in one state."""
    numbers = [row["personnummer"] for row in _current(large, "cpr.person")]

    assert 10_000 == len(numbers) == len(set(numbers))


def test_sizes_are_about_those_promised(large: Registers) -> None:
    """10,000 persons make about 4,700 households, 5,000 dwellings, 2,200 properties."""
    people = _current(large, "cpr.person")
    properties = {row["bfeNummer"] for row in _current(large, "bbr.bygning")}

    assert 4_700 == pytest.approx(len({p["darAdresseId"] for p in people}), rel=0.05)
    assert 5_000 == pytest.approx(len(_current(large, "bbr.enhed")), rel=0.02)
    assert 2_200 == pytest.approx(len(properties), rel=0.05)
    assert 600 == len({row["CVRNummer"] for row in large.tables["cvr.virksomhed"].records()})
    assert 150 == sum(p["beskyttelsestype"] == "navne_og_adresse" for p in people)


def test_dwellings_follow_the_measured_distribution(large: Registers) -> None:
    """Uses, areas, years and rooms are about those measured on real rows."""
    units = _current(large, "bbr.enhed")
    uses = Counter(unit["enh020EnhedensAnvendelse"] for unit in units)
    rooms = Counter(unit["enh031AntalVaerelser"] for unit in units)

    def middle(use: str) -> float:
        areas = [u["enh026EnhedensSamledeAreal"] for u in units]
        return median(
            int(a or 0) for a, u in zip(areas, units, strict=True) if u["enh020EnhedensAnvendelse"] == use
        )

    shares = {use: round(100 * count / len(units)) for use, count in uses.items()}
    assert {"140": 50, "120": 36, "130": 6, "131": 4, "110": 2, "150": 2} == shares
    assert 81 == pytest.approx(middle("140"), abs=4)
    assert 138 == pytest.approx(middle("120"), abs=5)
    assert {2, 3, 4} == {count for count, _ in rooms.most_common(3)}
    years = [int(b["byg026Opfoerelsesaar"] or 0) for b in _current(large, "bbr.bygning")]
    assert 1965 == pytest.approx(median(years), abs=4)


def test_ages_are_about_those_of_a_country(large: Registers) -> None:
    """Children and pensioners are each about a fifth of all."""
    births = [str(row["foedselsdato"]) for row in _current(large, "cpr.person")]

    assert 0.21 == pytest.approx(sum(b > "2007-01-01" for b in births) / 10_000, abs=0.05)
    assert 0.20 == pytest.approx(sum(b < "1958-01-01" for b in births) / 10_000, abs=0.05)


def test_everybody_lives_at_an_address_that_exists(large: Registers) -> None:
    """CPR's addresses are DAR's, but for those planted, and the dead and the emigrated have none."""
    addresses = {row["id_lokalId"] for row in large.tables["dar.adresse"].records()}
    gone = set()
    for person in large.tables["cpr.person"].records():
        here = person["status"] == "bopael_i_danmark"
        assert here == (person["darAdresseId"] is not None)
        if person["darAdresseId"] not in addresses | {None}:
            gone.add(person["personnummer"])
    assert set(large.flaws["cpr-address-unknown"]) == gone


def test_spouses_name_each_other(large: Registers) -> None:
    """A married person's spouse is married to that person, unless one is dead, or an error is planted."""
    people = {row["personnummer"]: row for row in _current(large, "cpr.person")}
    unnamed = set()
    for number, person in people.items():
        if person["civilstand"] == "gift" and person["status"] != "doed":
            spouse = people.get(person["aegtefaellePersonnummer"])
            if spouse is None:
                unnamed.add(number)
            elif spouse["aegtefaellePersonnummer"] is not None:
                assert number == spouse["aegtefaellePersonnummer"]
    assert set(large.flaws["spouse-not-named"]) == unnamed


def test_income_spans_24_months(large: Registers) -> None:
    """Income covers the 24 months before the reference date; some of it was corrected."""
    table = large.tables["eindkomst.indkomst"]
    months = Counter(row["maaned"] for row in table.records())

    assert {f"{y}-{m:02d}" for y in (2023, 2024) for m in range(1, 13)} <= set(months)
    assert 1000 < sum(row["registreringTil"] is not None for row in table.records())


def test_history_keeps_what_was_believed() -> None:
    """A backdated recording leaves the old belief, the part still true, and the new state."""
    rows = unfold(
        [
            Version(date(2020, 1, 1), date(2020, 1, 2), "old"),
            Version(date(2021, 1, 1), date(2021, 3, 1), "new"),
        ],
        lambda state: (state,),
    )

    first, second = "2020-01-02T09:30:00.000000Z", "2021-03-01T09:30:00.000000Z"
    then, since = "2020-01-01T00:00:00.000000Z", "2021-01-01T00:00:00.000000Z"
    assert [
        ("old", first, second, then, None),
        ("old", second, None, then, since),
        ("new", second, None, since, None),
    ] == rows


def test_any_size_above_the_planted_works() -> None:
    """The smallest size is one more than are planted; below that there is a clear error."""
    people = generate(PLANTED_PERSONS + 1).tables["cpr.person"]

    assert PLANTED_PERSONS + 1 == len({row["personnummer"] for row in people.records()})
    with pytest.raises(ValueError, match="at least"):
        generate(PLANTED_PERSONS)
