package legal_basis.udl.section_5_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("household", {
		"consumers": {"udbetaling_danmark"},
		"subjects": {
			"applicant",
			"child",
			"household_member",
			"property",
			"spouse",
		},
		"keys": {"dar_adresse_id", "personnummer"},
		"attributes": {"cpr.person": {
			"adresseringsnavn",
			"aegtefaellePersonnummer",
			"civilstand",
			"darAdresseId",
			"foedselsdato",
			"personnummer",
			"status",
		}},
	})
}

test_allow_household_by_address if {
	outcome := decision.decision with input as tests.valid.household
	outcome.allow
}

test_allow_child_in_household if {
	outcome := decision.decision with input as tests.changed("household", {
		"key": "personnummer",
		"subject_role": "child",
	})
	outcome.allow
}

test_refuse_municipality if {
	outcome := decision.decision with input as tests.changed("household", {"consumer": "92000028"})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_OF_ANOTHER_PARTY", "CONSUMER_NOT_PERMITTED"}
}

test_refuse_attribute_outside_the_law if {
	outcome := decision.decision with input as tests.changed("household", {"attributes": ["koen"]})
	not outcome.allow
	tests.codes(outcome) == set()
	tests.attribute_codes(outcome, "koen") == {"ATTRIBUTE_NOT_COVERED", "ATTRIBUTE_NOT_IN_AGREEMENT"}
}
