package legal_basis.bbrl.section_5_1_test

import data.decision
import data.tests

test_allow_building if {
	outcome := decision.decision with input as tests.valid.building_case
	outcome.allow
}

test_allow_address if {
	outcome := decision.decision with input as tests.changed("building_case", {
		"agreement": "odense-dar",
		"provider": "97000107",
		"dataset": "dar.adresse",
		"attributes": ["adressebetegnelse"],
		"key": "dar_adresse_id",
	})
	outcome.allow
}

test_refuse_cpr if {
	outcome := decision.decision with input as tests.changed("building_case", {
		"agreement": "odense-cpr",
		"provider": "95000088",
		"dataset": "cpr.person",
		"attributes": ["status"],
		"key": "personnummer",
	})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_DOES_NOT_COVER_PURPOSE", "DATASET_NOT_COVERED", "KEY_NOT_PERMITTED"}
}
