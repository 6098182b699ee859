package legal_basis.udl.section_12_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("control", {
		"consumers": {"udbetaling_danmark"},
		"subjects": {"applicant", "household_member", "spouse"},
		"keys": {"personnummer"},
		"attributes": {
			"cpr.person": {"civilstand", "darAdresseId", "status"},
			"eindkomst.indkomst": {
				"loenindkomst",
				"maaned",
				"oevrigIndkomst",
				"overfoerselsindkomst",
				"pensionsindkomst",
			},
			"pension.ydelse": {"beloeb", "maaned", "ydelsestype"},
		},
	})
}

test_refuse_look_up_of_one_person if {
	every kind in ["exchange", "dry_run"] {
		outcome := decision.decision with input as tests.changed("control", {"kind": kind})
		not outcome.allow
		tests.codes(outcome) == {"BATCH_ONLY"}
	}
}

test_refuse_municipality if {
	outcome := decision.decision with input as tests.changed("control", {
		"consumer": "92000028",
		"agreement": "odense-eindkomst",
	})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_DOES_NOT_COVER_PURPOSE", "CONSUMER_NOT_PERMITTED"}
}
