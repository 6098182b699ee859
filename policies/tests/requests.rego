# METADATA
# title: A granted request for each legal basis and dataset
# description: Fixtures; the tests change one thing at a time in them.
package tests

# METADATA
# title: What every request has
frame := {
	"time": "2026-11-21T20:00:00Z",
	"kind": "exchange",
	"processor": null,
	"law_date": "2026-11-21",
	"key": "personnummer",
	"subject_role": "applicant",
	"consent": null,
	"emergency": false,
	"partial_acceptable": false,
}

# METADATA
# title: A consent that covers a case of early retirement at Odense
consent := {
	"reference": "consent-1",
	"known": true,
	"given_time": "2026-11-01T08:00:00Z",
	"expires_time": null,
	"withdrawn_time": null,
	"consumer": "92000028",
	"purposes": ["cash-benefit.application", "early-retirement.health"],
	"subject_matches": true,
	"case_matches": true,
}

# METADATA
# title: What the broker passes on when the cited consent does not exist
unknown_consent := {"reference": "consent-2", "known": false}

udbetaling_danmark := object.union(frame, {"consumer": "91000008"})

odense := object.union(frame, {"consumer": "92000028"})

fjordbanken := object.union(frame, {"consumer": "90000101"})

vurderingsstyrelsen := object.union(frame, {
	"consumer": "96000103",
	"key": "bfe_nummer",
	"subject_role": "property",
})

