package legal_basis.bsl.section_8a_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("wealth", {
		"consumers": {"udbetaling_danmark"},
		"subjects": {
			"applicant",
			"household_member",
			"owner",
			"property",
			"spouse",
		},
		"keys": {"bfe_nummer", "personnummer"},
		"attributes": {
			"skat.formue": {"aar", "formue"},
			"vur.vurdering": {"aar", "bfeNummer", "ejendomvaerdiBeloeb"},
		},
	})
}

test_allow_wealth if {
	outcome := decision.decision with input as tests.valid.wealth
	outcome.allow
}

test_allow_valuation if {
	outcome := decision.decision with input as tests.valid.valuation
	outcome.allow
}

test_refuse_wealth_of_a_child if {
	outcome := decision.decision with input as tests.changed("wealth", {"subject_role": "child"})
	not outcome.allow
	tests.codes(outcome) == {"SUBJECT_ROLE_NOT_COVERED"}
}
