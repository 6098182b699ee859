package legal_basis.evl.assessment_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("assessment", {
		"consumers": {"vurderingsstyrelsen"},
		"subjects": {"property"},
		"keys": {"bbr_bygning_id", "bbr_enhed_id", "bfe_nummer"},
		"attributes": {
			"bbr.bygning": {
				"bfeNummer",
				"byg007Bygningsnummer",
				"byg021BygningensAnvendelse",
				"byg026Opfoerelsesaar",
				"byg038SamletBygningsareal",
				"byg054AntalEtager",
				"byg056Varmeinstallation",
				"grund",
				"id_lokalId",
				"status",
			},
			"bbr.enhed": {
				"bygning",
				"enh020EnhedensAnvendelse",
				"enh026EnhedensSamledeAreal",
				"enh027ArealTilBeboelse",
				"enh031AntalVaerelser",
				"enh034Koekkenforhold",
				"id_lokalId",
				"status",
			},
			"ejf.ejerskab": {
				"bestemtFastEjendomBFENr",
				"ejerforholdskode",
				"faktiskEjerandel_naevner",
				"faktiskEjerandel_taeller",
				"status",
			},
		},
	})
}

test_allow_ownership_without_the_owner if {
	outcome := decision.decision with input as tests.valid.assessment_ownership
	outcome.allow
}

test_refuse_owner if {
	outcome := decision.decision with input as tests.changed("assessment_ownership", {"attributes": ["ejendePerson"]})
	not outcome.allow
	tests.attribute_codes(outcome, "ejendePerson") == {"ATTRIBUTE_NOT_COVERED", "ATTRIBUTE_NOT_IN_AGREEMENT"}
}

test_refuse_another_state_authority if {
	outcome := decision.decision with input as tests.changed("assessment", {"consumer": "97000107"})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_OF_ANOTHER_PARTY", "CONSUMER_NOT_PERMITTED"}
}
