package legal_basis.gdpr.article_6_1_d_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("emergency", {
		"consumers": {
			"municipality",
			"state",
			"udbetaling_danmark",
			"vurderingsstyrelsen",
		},
		"subjects": {"person"},
		"keys": {"personnummer"},
		"attributes": {"cpr.person": {
			"adresseringsnavn",
			"cprKommunekode",
			"cprVejkode",
			"darAdresseId",
			"etage",
			"husnummer",
			"sidedoer",
			"status",
		}},
	})
}

test_allow_at_once_and_review_afterwards if {
	outcome := decision.decision with input as tests.valid.emergency
	outcome.allow
	outcome.obligations == [{
		"attributes": ["adresseringsnavn", "husnummer", "status"],
		"code": "EMERGENCY_UNDER_REVIEW",
		"effect": "review",
		"id": "review_emergency",
		"legal_basis": "gdpr.6.1.d",
		"rule": "legal_basis.gdpr.article_6_1_d",
		"when": null,
	}]
}

test_allow_nothing_without_review if {
	outcome := decision.decision with input as tests.changed("emergency", {
		"attributes": sort(tests.attributes),
		"partial_acceptable": true,
	})
	outcome.allow
	[duty.attributes | some duty in outcome.obligations] == [outcome.granted]
}

test_refuse_when_no_emergency_is_stated if {
	outcome := decision.decision with input as tests.changed("emergency", {"emergency": false})
	not outcome.allow
	tests.codes(outcome) == {"EMERGENCY_NOT_STATED"}
}

test_refuse_processor if {
	outcome := decision.decision with input as tests.changed("emergency", {"processor": "90000160"})
	not outcome.allow
	tests.codes(outcome) == {"PROCESSOR_NOT_PERMITTED"}
}

test_refuse_private_party if {
	outcome := decision.decision with input as tests.changed("emergency", {
		"consumer": "90000101",
		"agreement": "fjordbanken-cpr",
	})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_DOES_NOT_COVER_PURPOSE", "CONSUMER_NOT_PERMITTED"}
}

test_refuse_birth_date if {
	outcome := decision.decision with input as tests.changed("emergency", {"attributes": ["foedselsdato"]})
	not outcome.allow
	tests.attribute_codes(outcome, "foedselsdato") == {"ATTRIBUTE_NOT_COVERED", "ATTRIBUTE_NOT_IN_AGREEMENT"}
}

test_refuse_bulk_matching if {
	outcome := decision.decision with input as tests.changed("emergency", {"kind": "matching"})
	not outcome.allow
	tests.codes(outcome) == {"MATCHING_NOT_COVERED"}
}
