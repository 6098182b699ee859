package legal_basis.rsl.section_11a_1_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("cash_benefit_health", {
		"consumers": {"municipality"},
		"subjects": {"applicant", "household_member", "spouse"},
		"keys": {"personnummer"},
		"attributes": {
			"cpr.person": {
				"adresseringsnavn",
				"aegtefaellePersonnummer",
				"civilstand",
				"cprKommunekode",
				"darAdresseId",
				"foedselsdato",
				"status",
			},
			"eindkomst.indkomst": {
				"loenindkomst",
				"maaned",
				"oevrigIndkomst",
				"overfoerselsindkomst",
				"pensionsindkomst",
			},
			"pension.ydelse": {"beloeb", "maaned", "ydelsestype"},
			"sundhed.journaludtraek": {
				"diagnosekode",
				"funktionsevne",
				"kontaktdato",
			},
		},
	})
}

test_allow_health_with_consent if {
	outcome := decision.decision with input as tests.valid.cash_benefit_health
	outcome.allow
}

test_allow_income_with_consent if {
	outcome := decision.decision with input as tests.changed("cash_benefit", {
		"legal_basis": "rsl.11a.1",
		"consent": tests.consent,
	})
	outcome.allow
}

test_refuse_withdrawn_consent if {
	request := tests.with_consent("cash_benefit_health", {"withdrawn_time": "2026-11-20T12:00:00Z"})
	outcome := decision.decision with input as request
	not outcome.allow
	tests.codes(outcome) == {"CONSENT_WITHDRAWN"}
}

test_refuse_udbetaling_danmark_reading_health_without_consent if {
	outcome := decision.decision with input as tests.changed("cash_benefit_health", {
		"consumer": "91000008",
		"agreement": "udk-sundhed",
		"consent": null,
	})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_UNKNOWN", "CONSENT_MISSING", "CONSUMER_NOT_PERMITTED"}
}

test_refuse_another_purpose_without_consent if {
	outcome := decision.decision with input as tests.changed("income", {"legal_basis": "rsl.11a.1"})
	not outcome.allow
	tests.codes(outcome) == {"CONSENT_MISSING", "CONSUMER_NOT_PERMITTED", "PURPOSE_NOT_COVERED"}
}
