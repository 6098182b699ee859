package legal_basis.udl.section_8_2_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("personal_supplement", {
		"consumers": {"municipality"},
		"subjects": {"applicant", "spouse"},
		"keys": {"personnummer"},
		"attributes": {"pension.sag": {"formue", "personligTillaegsprocent"}},
	})
}

test_allow_pension_case if {
	outcome := decision.decision with input as tests.valid.personal_supplement
	outcome.allow
}

test_refuse_work_income_of_spouse if {
	outcome := decision.decision with input as tests.changed("personal_supplement", {
		"agreement": "odense-eindkomst",
		"provider": "94000068",
		"dataset": "eindkomst.indkomst",
		"attributes": ["loenindkomst"],
		"subject_role": "spouse",
	})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_DOES_NOT_COVER_PURPOSE", "DATASET_NOT_COVERED"}
	tests.attribute_codes(outcome, "loenindkomst") == {"WORK_INCOME_NO_LONGER_RELEVANT"}
	outcome.refused[0].rule == "legal_basis.udl.section_8_2"
}

test_refuse_work_income_of_spouse_even_before_2023 if {
	outcome := decision.decision with input as tests.changed("personal_supplement", {
		"agreement": "odense-eindkomst",
		"provider": "94000068",
		"dataset": "eindkomst.indkomst",
		"attributes": ["loenindkomst"],
		"subject_role": "spouse",
		"law_date": "2022-12-31",
	})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_DOES_NOT_COVER_PURPOSE", "DATASET_NOT_COVERED"}
	tests.attribute_codes(outcome, "loenindkomst") == set()
}

test_refuse_udbetaling_danmarks_law_cited_by_municipality if {
	outcome := decision.decision with input as tests.changed("supplement", {
		"consumer": "92000028",
		"agreement": "odense-eindkomst",
		"attributes": ["loenindkomst"],
	})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_DOES_NOT_COVER_PURPOSE", "CONSUMER_NOT_PERMITTED"}
	tests.attribute_codes(outcome, "loenindkomst") == {"WORK_INCOME_NO_LONGER_RELEVANT"}
}
