package legal_basis.cprl.section_38_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("person", {
		"consumers": {"private"},
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

test_allow_name_and_address_withheld_when_protected if {
	outcome := decision.decision with input as tests.valid.person
	outcome.allow
	outcome.obligations == [{
		"attributes": ["adresseringsnavn", "husnummer"],
		"code": "SUBJECT_PROTECTED",
		"effect": "withhold",
		"id": "withhold_when_protected",
		"legal_basis": "cprl.28",
		"rule": "legal_basis.cprl.section_38",
		"when": {"fact": "cpr.person.beskyttelsestype", "test": "equals", "value": "navne_og_adresse"},
	}]
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

test_allow_no_part_of_a_protected_address if {
	outcome := decision.decision with input as tests.changed("person", {
		"attributes": sort(tests.attributes),
		"partial_acceptable": true,
	})
	[duty.attributes | some duty in outcome.obligations] == [[attribute |
		some attribute in outcome.granted
		attribute != "status"
	]]
}
