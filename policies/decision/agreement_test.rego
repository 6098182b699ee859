package decision_test

import data.decision
import data.tests

test_allow_first_day_of_agreement if {
	decision.decision.allow with input as tests.changed("income", {"time": "2026-11-21T00:00:00Z"})
		with data.agreements["udk-eindkomst"].valid_from as "2026-11-21"
		with data.agreements["udk-eindkomst"].valid_to as "2026-11-30"
}

test_allow_last_second_of_last_day_of_agreement if {
	decision.decision.allow with input as tests.changed("income", {"time": "2026-11-30T23:59:59Z"})
		with data.agreements["udk-eindkomst"].valid_from as "2026-11-21"
		with data.agreements["udk-eindkomst"].valid_to as "2026-11-30"
}

# On its first and last day an agreement is not among the reasons of a refusal for something else.
test_refuse_something_else_on_the_only_day_of_an_agreement if {
	outcome := decision.decision with input as tests.changed("income", {"subject_role": "child"})
		with data.agreements["udk-eindkomst"].valid_from as "2026-11-21"
		with data.agreements["udk-eindkomst"].valid_to as "2026-11-21"
	not outcome.allow
	tests.codes(outcome) == {"SUBJECT_IS_CHILD"}
}

test_refuse_day_before_agreement if {
	outcome := decision.decision with input as tests.changed("income", {"time": "2026-11-20T23:59:59Z"})
		with data.agreements["udk-eindkomst"].valid_from as "2026-11-21"
		with data.agreements["udk-eindkomst"].valid_to as "2026-11-30"
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_NOT_YET_VALID"}
}

test_refuse_day_after_agreement if {
	outcome := decision.decision with input as tests.changed("income", {"time": "2026-12-01T00:00:00Z"})
		with data.agreements["udk-eindkomst"].valid_from as "2026-11-21"
		with data.agreements["udk-eindkomst"].valid_to as "2026-11-30"
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_ENDED"}
}

test_refuse_aarhus_after_its_agreement_ended if {
	outcome := decision.decision with input as tests.changed("cash_benefit", {
		"consumer": "90000055",
		"agreement": "aarhus-cpr",
		"provider": "95000088",
		"dataset": "cpr.person",
		"attributes": ["status"],
	})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_ENDED"}
	outcome.agreement == "aarhus-cpr"
}

test_allow_aarhus_on_the_last_day if {
	outcome := decision.decision with input as tests.changed("cash_benefit", {
		"consumer": "90000055",
		"agreement": "aarhus-cpr",
		"provider": "95000088",
		"dataset": "cpr.person",
		"attributes": ["status"],
		"time": "2024-06-30T12:00:00Z",
	})
	outcome.allow
}

test_refuse_unknown_agreement if {
	outcome := decision.decision with input as tests.changed("income", {"agreement": "udk-nothing"})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_UNKNOWN"}
	outcome.agreement == null
}

test_refuse_agreement_of_another_consumer if {
	outcome := decision.decision with input as tests.changed("income", {"agreement": "odense-eindkomst"})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_OF_ANOTHER_PARTY"}
}

test_refuse_agreement_with_another_provider if {
	outcome := decision.decision with input as tests.changed("income", {"provider": "95000088"})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_OF_ANOTHER_PARTY"}
}

test_refuse_purpose_outside_agreement if {
	outcome := decision.decision with input as tests.valid.income
		with data.agreements["udk-eindkomst"].purposes as ["pension.supplement"]
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_DOES_NOT_COVER_PURPOSE"}
}

test_refuse_dataset_outside_agreement if {
	outcome := decision.decision with input as tests.changed("income", {"agreement": "udk-skat"})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_DOES_NOT_COVER_DATASET", "AGREEMENT_DOES_NOT_COVER_PURPOSE"}
}

test_refuse_dataset_that_only_the_law_reaches if {
	other := tests.replaced(data.agreements["udk-eindkomst"], {"datasets": {"skat.formue": ["formue"]}})
	outcome := decision.decision with input as tests.changed("income", {"agreement": "other"})
		with data.agreements as {"other": other}
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_DOES_NOT_COVER_DATASET"}
}

test_refuse_attribute_outside_agreement if {
	outcome := decision.decision with input as tests.valid.income
		with data.agreements["udk-eindkomst"].datasets as {"eindkomst.indkomst": ["maaned"]}
	not outcome.allow
	tests.codes(outcome) == set()
	tests.attribute_codes(outcome, "loenindkomst") == {"ATTRIBUTE_NOT_IN_AGREEMENT"}
}
