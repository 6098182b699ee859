"""The page that verifies receipts in a browser: for whoever has no programs of ours, and trusts none.

The script reads receipts as `audit` reads them. What may change from version to version is not written
there a second time: the fields of entries, their shapes and the limits are taken from `audit`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from audit.formats import entry, note, proof_file
from audit.formats.commitment import OPENING_SIZE
from audit.formats.note import NoteVerifier
from exchange.model.catalogue import Catalogue, Text
from exchange.policy.policy_set import PolicySet
from exchange.workbench import receipt_words as words
from exchange.workbench.names import Names
from exchange.workbench.pages.page import Page, Shown, render

_SCRIPTS = ("bytes", "file", "entry", "tree", "keys", "steps", "show", "form")  # in the order of reading

#: Which table names what stands in a field.
_NAMED = {
    **dict.fromkeys(("caller", "consumer", "provider", "processor"), "authorities"),
    "purpose": "purposes",
    "legal_basis": "laws",
    "dataset": "datasets",
    "kind": "kinds",
    "outcome": "outcomes",
    "effect": "effects",
}


def receipt_page(
    policies: PolicySet, catalogue: Catalogue, log: NoteVerifier | None, *, shown: Shown = "both"
) -> str:
    """Renders the page; with the log's key filled in, where it is given."""
    page = Page(
        title=Text("Verify a receipt", "Efterprøv en kvittering"),
        lead=Text(
            "A receipt proves that an exchange was recorded, just so, in a log that nobody can alter unseen. "
            "This page computes it anew in your browser. It asks no server and sends nothing.",
            "En kvittering beviser, at en udveksling er registreret, netop sådan, i en log, som ingen kan "
            "ændre "
            "ubemærket. Siden regner efter i din browser. Den spørger ingen server og sender intet.",
        ),
        shown=shown,
        styles=("base.css", "receipt/receipt.css"),
        scripts=tuple(f"receipt/{name}.js" for name in _SCRIPTS),
    )
    told = {"LIMITS": _limits(), "FORM": _form(), "WORDS": _words(), "NAMES": _names(policies, catalogue)}
    vkey = log.vkey if log else ""
    return render("receipt.html", page, vkey=vkey, revision=policies.revision, told=told)


def _limits() -> dict[str, int]:
    return {
        "file": proof_file.MAX_SIZE,
        "hashes": proof_file.MAX_HASHES,
        "signatures": note.MAX_SIGNATURES,
        "opening": OPENING_SIZE,
    }


def _form() -> dict[str, Any]:
    return {
        "version": entry.VERSION,
        "committed": entry.COMMITTED,
        "events": sorted(entry.EVENT_KINDS),
        "entry": entry.ENTRY_FIELDS,
        "event": entry.EVENT_FIELDS,
        "names": _NAMED,
    }


def _words() -> dict[str, Any]:
    return {
        "verdicts": {name: _texts(texts) for name, texts in words.VERDICTS.items()},
        "held": asdict(words.HELD),
        "first": _texts(words.FIRST),
        "nothing": asdict(words.NOTHING),
        "states": _texts(words.STATES),
        "steps": {name: _texts(texts) for name, texts in words.STEPS.items()},
        "reasons": _texts(words.REASONS),
        "facts": _texts(words.FACTS),
        "entry": _texts(words.ENTRY),
        "event": _texts(words.EVENT),
        "committed": _texts(words.COMMITTED),
    }


def _names(policies: PolicySet, catalogue: Catalogue) -> dict[str, dict[str, dict[str, str]]]:
    names, data = Names(policies, catalogue), policies.data
    authorities = {cvr: names.authority(cvr) for cvr in data.get("authorities", {})}
    return {
        "authorities": _texts({cvr: Text(name, name) for cvr, name in authorities.items()}),
        "purposes": _texts({name: names.purpose(name) for name in data.get("purposes", {})}),
        "laws": _texts({name: names.law(name).citation for name in data.get("legal_bases", {})}),
        "datasets": _texts({name: names.dataset(name) for name in catalogue.datasets}),
        "kinds": _texts(words.KINDS),
        "outcomes": _texts(words.OUTCOMES),
        "effects": _texts(words.EFFECTS),
    }


def _texts(texts: dict[str, Text]) -> dict[str, dict[str, str]]:
    return {name: asdict(text) for name, text in texts.items()}
