"""The organisations of the demo: real kinds of bodies under generated CVR numbers."""

from __future__ import annotations

from exchange.identity.pki import Organisation

_VENDOR_DELEGATION = {
    "processor": "90000160",
    "datasets": ["cpr.person", "eindkomst.indkomst", "bbr.bygning", "bbr.enhed", "dar.adresse"],
    "purposes": ["building-case", "cash-benefit.application"],
    "valid_from": "2024-01-01",
    "valid_to": None,
}

DEMO_ORGANISATIONS = (
    Organisation("udbetaling-danmark", "91000008", "Udbetaling Danmark"),
    Organisation("odense", "92000028", "Odense Kommune", delegations=(_VENDOR_DELEGATION,)),
    Organisation("aarhus", "90000055", "Aarhus Kommune"),
    Organisation("fjordbanken", "90000101", "Fjordbanken A/S"),
    Organisation("kommunesystemer", "90000160", "Kommunesystemer A/S"),
    Organisation("cpr", "95000088", "Indenrigs- og Sundhedsministeriet, CPR"),
    Organisation("nedlagt-styrelse", "90000179", "Nedlagt Styrelse", active=False),
)
