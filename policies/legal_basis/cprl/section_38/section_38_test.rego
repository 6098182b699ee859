package legal_basis.cprl.section_38_test

import data.decision
import data.tests

test_allow_name_and_address_withheld_when_protected if {
	outcome := decision.decision with input as tests.valid.person
	outcome.allow
	some duty in outcome.obligations
	duty.code == "SUBJECT_PROTECTED"
	"adresseringsnavn" in duty.attributes
	duty.attributes == ["adresseringsnavn", "husnummer"]
	duty.legal_basis == "cprl.28"
}

test_allow_status_alone if {
	outcome := decision.decision with input as tests.changed("person", {"attributes": ["status"]})
	outcome.allow
	outcome.obligations == []
}

test_refuse_search_by_address if {
	outcome := decision.decision with input as tests.changed("person", {"key": "dar_adresse_id"})
	not outcome.allow
	tests.codes(outcome) == {"KEY_NOT_PERMITTED"}
}

test_refuse_authority if {
	outcome := decision.decision with input as tests.changed("person", {
		"consumer": "92000028",
		"agreement": "odense-cpr",
	})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_DOES_NOT_COVER_PURPOSE", "CONSUMER_NOT_PERMITTED"}
}
