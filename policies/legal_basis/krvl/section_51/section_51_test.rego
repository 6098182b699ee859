package legal_basis.krvl.section_51_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("polling_place", {
		"consumers": {"municipality"},
		"subjects": {"property"},
		"keys": {"code", "dar_husnummer_id", "number"},
		"attributes": {
			"dagi.afstemningsomraade": {
				"afstemningsomraadenummer",
				"afstemningsstedNavn",
				"id_lokalId",
				"kommunekode",
				"navn",
			},
			"dar.husnummer": {
				"adgangsadressebetegnelse",
				"afstemningsomraade",
				"id_lokalId",
				"kommuneinddeling",
				"status",
			},
		},
	})
}

test_allow_house_number if {
	outcome := decision.decision with input as tests.changed("polling_place", {
		"dataset": "dar.husnummer",
		"attributes": ["afstemningsomraade"],
		"key": "dar_husnummer_id",
	})
	outcome.allow
}

test_refuse_persons if {
	outcome := decision.decision with input as tests.changed("polling_place", {
		"agreement": "odense-cpr",
		"provider": "95000088",
		"dataset": "cpr.person",
		"attributes": ["foedselsdato"],
		"key": "dar_adresse_id",
	})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_DOES_NOT_COVER_PURPOSE", "DATASET_NOT_COVERED", "KEY_NOT_PERMITTED"}
}

test_refuse_parcel if {
	outcome := decision.decision with input as tests.changed("polling_place", {
		"dataset": "dar.husnummer",
		"attributes": ["jordstykke"],
		"key": "dar_husnummer_id",
	})
	not outcome.allow
	tests.attribute_codes(outcome, "jordstykke") == {"ATTRIBUTE_NOT_COVERED", "ATTRIBUTE_NOT_IN_AGREEMENT"}
}
