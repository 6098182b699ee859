package legal_basis.bsl.section_8_test

import data.decision
import data.tests

test_allow_adult_with_age_check if {
	outcome := decision.decision with input as tests.valid.income
	outcome.allow
	some duty in outcome.obligations
	duty.code == "SUBJECT_IS_CHILD"
	"loenindkomst" in duty.attributes
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
