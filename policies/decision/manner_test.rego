package decision_test

import data.decision
import data.tests

ordinary := object.remove(tests.valid, ["control", "emergency"])

test_refuse_matching_under_a_law_on_single_cases if {
	every _, request in object.remove(tests.valid, ["control"]) {
		outcome := decision.decision with input as tests.replaced(request, {"kind": "matching"})
		not outcome.allow
		tests.codes(outcome) == {"MATCHING_NOT_COVERED"}
	}
}

test_refuse_single_case_under_a_law_on_matching if {
	outcome := decision.decision with input as tests.changed("control", {"kind": "exchange"})
	not outcome.allow
	tests.codes(outcome) == {"BATCH_ONLY"}
}

test_allow_subscription_under_a_law_on_single_cases if {
	every _, request in object.remove(tests.valid, ["control"]) {
		outcome := decision.decision with input as tests.replaced(request, {"kind": "change"})
		outcome.allow
	}
}

test_refuse_subscription_under_a_law_on_matching if {
	outcome := decision.decision with input as tests.changed("control", {"kind": "change"})
	not outcome.allow
	tests.codes(outcome) == {"BATCH_ONLY"}
}

test_refuse_emergency_under_a_law_that_knows_none if {
	every _, request in object.remove(tests.valid, ["emergency"]) {
		outcome := decision.decision with input as tests.replaced(request, {"emergency": true})
		not outcome.allow
		tests.codes(outcome) == {"EMERGENCY_NOT_COVERED"}
	}
}

# It is another law that the emergency opens, not the one at hand.
test_refuse_emergency_as_a_way_past_a_missing_consent if {
	outcome := decision.decision with input as tests.changed("early_retirement", {"consent": null, "emergency": true})
	not outcome.allow
	tests.codes(outcome) == {"CONSENT_MISSING", "EMERGENCY_NOT_COVERED"}
}

test_allow_processor_under_every_law_that_does_not_exclude_one if {
	every _, request in ordinary {
		decision.decision.allow with input as tests.replaced(request, {"processor": "90000160"})
	}
}

test_refuse_processor_where_the_law_asks_for_own_staff if {
	outcome := decision.decision with input as tests.changed("emergency", {"processor": "90000160"})
	not outcome.allow
	tests.codes(outcome) == {"PROCESSOR_NOT_PERMITTED"}
}

# A condition is not stated twice: what no permit settles is not held against the request here.
test_refuse_unknown_purpose_without_remarks_on_manner if {
	outcome := decision.decision with input as tests.changed("emergency", {
		"kind": "matching",
		"processor": "90000160",
		"purpose": "curiosity",
	})
	not outcome.allow
	tests.codes(outcome) == {"PURPOSE_UNKNOWN"}
}

# A field that is misspelt would be a condition without effect.
test_refuse_permit_with_a_field_that_nobody_reads if {
	required := {"attributes", "consumers", "keys", "subjects"}
	flags := {"break_glass", "matching_only", "own_staff_only", "requires_consent"}
	lists := {"deny", "oblige", "refuse"}
	every law, _ in data.legal_bases {
		every _, permit in tests.permits_of(law) {
			names := object.keys(permit)
			required - names == set()
			names - ((required | flags) | lists) == set()
			every flag in names & flags {
				permit[flag] == true
			}
		}
	}
}
