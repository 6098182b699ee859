package legal_basis.evl.assessment_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("assessment", {
		"consumers": {"vurderingsstyrelsen"},
		"subjects": {"property"},
		"keys": {"bbr_bygning_id", "bbr_enhed_id", "bbr_grund_id", "bfe_nummer", "code", "number", "uuid"},
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
			"mat.ejerlav": {
				"ejerlavskode",
				"ejerlavsnavn",
				"id_lokalId",
			},
			"mat.jordstykke": {
				"arealberegningsmetode",
				"ejerlavLokalId",
				"faelleslod",
				"id_lokalId",
				"kommuneLokalId",
				"matrikelnummer",
				"registreretAreal",
				"samletFastEjendomLokalId",
				"sognLokalId",
				"status",
				"vejareal",
			},
			"mat.samletfastejendom": {
				"BFEnummer",
				"erFaelleslod",
				"hovedejendomOpdeltIEjerlejligh",
				"id_lokalId",
				"landbrugsnotering",
				"status",
				"udskiltVej",
			},
			"bbr.grund": {
				"bestemtFastEjendom",
				"gru009Vandforsyning",
				"gru010Afloebsforhold",
				"id_lokalId",
				"status",
			},
			"bbr.ejendomsrelation": {
				"bfeNummer",
				"ejendomstype",
				"id_lokalId",
				"kommunekode",
				"status",
				"tinglystAreal",
			},
			"dagi.kommuneinddeling": {
				"id_lokalId",
				"kommunekode",
				"navn",
				"regionskode",
			},
			"dagi.regionsinddeling": {
				"navn",
				"regionskode",
			},
			"dagi.sogneinddeling": {
				"id_lokalId",
				"navn",
				"sognekode",
			},
			"ebr.ejendomsbeliggenhed": {
				"adresseLokalId",
				"bestemtFastEjendomBFENr",
				"betegnelse",
				"husnummerLokalId",
				"id_lokalId",
				"kommuneinddelingKommunekode",
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

test_allow_parcel if {
	outcome := decision.decision with input as tests.valid.assessment_parcel
	outcome.allow
}

test_allow_location if {
	outcome := decision.decision with input as tests.valid.assessment_location
	outcome.allow
}

test_allow_municipality_of_the_location if {
	outcome := decision.decision with input as tests.valid.assessment_division
	outcome.allow
}

test_refuse_land_to_udbetaling_danmark if {
	outcome := decision.decision with input as tests.changed("assessment_parcel", {"consumer": "91000008"})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_OF_ANOTHER_PARTY", "CONSUMER_NOT_PERMITTED"}
}
