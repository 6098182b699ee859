package legal_basis.cvrl.section_18_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens_to_a_private_party if {
	tests.opens_exactly("company", {
		"consumers": {
			"municipality",
			"private",
			"state",
			"udbetaling_danmark",
			"vurderingsstyrelsen",
		},
		"subjects": {"company"},
		"keys": {"cvr_nummer", "p_nummer"},
		"attributes": {
			"cvr.produktionsenhed": {
				"adressebetegnelse",
				"branche",
				"navn",
				"pNummer",
				"produktionsenhedStartdato",
				"tilknyttetVirksomhedsCVRNummer",
			},
			"cvr.virksomhed": {
				"CVRNummer",
				"adressebeskyttet",
				"adressebetegnelse",
				"branche",
				"navn",
				"status",
				"virksomhedOphoersdato",
				"virksomhedStartdato",
				"virksomhedsform",
			},
		},
	})
}

test_allow_private_party_with_protected_address_withheld if {
	outcome := decision.decision with input as tests.valid.company
	outcome.allow
	outcome.obligations == [{
		"attributes": ["adressebetegnelse"],
		"code": "ADDRESS_PROTECTED",
		"effect": "withhold",
		"id": "withhold_when_address_protected",
		"legal_basis": "cvrl.18",
		"rule": "legal_basis.cvrl.section_18",
		"when": {"fact": "cvr.virksomhed.adressebeskyttet", "test": "equals", "value": true},
	}]
}

test_allow_everything_but_the_address_without_condition if {
	outcome := decision.decision with input as tests.changed("company", {
		"attributes": sort(tests.attributes),
		"partial_acceptable": true,
	})
	outcome.allow
	[duty.attributes | some duty in outcome.obligations] == [["adressebetegnelse"]]
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

test_allow_owner_and_address_to_every_public_authority if {
	every kind in tests.kinds - {"private"} {
		outcome := decision.decision with input as tests.changed("company", {
			"agreement": "everything",
			"attributes": ["adressebetegnelse", "ejerPersonnummer"],
		})
			with data.agreements as {"everything": tests.everything(tests.valid.company)}
			with data.authorities["90000101"].kind as kind
		outcome.allow
		outcome.obligations == []
	}
}

test_refuse_owner_to_private_party if {
	outcome := decision.decision with input as tests.changed("company", {"attributes": ["ejerPersonnummer"]})
	not outcome.allow
	tests.codes(outcome) == set()
	tests.attribute_codes(outcome, "ejerPersonnummer") == {"ATTRIBUTE_NOT_IN_AGREEMENT", "PERSONAL_NUMBER_NOT_FOR_PRIVATE"}
}

test_refuse_without_remarks_on_what_was_not_asked if {
	outcome := decision.decision with input as tests.changed("company", {"attributes": ["koen", "navn"]})
	not outcome.allow
	{item.attribute | some item in outcome.refused} == {"koen"}
}