# METADATA
# title: The requests, by a short name
valid := {
	"household": object.union(udbetaling_danmark, {
		"legal_basis": "udl.5",
		"purpose": "housing-benefit.household",
		"agreement": "udk-cpr",
		"provider": "95000088",
		"dataset": "cpr.person",
		"attributes": ["civilstand", "foedselsdato", "personnummer"],
		"key": "dar_adresse_id",
		"subject_role": "household_member",
	}),
	"income": object.union(udbetaling_danmark, {
		"legal_basis": "bsl.8",
		"purpose": "housing-benefit.income",
		"agreement": "udk-eindkomst",
		"provider": "94000068",
		"dataset": "eindkomst.indkomst",
		"attributes": ["loenindkomst", "maaned"],
	}),
	"area": object.union(udbetaling_danmark, {
		"legal_basis": "bsl.77",
		"purpose": "housing-benefit.area",
		"agreement": "udk-bbr",
		"provider": "96000103",
		"dataset": "bbr.enhed",
		"attributes": ["enh026EnhedensSamledeAreal", "enh034Koekkenforhold"],
		"key": "dar_adresse_id",
		"subject_role": "property",
	}),
	"ownership": object.union(udbetaling_danmark, {
		"legal_basis": "rsl.11a.2",
		"purpose": "housing-benefit.ownership",
		"agreement": "udk-ejf",
		"provider": "98000119",
		"dataset": "ejf.ejerskab",
		"attributes": ["bestemtFastEjendomBFENr", "faktiskEjerandel_naevner", "faktiskEjerandel_taeller"],
	}),
	"wealth": object.union(udbetaling_danmark, {
		"legal_basis": "bsl.8a",
		"purpose": "housing-benefit.wealth",
		"agreement": "udk-skat",
		"provider": "94000068",
		"dataset": "skat.formue",
		"attributes": ["aar", "formue"],
	}),
	"valuation": object.union(udbetaling_danmark, {
		"legal_basis": "bsl.8a",
		"purpose": "housing-benefit.wealth",
		"agreement": "udk-vur",
		"provider": "96000103",
		"dataset": "vur.vurdering",
		"attributes": ["aar", "ejendomvaerdiBeloeb"],
		"key": "bfe_nummer",
		"subject_role": "property",
	}),
	"residence": object.union(udbetaling_danmark, {
		"legal_basis": "pl.5",
		"purpose": "pension.residence",
		"agreement": "udk-cpr",
		"provider": "95000088",
		"dataset": "cpr.udlandsophold",
		"attributes": ["indrejsedato", "udrejsedato", "udrejseland"],
	}),
	"supplement": object.union(udbetaling_danmark, {
		"legal_basis": "udl.5.pension",
		"purpose": "pension.supplement",
		"agreement": "udk-eindkomst",
		"provider": "94000068",
		"dataset": "eindkomst.indkomst",
		"attributes": ["maaned", "oevrigIndkomst"],
		"subject_role": "spouse",
	}),
	"overlap": object.union(odense, {
		"legal_basis": "udl.8.1",
		"purpose": "benefits.overlap",
		"agreement": "odense-pension",
		"provider": "91000008",
		"dataset": "pension.ydelse",
		"attributes": ["beloeb", "maaned", "ydelsestype"],
	}),
	"personal_supplement": object.union(odense, {
		"legal_basis": "udl.8.2",
		"purpose": "pension.personal-supplement",
		"agreement": "odense-pension",
		"provider": "91000008",
		"dataset": "pension.sag",
		"attributes": ["formue", "personligTillaegsprocent"],
	}),
	"cash_benefit": object.union(odense, {
		"legal_basis": "rsl.11a.2",
		"purpose": "cash-benefit.application",
		"agreement": "odense-eindkomst",
		"provider": "94000068",
		"dataset": "eindkomst.indkomst",
		"attributes": ["loenindkomst", "maaned"],
		"subject_role": "spouse",
	}),
	"cash_benefit_health": object.union(odense, {
		"legal_basis": "rsl.11a.1",
		"purpose": "cash-benefit.application",
		"agreement": "odense-sundhed",
		"provider": "93000048",
		"dataset": "sundhed.journaludtraek",
		"attributes": ["funktionsevne"],
		"consent": consent,
	}),
	"building_case": object.union(odense, {
		"legal_basis": "bbrl.5.1",
		"purpose": "building-case",
		"agreement": "odense-bbr",
		"provider": "96000103",
		"dataset": "bbr.bygning",
		"attributes": ["byg026Opfoerelsesaar"],
		"key": "bbr_bygning_id",
		"subject_role": "property",
	}),
	"building_address": object.union(odense, {
		"legal_basis": "bbrl.5.1",
		"purpose": "building-case",
		"agreement": "odense-dar",
		"provider": "97000107",
		"dataset": "dar.adresse",
		"attributes": ["adressebetegnelse"],
		"key": "dar_adresse_id",
		"subject_role": "property",
	}),
	"building_parcel": object.union(odense, {
		"legal_basis": "bbrl.5.1",
		"purpose": "building-case",
		"agreement": "odense-mat",
		"provider": "98000119",
		"dataset": "mat.jordstykke",
		"attributes": ["matrikelnummer", "registreretAreal"],
		"key": "bfe_nummer",
		"subject_role": "property",
	}),
	"polling_place": object.union(odense, {
		"legal_basis": "krvl.51",
		"purpose": "election.polling-place",
		"agreement": "odense-valg",
		"provider": "97000107",
		"dataset": "dagi.afstemningsomraade",
		"attributes": ["afstemningsstedNavn", "navn"],
		"key": "number",
		"subject_role": "property",
	}),
	"control": object.union(udbetaling_danmark, {
		"kind": "matching",
		"legal_basis": "udl.12",
		"purpose": "benefits.control",
		"agreement": "udk-eindkomst-kontrol",
		"provider": "94000068",
		"dataset": "eindkomst.indkomst",
		"attributes": ["loenindkomst", "maaned"],
	}),
	"residence_control": object.union(odense, {
		"legal_basis": "cprl.10.3",
		"purpose": "residence.control",
		"agreement": "odense-eindkomst-bopael",
		"provider": "94000068",
		"dataset": "eindkomst.indkomst",
		"attributes": ["loenindkomst", "maaned"],
		"subject_role": "person",
	}),
	"residence_indicator": object.union(odense, {
		"law_date": "2022-12-31",
		"legal_basis": "cprl.10.3",
		"purpose": "residence.control",
		"agreement": "odense-eindkomst-bopael",
		"provider": "94000068",
		"dataset": "eindkomst.indkomst",
		"attributes": ["loenindkomst", "overfoerselsindkomst"],
		"subject_role": "person",
	}),
	"assessment": object.union(vurderingsstyrelsen, {
		"legal_basis": "evl.assessment",
		"purpose": "property.assessment",
		"agreement": "vurderingsstyrelsen-bbr",
		"provider": "96000103",
		"dataset": "bbr.bygning",
		"attributes": ["byg026Opfoerelsesaar", "byg038SamletBygningsareal"],
	}),
	"assessment_ownership": object.union(vurderingsstyrelsen, {
		"legal_basis": "evl.assessment",
		"purpose": "property.assessment",
		"agreement": "vurderingsstyrelsen-ejf",
		"provider": "98000119",
		"dataset": "ejf.ejerskab",
		"attributes": ["faktiskEjerandel_naevner", "faktiskEjerandel_taeller"],
	}),
	"assessment_parcel": object.union(vurderingsstyrelsen, {
		"legal_basis": "evl.assessment",
		"purpose": "property.assessment",
		"agreement": "vurderingsstyrelsen-mat",
		"provider": "98000119",
		"dataset": "mat.jordstykke",
		"attributes": ["registreretAreal", "vejareal"],
	}),
	"assessment_location": object.union(vurderingsstyrelsen, {
		"legal_basis": "evl.assessment",
		"purpose": "property.assessment",
		"agreement": "vurderingsstyrelsen-mat",
		"provider": "98000119",
		"dataset": "ebr.ejendomsbeliggenhed",
		"attributes": ["husnummerLokalId", "kommuneinddelingKommunekode"],
	}),
	"assessment_division": object.union(vurderingsstyrelsen, {
		"legal_basis": "evl.assessment",
		"purpose": "property.assessment",
		"agreement": "vurderingsstyrelsen-dagi",
		"provider": "97000107",
		"dataset": "dagi.kommuneinddeling",
		"attributes": ["navn", "regionskode"],
		"key": "code",
	}),
	"emergency": object.union(odense, {
		"emergency": true,
		"legal_basis": "gdpr.6.1.d",
		"purpose": "emergency.protection",
		"agreement": "odense-cpr-fare",
		"provider": "95000088",
		"dataset": "cpr.person",
		"attributes": ["adresseringsnavn", "husnummer", "status"],
		"subject_role": "person",
	}),
	"early_retirement": object.union(odense, {
		"legal_basis": "sl.43",
		"purpose": "early-retirement.health",
		"agreement": "odense-sundhed",
		"provider": "93000048",
		"dataset": "sundhed.journaludtraek",
		"attributes": ["diagnosekode", "funktionsevne"],
		"consent": consent,
	}),
	"company": object.union(fjordbanken, {
		"legal_basis": "cvrl.18",
		"purpose": "company.lookup",
		"agreement": "fjordbanken-cvr",
		"provider": "99000139",
		"dataset": "cvr.virksomhed",
		"attributes": ["adressebetegnelse", "navn"],
		"key": "cvr_nummer",
		"subject_role": "company",
	}),
	"person": object.union(fjordbanken, {
		"legal_basis": "cprl.38",
		"purpose": "person.lookup",
		"agreement": "fjordbanken-cpr",
		"provider": "95000088",
		"dataset": "cpr.person",
		"attributes": ["adresseringsnavn", "husnummer", "status"],
		"subject_role": "person",
	}),
}

