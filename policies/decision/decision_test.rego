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
