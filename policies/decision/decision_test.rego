package decision_test

import data.decision
import data.tests

test_allow_every_valid_request if {
	every _, request in tests.valid {
		outcome := decision.decision with input as request
		outcome.allow
		outcome.granted == request.attributes
		outcome.reasons == []
		outcome.refused == []
	}
}

# What is no request is refused with the whole of a decision, so that whoever reads it finds all of it.
test_refuse_what_is_no_request_with_a_whole_decision if {
	decision.decision == {
		"agreement": null,
		"allow": false,
		"granted": [],
		"legal_basis": null,
		"obligations": [],
		"reasons": [{"code": "INPUT_INVALID", "legal_basis": "", "rule": "decision"}],
		"refused": [],
	} with input as {}
}

test_refuse_with_the_rule_and_the_law_that_refuse if {
	outcome := decision.decision with input as tests.changed("income", {
		"agreement": "nothing",
		"attributes": ["maaned", "seNummer"],
		"subject_role": "child",
	})
	outcome.reasons == [
		{"code": "AGREEMENT_UNKNOWN", "legal_basis": "bsl.8", "rule": "decision"},
		{"code": "SUBJECT_IS_CHILD", "legal_basis": "bsl.8", "rule": "legal_basis.bsl.section_8"},
	]
	outcome.refused == [{
		"attribute": "seNummer",
		"code": "ATTRIBUTE_NOT_COVERED",
		"legal_basis": "bsl.8",
		"rule": "decision",
	}]
}

test_refuse_unknown_law_by_no_name if {
	outcome := decision.decision with input as tests.changed("income", {"legal_basis": "bsl.999"})
	outcome.reasons == [{"code": "LEGAL_BASIS_UNKNOWN", "legal_basis": "", "rule": "decision"}]
}

test_refuse_attribute_with_the_rule_and_the_law_that_refuse if {
	outcome := decision.decision with input as tests.changed("company", {"attributes": ["ejerPersonnummer", "navn"]})
	law := "cvrl.18"
	outcome.refused == [
		{
			"attribute": "ejerPersonnummer",
			"code": "ATTRIBUTE_NOT_IN_AGREEMENT",
			"legal_basis": law,
			"rule": "decision",
		},
		{
			"attribute": "ejerPersonnummer",
			"code": "PERSONAL_NUMBER_NOT_FOR_PRIVATE",
			"legal_basis": law,
			"rule": "legal_basis.cvrl.section_18",
		},
	]
}

# The reasons explain what the conditions decide: a request that fails one never lacks a reason.
test_refuse_never_without_a_reason if {
	every _, request in tests.valid {
		every changes in tests.disturbances {
			outcome := decision.decision with input as tests.replaced(request, changes)
			is_explained(outcome)
		}
	}
}

test_refuse_never_without_a_reason_in_pairs if {
	every one in tests.disturbances {
		every other in tests.disturbances {
			request := tests.replaced(tests.changed("early_retirement", one), other)
			outcome := decision.decision with input as request
			is_explained(outcome)
		}
	}
}

# What the broker reads of an obligation is there, and says something.
test_allow_only_with_obligations_that_can_be_met if {
	every _, request in tests.valid {
		outcome := decision.decision with input as request
		every duty in outcome.obligations {
			object.keys(duty) == {"attributes", "code", "effect", "id", "legal_basis", "rule", "when"}
			count(duty.attributes) > 0
			data.legal_bases[duty.legal_basis]
			can_be_met(duty, outcome)
		}
	}
}

can_be_met(duty, _) if {
	duty.effect == "withhold"
	object.keys(duty.when) == {"fact", "test", "value"}
}

can_be_met(duty, outcome) if {
	duty.effect in {"indicate", "review"}
	duty.when == null
	duty.attributes == outcome.granted
}

is_explained(outcome) if {
	outcome.allow
	outcome.reasons == []
	outcome.granted != []
}

is_explained(outcome) if {
	not outcome.allow
	outcome.granted == []
	outcome.obligations == []
	count(outcome.reasons) + count(outcome.refused) > 0
}
