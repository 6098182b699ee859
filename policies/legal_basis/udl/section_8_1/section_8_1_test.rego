package legal_basis.udl.section_8_1_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("overlap", {
		"consumers": {"municipality", "udbetaling_danmark"},
		"subjects": {"applicant", "household_member", "spouse"},
		"keys": {"personnummer"},
		"attributes": {"pension.ydelse": {"beloeb", "maaned", "ydelsestype"}},
	})
}

test_allow_municipality if {
	outcome := decision.decision with input as tests.valid.overlap
	outcome.allow
}

test_allow_udbetaling_danmark if {
	outcome := decision.decision with input as tests.changed("overlap", {
		"consumer": "91000008",
		"agreement": "udk-pension",
	})
	outcome.allow
}

test_refuse_child if {
	outcome := decision.decision with input as tests.changed("overlap", {"subject_role": "child"})
	not outcome.allow
	tests.codes(outcome) == {"SUBJECT_ROLE_NOT_COVERED"}
}
