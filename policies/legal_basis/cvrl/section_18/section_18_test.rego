package legal_basis.cvrl.section_18_test

import data.decision
import data.tests

test_allow_private_party_with_protected_address_withheld if {
	outcome := decision.decision with input as tests.valid.company
	outcome.allow
	some duty in outcome.obligations
	duty.code == "ADDRESS_PROTECTED"
	"adressebetegnelse" in duty.attributes
}

test_allow_private_party_without_address if {
	outcome := decision.decision with input as tests.changed("company", {"attributes": ["navn"]})
	outcome.allow
	outcome.obligations == []
}

test_allow_owner_to_municipality if {
	outcome := decision.decision with input as tests.changed("company", {
		"consumer": "92000028",
		"agreement": "odense-cvr",
		"attributes": ["adressebetegnelse", "ejerPersonnummer"],
	})
	outcome.allow
	outcome.obligations == []
}

test_refuse_owner_to_private_party if {
	outcome := decision.decision with input as tests.changed("company", {"attributes": ["ejerPersonnummer"]})
	not outcome.allow
	tests.codes(outcome) == set()
	tests.attribute_codes(outcome, "ejerPersonnummer") == {"ATTRIBUTE_NOT_IN_AGREEMENT", "PERSONAL_NUMBER_NOT_FOR_PRIVATE"}
}
