"""The names by which people know what policies call by identifiers, in both languages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from exchange.model.catalogue import Catalogue, Text
from exchange.policy.answer import Citation
from exchange.policy.policy_set import PolicySet
from exchange.workbench.citations import citation, web_address
from exchange.workbench.permission import Duty

ROLES = {
    "applicant": Text("applicant", "ansøger"),
    "child": Text("child", "barn"),
    "company": Text("company", "virksomhed"),
    "household_member": Text("household member", "husstandsmedlem"),
    "owner": Text("owner", "ejer"),
    "person": Text("person", "person"),
    "property": Text("property", "ejendom"),
    "spouse": Text("spouse", "ægtefælle"),
}
KEYS = {
    "bbr_bygning_id": Text("BBR building id", "BBR-bygnings-id"),
    "bbr_enhed_id": Text("BBR unit id", "BBR-enheds-id"),
    "bbr_grund_id": Text("BBR plot id", "BBR-grund-id"),
    "bfe_nummer": Text("BFE number", "BFE-nummer"),
    "code": Text("code", "kode"),
    "cvr_nummer": Text("CVR number", "CVR-nummer"),
    "dar_adresse_id": Text("address (DAR)", "adresse (DAR)"),
    "dar_husnummer_id": Text("house number (DAR)", "husnummer (DAR)"),
    "number": Text("number", "nummer"),
    "p_nummer": Text("P number", "P-nummer"),
    "person_id": Text("person id", "person-id"),
    "personnummer": Text("personnummer", "personnummer"),
    "se_nummer": Text("SE number", "SE-nummer"),
    "uuid": Text("UUID", "UUID"),
}
KINDS = {
    "municipality": Text("municipality", "kommune"),
    "private": Text("private party", "privat part"),
    "state": Text("state authority", "statslig myndighed"),
    "udbetaling_danmark": Text("Udbetaling Danmark", "Udbetaling Danmark"),
    "vurderingsstyrelsen": Text("property assessment agency", "Vurderingsstyrelsen"),
}
SENSITIVITIES = {
    "ordinary": Text("ordinary", "almindelig"),
    "identifier": Text("identifier", "identifikation"),
    "confidential_if_protected": Text("confidential if protected", "fortrolig ved beskyttelse"),
    "confidential": Text("confidential", "fortrolig"),
    "special": Text("special category", "følsom"),
}


@dataclass(frozen=True, slots=True)
class Law:
    """A legal basis, with what people need to find and to doubt it."""

    id: str
    title: Text
    citation: Text
    verified: bool
    dates_verified: bool
    url: str


class Names:
    """Finds names; what has none is called by its identifier."""

    def __init__(self, policies: PolicySet, catalogue: Catalogue) -> None:
        """Takes the set that names authorities, purposes, laws and agreements, and the catalogue."""
        self._data: Mapping[str, Mapping[str, Any]] = policies.data
        self._catalogue = catalogue

    def authority(self, cvr: str) -> str:
        """The name of an authority."""
        return str(self._of("authorities", cvr).get("name", cvr))

    def kind(self, cvr: str) -> Text:
        """The kind of an authority."""
        return plain(KINDS, self._of("authorities", cvr).get("kind", ""))

    def purpose(self, name: str) -> Text:
        """The title of a purpose."""
        return _text(self._of("purposes", name).get("title"), name)

    def kle(self, purpose: str) -> str:
        """The KLE number of a purpose; empty where none is known."""
        return self._of("purposes", purpose).get("kle") or ""

    def law(self, name: str) -> Law:
        """A legal basis, its citation labelled where nobody verified it."""
        basis = self._of("legal_bases", name)
        verified = basis.get("verified", False)
        en, da = (
            Citation(basis.get("citation", text), verified) for text in (citation(name).en, citation(name).da)
        )
        return Law(
            id=name,
            title=_text(basis.get("title"), name),
            citation=Text(en.labelled_en, da.labelled_da),
            verified=verified,
            dates_verified=basis.get("dates_verified", False),
            url=web_address(basis.get("url", "")),
        )

    def agreement(self, name: str) -> Mapping[str, Any]:
        """An agreement as the set's data has it; title and days are there for those in force."""
        return self._of("agreements", name)

    def dataset(self, name: str) -> Text:
        """The title of a dataset."""
        found = self._catalogue.datasets.get(name)
        return found.title if found else Text(name, name)

    def attribute(self, dataset: str, name: str) -> tuple[Text, str]:
        """The description and the sensitivity of an attribute."""
        found = self._catalogue.datasets.get(dataset)
        for attribute in found.attributes if found else ():
            if attribute.name == name:
                return attribute.description, attribute.sensitivity
        return Text("", ""), "ordinary"

    def _of(self, table: str, name: str) -> Mapping[str, Any]:
        return (self._data.get(table) or {}).get(name) or {}


def plain(texts: Mapping[str, Text], name: str) -> Text:
    """The text of a word, or the word itself where it has none."""
    return texts.get(name, Text(name, name))


def listed(texts: Mapping[str, Text], words: Iterable[str]) -> Text:
    """The texts of some words, as one list in each language."""
    found = [plain(texts, word) for word in words]
    return Text(", ".join(text.en for text in found), ", ".join(text.da for text in found))


def told(duty: Duty, granted: Collection[str] = ()) -> Text:
    """An obligation in words; `granted` are the attributes beside which it is told."""
    names = ", ".join(duty.attributes)
    every = set(duty.attributes) == set(granted) and len(duty.attributes) > 1
    if duty.effect == "indicate":
        return Text(f"only a yes or no for each of {names}", f"kun et ja eller nej for hver af {names}")
    if duty.effect == "review":
        return Text(
            "the exchange is flagged, and a second person reviews it",
            "udvekslingen markeres, og en anden person gennemgår den",
        )
    when = _when(duty)
    return Text(
        f"{'all' if every else names} withheld when {when.en}, or when that cannot be answered",
        f"{'alle' if every else names} tilbageholdes, når {when.da}, eller når det ikke kan besvares",
    )


def _when(duty: Duty) -> Text:
    if duty.test == "age_below":
        return Text(
            f"the age by {duty.fact} is below {duty.value}",
            f"alderen efter {duty.fact} er under {duty.value}",
        )
    words = {True: Text("true", "sand"), False: Text("false", "falsk")}
    value = words.get(duty.value) if isinstance(duty.value, bool) else None
    value = value or Text(str(duty.value), str(duty.value))
    return Text(f"{duty.fact} is {value.en}", f"{duty.fact} er {value.da}")


def _text(found: Any, name: str) -> Text:
    return Text(found["en"], found["da"]) if found else Text(name, name)
