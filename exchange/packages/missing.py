"""Why something of a package is missing, where no exchange says so itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

from exchange.model.catalogue import Text
from exchange.model.decision import Reason


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that a package asks for and that did not come.

    Attributes:
        request_id: of the exchange that ended without it; empty where nothing was asked.
        because_of: the part that this one waits for, where that is why.
    """

    part: str
    needed: bool
    reason: Reason
    request_id: str = ""
    because_of: str = ""


GAPS: dict[str, Text] = {
    "PART_NOT_CITED": Text(
        "No agreement is cited for this part, so that it was not asked. Cite one, or make one with the "
        "provider.",
        "Der er ikke angivet en aftale for denne del, og der er derfor ikke spurgt. Angiv en, eller indgå en "
        "med registeret.",
    ),
    "PART_WAITS_FOR_MISSING": Text(
        "Who or what this part is about follows from another part, which did not come. Nothing was asked.",
        "Hvem eller hvad denne del handler om, følger af en anden del, som ikke kom. Der er ikke spurgt.",
    ),
    "PART_TOO_MANY_SUBJECTS": Text(
        "The part before leads to more subjects than the package allows. None of them was asked about.",
        "Den forudgående del fører til flere, end pakken tillader. Der er ikke spurgt om nogen af dem.",
    ),
    "PART_NO_SUBJECT": Text(
        "The part before leads to nobody and nothing that this part could ask about.",
        "Den forudgående del fører ikke til nogen eller noget, som denne del kunne spørge om.",
    ),
    "PART_NO_RECORD": Text(
        "The register was asked, and has no record.",
        "Registeret er spurgt og har ingen oplysninger.",
    ),
}
_NO_DATA = "Udvekslingen endte uden oplysninger"  # the broker's own reasons are in English only


def gap(code: str) -> Reason:
    """Makes the reason for one of the codes above."""
    return Reason(code, text_en=GAPS[code].en, text_da=GAPS[code].da)


def in_both_languages(reason: Reason) -> Reason:
    """Gives a reason of an exchange, with a sentence in Danish where it has none of its own."""
    return reason if reason.text_da else replace(reason, text_da=f"{_NO_DATA} ({reason.code}).")
