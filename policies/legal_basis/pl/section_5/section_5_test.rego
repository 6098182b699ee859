package legal_basis.pl.section_5_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("residence", {
		"consumers": {"udbetaling_danmark"},
		"subjects": {"applicant"},
		"keys": {"personnummer"},
		"attributes": {
			"cpr.person": {"foedselsdato", "status", "statusdato"},
			"cpr.udlandsophold": {"indrejsedato", "udrejsedato", "udrejseland"},
		},
	})
}

test_allow_moves_abroad if {
	outcome := decision.decision with input as tests.valid.residence
	outcome.allow
}

test_allow_status if {
	outcome := decision.decision with input as tests.changed("residence", {
		"dataset": "cpr.person",
		"attributes": ["foedselsdato", "status", "statusdato"],
	})
	outcome.allow
}

test_refuse_spouse if {
	outcome := decision.decision with input as tests.changed("residence", {"subject_role": "spouse"})
	not outcome.allow
	tests.codes(outcome) == {"SUBJECT_ROLE_NOT_COVERED"}
}
