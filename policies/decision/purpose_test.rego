package decision_test

import data.decision
import data.tests

# Data fetched for one purpose is not fetched for another: GDPR article 5(1)(b). Each of these asks
# every valid request again for every other purpose.

test_refuse_every_other_purpose if {
	every _, request in tests.valid {
		every purpose in other_purposes(request) {
			outcome := decision.decision with input as tests.replaced(request, {"purpose": purpose})
			not outcome.allow
			outcome.granted == []
		}
	}
}

# However wide the agreement and the consent are, the law of one purpose carries no other.
test_refuse_every_other_purpose_under_a_law if {
	every _, request in tests.valid {
		every purpose in other_purposes(request) {
			asked := tests.replaced(request, {
				"purpose": purpose,
				"agreement": "everything",
				"consent": object.union(tests.consent, {"purposes": [purpose]}),
			})
			outcome := decision.decision with input as asked
				with data.agreements as {"everything": tests.everything(request)}
			not outcome.allow
			refused_by_law := {"CONSUMER_NOT_PERMITTED", "PURPOSE_NOT_COVERED"} & tests.codes(outcome)
			count(refused_by_law) > 0
		}
	}
}

# Whatever law is cited, the agreement made for one purpose carries no other.
test_refuse_every_other_purpose_under_an_agreement if {
	every _, request in tests.valid {
		every purpose in other_purposes(request) {
			every law in laws_of(purpose) {
				asked := tests.replaced(request, {"purpose": purpose, "legal_basis": law})
				narrowed := object.union(data.agreements[request.agreement], {"purposes": [request.purpose]})
				outcome := decision.decision with input as asked
					with data.agreements as {request.agreement: narrowed}
				not outcome.allow
				"AGREEMENT_DOES_NOT_COVER_PURPOSE" in tests.codes(outcome)
			}
		}
	}
}

# No law that lies here carries two purposes for the same kind of authority: what one of them opens
# could else be asked for the other.
test_refuse_two_purposes_of_one_authority_under_a_law if {
	every law, _ in data.legal_bases {
		every kind in tests.kinds {
			count(purposes_for(law, kind)) <= 1
		}
	}
}

test_allow_every_purpose_under_some_law if {
	every purpose, _ in data.purposes {
		count(laws_of(purpose)) > 0
	}
}

test_refuse_purpose_that_nobody_described if {
	every law, _ in data.legal_bases {
		every purpose, _ in tests.permits_of(law) {
			data.purposes[purpose]
		}
	}
}

other_purposes(request) := object.keys(data.purposes) - {request.purpose}

laws_of(purpose) := {law |
	some law, _ in data.legal_bases
	tests.permits_of(law)[purpose]
}

purposes_for(law, kind) := {purpose |
	some purpose, permit in tests.permits_of(law)
	kind in permit.consumers
}
