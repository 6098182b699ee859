package legal_basis.rsl.section_11a_2_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens_for_housing_benefit if {
	tests.opens_exactly("ownership", {
		"consumers": {"udbetaling_danmark"},
		"subjects": {"applicant", "household_member", "spouse"},
		"keys": {"personnummer"},
		"attributes": {"ejf.ejerskab": {
			"bestemtFastEjendomBFENr",
			"ejerforholdskode",
			"faktiskEjerandel_naevner",
			"faktiskEjerandel_taeller",
			"status",
		}},
	})
}

test_allow_exactly_what_the_law_opens_for_cash_benefit if {
	tests.opens_exactly("cash_benefit", {
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
		},
	})
}

test_allow_income_of_spouse if {
	outcome := decision.decision with input as tests.valid.cash_benefit
	outcome.allow
}

test_allow_ownership if {
	outcome := decision.decision with input as tests.valid.ownership
	outcome.allow
}

test_refuse_health_without_consent if {
	outcome := decision.decision with input as tests.changed("cash_benefit", {
		"agreement": "odense-sundhed",
		"provider": "93000048",
		"dataset": "sundhed.journaludtraek",
		"attributes": ["funktionsevne"],
	})
	not outcome.allow
	tests.codes(outcome) == {"DATASET_NOT_COVERED"}
}

test_refuse_purpose_of_another_authority if {
	outcome := decision.decision with input as tests.changed("cash_benefit", {
		"consumer": "91000008",
		"agreement": "udk-eindkomst",
	})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_DOES_NOT_COVER_PURPOSE", "CONSUMER_NOT_PERMITTED"}
}

test_refuse_ownership_by_property if {
	outcome := decision.decision with input as tests.changed("ownership", {"key": "bfe_nummer"})
	not outcome.allow
	tests.codes(outcome) == {"KEY_NOT_PERMITTED"}
}
