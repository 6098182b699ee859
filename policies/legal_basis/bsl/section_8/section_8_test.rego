package legal_basis.bsl.section_8_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("income", {
		"consumers": {"udbetaling_danmark"},
		"subjects": {"applicant", "household_member", "spouse"},
		"keys": {"personnummer"},
		"attributes": {"eindkomst.indkomst": {
			"loenindkomst",
			"maaned",
			"oevrigIndkomst",
			"overfoerselsindkomst",
			"pensionsindkomst",
		}},
	})
}

test_allow_adult_with_age_check if {
	outcome := decision.decision with input as tests.valid.income
	outcome.allow
	outcome.obligations == [{
		"attributes": ["loenindkomst", "maaned"],
		"code": "SUBJECT_IS_CHILD",
		"effect": "withhold",
		"id": "withhold_when_child",
		"legal_basis": "bsl.8",
		"rule": "legal_basis.bsl.section_8",
		"when": {"fact": "cpr.person.foedselsdato", "test": "age_below", "value": 18},
	}]
}

test_refuse_child if {
	outcome := decision.decision with input as tests.changed("income", {"subject_role": "child"})
	not outcome.allow
	tests.codes(outcome) == {"SUBJECT_IS_CHILD"}
	outcome.reasons[0].rule == "legal_basis.bsl.section_8"
	outcome.granted == []
}

test_refuse_unknown_role if {
	outcome := decision.decision with input as tests.changed("income", {"subject_role": "owner"})
	not outcome.allow
	tests.codes(outcome) == {"SUBJECT_ROLE_NOT_COVERED"}
}
