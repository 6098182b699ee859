package legal_basis.udl.section_5_pension_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("supplement", {
		"consumers": {"udbetaling_danmark"},
		"subjects": {"applicant", "spouse"},
		"keys": {"personnummer"},
		"attributes": {
			"cpr.person": {"civilstand"},
			"eindkomst.indkomst": {
				"maaned",
				"oevrigIndkomst",
				"overfoerselsindkomst",
				"pensionsindkomst",
			},
		},
	})
}

test_allow_income_not_from_work if {
	outcome := decision.decision with input as tests.valid.supplement
	outcome.allow
}

test_allow_civil_status if {
	outcome := decision.decision with input as tests.changed("supplement", {
		"agreement": "udk-cpr",
		"provider": "95000088",
		"dataset": "cpr.person",
		"attributes": ["civilstand"],
	})
	outcome.allow
}

test_allow_work_income_of_spouse_to_the_end_of_2022 if {
	outcome := decision.decision with input as tests.changed("supplement", {
		"subject_role": "spouse",
		"law_date": "2022-12-31",
		"attributes": ["loenindkomst", "maaned"],
	})
	outcome.allow
	outcome.legal_basis == {"id": "udl.5.pension", "version": "2018-1"}
}

test_refuse_work_income_of_spouse_from_2023 if {
	outcome := decision.decision with input as tests.changed("supplement", {
		"subject_role": "spouse",
		"law_date": "2023-01-01",
		"attributes": ["loenindkomst", "maaned"],
	})
	not outcome.allow
	tests.codes(outcome) == set()
	tests.attribute_codes(outcome, "loenindkomst") == {"WORK_INCOME_NO_LONGER_RELEVANT"}
	outcome.legal_basis == {"id": "udl.5.pension", "version": "2023-1"}
}

test_allow_own_work_income_to_the_end_of_2023 if {
	outcome := decision.decision with input as tests.changed("supplement", {
		"subject_role": "applicant",
		"law_date": "2023-12-31",
		"attributes": ["loenindkomst", "maaned"],
	})
	outcome.allow
}

test_refuse_own_work_income_from_2024 if {
	outcome := decision.decision with input as tests.changed("supplement", {
		"subject_role": "applicant",
		"law_date": "2024-01-01",
		"attributes": ["loenindkomst", "maaned"],
	})
	not outcome.allow
	tests.codes(outcome) == set()
	tests.attribute_codes(outcome, "loenindkomst") == {"WORK_INCOME_NO_LONGER_RELEVANT"}
}

test_allow_rest_when_a_part_will_do if {
	outcome := decision.decision with input as tests.changed("supplement", {
		"attributes": ["loenindkomst", "maaned"],
		"partial_acceptable": true,
	})
	outcome.allow
	outcome.granted == ["maaned"]
	tests.attribute_codes(outcome, "loenindkomst") == {"WORK_INCOME_NO_LONGER_RELEVANT"}
}
