package legal_basis.sl.section_43_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("early_retirement", {
		"consumers": {"municipality"},
		"subjects": {"applicant"},
		"keys": {"personnummer"},
		"attributes": {"sundhed.journaludtraek": {"diagnosekode", "funktionsevne", "kontaktdato"}},
	})
}

test_allow_journal_extract_with_consent if {
	outcome := decision.decision with input as tests.valid.early_retirement
	outcome.allow
}

test_refuse_without_consent if {
	outcome := decision.decision with input as tests.changed("early_retirement", {"consent": null})
	not outcome.allow
	tests.codes(outcome) == {"CONSENT_MISSING"}
}

test_refuse_spouse if {
	outcome := decision.decision with input as tests.changed("early_retirement", {"subject_role": "spouse"})
	not outcome.allow
	tests.codes(outcome) == {"SUBJECT_ROLE_NOT_COVERED"}
}