# METADATA
# title: A valid request with some fields changed
changed(name, changes) := replaced(valid[name], changes)

# METADATA
# title: A valid request with a consent that differs in some fields
with_consent(name, changes) := changed(name, {"consent": object.union(consent, changes)})

# METADATA
# title: A request with some fields replaced, not merged
replaced(request, changes) := object.union(object.remove(request, object.keys(changes)), changes)

# METADATA
# title: The codes that refuse a whole request
codes(decision) := {reason.code | some reason in decision.reasons}

# METADATA
# title: The codes that refuse an attribute
attribute_codes(decision, attribute) := {item.code |
	some item in decision.refused
	item.attribute == attribute
}

# METADATA
# title: What a law permits, by purpose; nothing where it only restricts what others permit
permits_of(law) := object.union_n([permits |
	some act, section

	# regal ignore:with-outside-test-context
	permits := data.legal_basis[act][section].permits with input as {"legal_basis": law}
])

# METADATA
# title: Changes that make most requests fail, one at a time
disturbances := [
	{"consumer": "90000055"},
	{"consumer": "90000101"},
	{"consumer": "90000179"},
	{"provider": "94000068"},
	{"purpose": "curiosity"},
	{"purpose": "cash-benefit.application"},
	{"legal_basis": "rsl.11a.1"},
	{"legal_basis": "cprl.28"},
	{"legal_basis": "unknown"},
	{"agreement": "odense-cpr"},
	{"agreement": "unknown"},
	{"dataset": "cpr.person"},
	{"attributes": ["loenindkomst", "status"]},
	{"key": "dar_adresse_id"},
	{"subject_role": "child"},
	{"law_date": "2017-01-01"},
	{"time": "2017-01-01T00:00:00Z"},
	{"consent": null},
	{"consent": object.union(consent, {"withdrawn_time": "2026-11-20T00:00:00Z"})},
	{"emergency": true},
	{"emergency": false},
	{"kind": "matching"},
	{"kind": "exchange"},
	{"processor": "90000160"},
	{"partial_acceptable": true},
]
