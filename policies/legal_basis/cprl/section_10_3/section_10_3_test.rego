package legal_basis.cprl.section_10_3_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("residence_control", {
		"consumers": {"municipality"},
		"subjects": {"person"},
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

test_allow_exactly_what_the_law_opens_before_2023 if {
	tests.opens_exactly("residence_indicator", {
		"consumers": {"municipality"},
		"subjects": {"person"},
		"keys": {"personnummer"},
		"attributes": {"eindkomst.indkomst": {
			"loenindkomst",
			"oevrigIndkomst",
			"overfoerselsindkomst",
			"pensionsindkomst",
		}},
	})
}

test_allow_only_a_yes_or_no_to_the_end_of_2022 if {
	outcome := decision.decision with input as tests.valid.residence_indicator
	outcome.allow
	outcome.legal_basis == {"id": "cprl.10.3", "version": "2018-1"}
	outcome.obligations == [{
		"attributes": ["loenindkomst", "overfoerselsindkomst"],
		"code": "INCOME_INDICATED_ONLY",
		"effect": "indicate",
		"id": "indicate_income",
		"legal_basis": "cprl.10.3",
		"rule": "legal_basis.cprl.section_10_3",
		"when": null,
	}]
}

# An indicator that left one granted attribute out would release it as it is.
test_allow_yes_or_no_for_every_granted_attribute if {
	outcome := decision.decision with input as tests.changed("residence_indicator", {
		"attributes": ["loenindkomst", "maaned", "oevrigIndkomst", "overfoerselsindkomst", "pensionsindkomst"],
		"partial_acceptable": true,
	})
	outcome.allow
	[duty.attributes | some duty in outcome.obligations] == [outcome.granted]
	tests.attribute_codes(outcome, "maaned") == {"MONTH_NOT_INDICATED"}
}

test_refuse_months_to_the_end_of_2022 if {
	outcome := decision.decision with input as tests.changed("residence_control", {"law_date": "2022-12-31"})
	not outcome.allow
	tests.codes(outcome) == set()
	tests.attribute_codes(outcome, "maaned") == {"MONTH_NOT_INDICATED"}
}

test_allow_amounts_and_months_from_2023 if {
	outcome := decision.decision with input as tests.changed("residence_control", {"law_date": "2023-01-01"})
	outcome.allow
	outcome.legal_basis == {"id": "cprl.10.3", "version": "2023-1"}
	outcome.obligations == []
}
