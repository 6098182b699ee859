package decision_test

import data.decision
import data.tests

test_allow_last_second_before_withdrawal if {
	request := tests.with_consent("early_retirement", {"withdrawn_time": "2026-11-21T20:00:01Z"})
	outcome := decision.decision with input as request
	outcome.allow
}

test_refuse_at_withdrawal if {
	request := tests.with_consent("early_retirement", {"withdrawn_time": "2026-11-21T20:00:00Z"})
	outcome := decision.decision with input as request
	not outcome.allow
	tests.codes(outcome) == {"CONSENT_WITHDRAWN"}
}

test_allow_first_second_of_consent if {
	request := tests.with_consent("early_retirement", {"given_time": "2026-11-21T20:00:00Z"})
	outcome := decision.decision with input as request
	outcome.allow
}

test_refuse_before_consent if {
	request := tests.with_consent("early_retirement", {"given_time": "2026-11-21T20:00:01Z"})
	outcome := decision.decision with input as request
	not outcome.allow
	tests.codes(outcome) == {"CONSENT_NOT_YET_GIVEN"}
}

test_allow_last_second_before_expiry if {
	request := tests.with_consent("early_retirement", {"expires_time": "2026-11-21T20:00:01Z"})
	outcome := decision.decision with input as request
	outcome.allow
}

test_refuse_at_expiry if {
	request := tests.with_consent("early_retirement", {"expires_time": "2026-11-21T20:00:00Z"})
	outcome := decision.decision with input as request
	not outcome.allow
	tests.codes(outcome) == {"CONSENT_EXPIRED"}
}

test_refuse_no_consent if {
	outcome := decision.decision with input as tests.changed("early_retirement", {"consent": null})
	not outcome.allow
	tests.codes(outcome) == {"CONSENT_MISSING"}
}

test_refuse_unknown_consent if {
	outcome := decision.decision with input as tests.changed("early_retirement", {"consent": tests.unknown_consent})
	not outcome.allow
	tests.codes(outcome) == {"CONSENT_UNKNOWN"}
}

# Whatever else is said of it, a consent that is not known is none.
test_refuse_unknown_consent_that_would_fit if {
	outcome := decision.decision with input as tests.with_consent("early_retirement", {"known": false})
	not outcome.allow
	tests.codes(outcome) == {"CONSENT_UNKNOWN"}
}

test_refuse_consent_to_another_authority if {
	request := tests.with_consent("early_retirement", {"consumer": "91000008"})
	outcome := decision.decision with input as request
	not outcome.allow
	tests.codes(outcome) == {"CONSENT_FOR_SOMETHING_ELSE"}
}

test_refuse_consent_to_another_purpose if {
	request := tests.with_consent("early_retirement", {"purposes": ["cash-benefit.application"]})
	outcome := decision.decision with input as request
	not outcome.allow
	tests.codes(outcome) == {"CONSENT_FOR_SOMETHING_ELSE"}
}

test_refuse_consent_of_another_person if {
	request := tests.with_consent("early_retirement", {"subject_matches": false})
	outcome := decision.decision with input as request
	not outcome.allow
	tests.codes(outcome) == {"CONSENT_FOR_SOMETHING_ELSE"}
}

test_refuse_consent_in_another_case if {
	request := tests.with_consent("early_retirement", {"case_matches": false})
	outcome := decision.decision with input as request
	not outcome.allow
	tests.codes(outcome) == {"CONSENT_FOR_SOMETHING_ELSE"}
}

test_allow_law_that_asks_for_no_consent if {
	request := tests.with_consent("income", {"withdrawn_time": "2026-11-20T00:00:00Z"})
	outcome := decision.decision with input as request
	outcome.allow
}

test_refuse_something_else_in_the_first_second_of_a_consent if {
	request := tests.with_consent("early_retirement", {"given_time": "2026-11-21T20:00:00Z"})
	outcome := decision.decision with input as tests.replaced(request, {"key": "dar_adresse_id"})
	not outcome.allow
	tests.codes(outcome) == {"KEY_NOT_PERMITTED"}
}

# Where the law asks for no consent, none is held against the request.
test_refuse_something_else_without_remarks_on_a_consent if {
	request := tests.changed("income", {"consent": object.union(tests.consent, {
		"given_time": "2027-01-01T00:00:00Z",
		"expires_time": "2026-11-20T00:00:00Z",
		"withdrawn_time": "2026-11-20T00:00:00Z",
	})})
	every cited in [request, tests.replaced(request, {"consent": tests.unknown_consent})] {
		outcome := decision.decision with input as tests.replaced(cited, {"subject_role": "child"})
		not outcome.allow
		tests.codes(outcome) == {"SUBJECT_IS_CHILD"}
	}
}

# What one purpose of a law asks for, another one of it does not.
test_refuse_purpose_that_asks_for_no_consent_without_remarks_on_it if {
	open_purpose := {
		"consumers": {"udbetaling_danmark"},
		"subjects": {"applicant"},
		"keys": {"personnummer"},
		"attributes": {"eindkomst.indkomst": {"maaned"}},
	}
	law := {"package": "legal_basis.bsl.section_8", "permits": {
		"housing-benefit.income": open_purpose,
		"housing-benefit.wealth": object.union(open_purpose, {"requires_consent": true}),
	}}
	outcome := decision.decision with input as tests.changed("income", {"subject_role": "child"})
		with decision.cited as law
	not outcome.allow
	tests.codes(outcome) == {"SUBJECT_ROLE_NOT_COVERED"}
}
