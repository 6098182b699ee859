"""The matrix for programs: as a JSON document and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from exchange.model.catalogue import Text
from exchange.workbench.difference import Change, Difference, Footing
from exchange.workbench.names import Names, told
from exchange.workbench.permission import Conditions, Permission
from exchange.workbench.permitted import Permitted

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def matrix_document(found: Permitted, rows: Iterable[Permission], names: Names) -> dict[str, Any]:
    """The matrix as JSON."""
    return {
        "revision": found.policies.revision,
        "on": found.on.isoformat(),
        "rows": [row_document(row, names) for row in rows],
    }


def difference_document(difference: Difference, before: Names, after: Names) -> dict[str, Any]:
    """A difference as JSON."""
    return {
        "new": [row_document(row, after) for row in difference.new],
        "gone": [row_document(row, before) for row in difference.gone],
        "changed": [_change(change, after) for change in difference.changed],
    }


def row_document(row: Permission, names: Names) -> dict[str, Any]:
    """One row as JSON: identifiers, and what people call them."""
    law, agreement = names.law(row.law), names.agreement(row.agreement)
    return {
        "authority": {
            "cvr": row.consumer,
            "name": names.authority(row.consumer),
            "kind": names.kind(row.consumer).en,
        },
        "purpose": {
            "id": row.purpose,
            "title": text(names.purpose(row.purpose)),
            "kle": names.kle(row.purpose) or None,
        },
        "legal_basis": {
            "id": row.law,
            "version": row.version,
            "citation": text(law.citation),
            "verified": law.verified,
            "dates_verified": law.dates_verified,
            "url": law.url or None,
        },
        "provider": {"cvr": row.provider, "name": names.authority(row.provider)},
        "dataset": row.dataset,
        "attributes": list(row.attributes),
        "roles": list(row.roles),
        "keys": list(row.keys),
        "agreement": {
            "id": row.agreement,
            "title": agreement.get("title"),
            "valid_from": agreement.get("valid_from"),
            "valid_to": agreement.get("valid_to"),
        },
        "conditions": conditions_document(row.conditions),
    }


def conditions_document(conditions: Conditions) -> dict[str, Any]:
    """Conditions as JSON, obligations also in words."""
    return {
        "consent": conditions.consent,
        "emergency": conditions.emergency,
        "matching_only": conditions.matching,
        "obligations": [
            {
                "id": duty.id,
                "effect": duty.effect,
                "attributes": list(duty.attributes),
                "when": {"fact": duty.fact, "test": duty.test, "value": duty.value} if duty.fact else None,
                "code": duty.code,
                "legal_basis": duty.law,
                "words": text(told(duty)),
                "reason": text(duty.reason),
            }
            for duty in conditions.duties
        ],
    }


def matrix_csv(rows: Iterable[Permission], names: Names) -> str:
    """The matrix as CSV, one line a row; no cell is taken for a formula by a spreadsheet."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerows([_harmless(cell) for cell in _cells(row_document(row, names))] for row in rows)
    return written.getvalue()


def text(both: Text) -> dict[str, str]:
    """A text as JSON."""
    return {"en": both.en, "da": both.da}


_COLUMNS = (
    "authority_cvr", "authority", "kind", "purpose", "purpose_da", "purpose_en", "kle",
    "legal_basis", "version", "citation", "verified", "provider_cvr", "provider", "dataset", "attributes",
    "roles", "keys", "agreement", "valid_from", "valid_to", "consent", "emergency", "matching_only",
    "obligations",
)  # fmt: skip


def _cells(row: dict[str, Any]) -> list[str]:
    conditions = row["conditions"]
    obligations = "; ".join(duty["words"]["en"] for duty in conditions["obligations"])
    return [
        row["authority"]["cvr"], row["authority"]["name"], row["authority"]["kind"],
        row["purpose"]["id"], row["purpose"]["title"]["da"], row["purpose"]["title"]["en"],
        row["purpose"]["kle"] or "",
        row["legal_basis"]["id"], row["legal_basis"]["version"], row["legal_basis"]["citation"]["da"],
        _yes(row["legal_basis"]["verified"]),
        row["provider"]["cvr"], row["provider"]["name"], row["dataset"], " ".join(row["attributes"]),
        " ".join(row["roles"]), " ".join(row["keys"]),
        row["agreement"]["id"], row["agreement"]["valid_from"] or "", row["agreement"]["valid_to"] or "",
        _yes(conditions["consent"]), _yes(conditions["emergency"]), _yes(conditions["matching_only"]),
        obligations,
    ]  # fmt: skip


def _yes(flag: bool) -> str:  # noqa: FBT001  # the flag itself
    return "yes" if flag else "no"


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _change(change: Change, names: Names) -> dict[str, Any]:
    return {
        **row_document(change.row, names),
        "added": list(change.added),
        "removed": list(change.removed),
        "before": [_footing(footing) for footing in change.before],
        "after": [_footing(footing) for footing in change.after],
    }


def _footing(footing: Footing) -> dict[str, Any]:
    return {"version": footing.version, "conditions": conditions_document(footing.conditions)}
