package legal_basis.bbrl.section_5_1_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("building_case", {
		"consumers": {"municipality"},
		"subjects": {"property"},
		"keys": {
			"bbr_bygning_id",
			"bbr_enhed_id",
			"bbr_grund_id",
			"bfe_nummer",
			"dar_adresse_id",
			"dar_husnummer_id",
			"number",
			"uuid",
		},
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
				"husnummer",
				"id_lokalId",
				"kommunekode",
				"status",
			},
			"bbr.enhed": {
				"adresseIdentificerer",
				"bygning",
				"enh020EnhedensAnvendelse",
				"enh026EnhedensSamledeAreal",
				"enh027ArealTilBeboelse",
				"enh031AntalVaerelser",
				"enh034Koekkenforhold",
				"enh045Udlejningsforhold",
				"id_lokalId",
				"kommunekode",
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
				"husnummer",
				"id_lokalId",
				"kommunekode",
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
			"dar.husnummer": {
				"adgangTilBygning",
				"adgangsadressebetegnelse",
				"husnummertekst",
				"id_lokalId",
				"jordstykke",
				"kommuneinddeling",
				"status",
				"vejmidte",
			},
			"dar.adresse": {
				"adressebetegnelse",
				"doerbetegnelse",
				"etagebetegnelse",
				"husnummer",
				"id_lokalId",
				"status",
			},
		},
	})
}

test_allow_building if {
	outcome := decision.decision with input as tests.valid.building_case
	outcome.allow
}

test_allow_address if {
	outcome := decision.decision with input as tests.changed("building_case", {
		"agreement": "odense-dar",
		"provider": "97000107",
		"dataset": "dar.adresse",
		"attributes": ["adressebetegnelse"],
		"key": "dar_adresse_id",
	})
	outcome.allow
}

test_refuse_cpr if {
	outcome := decision.decision with input as tests.changed("building_case", {
		"agreement": "odense-cpr",
		"provider": "95000088",
		"dataset": "cpr.person",
		"attributes": ["status"],
		"key": "personnummer",
	})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_DOES_NOT_COVER_PURPOSE", "DATASET_NOT_COVERED", "KEY_NOT_PERMITTED"}
}

test_allow_parcel if {
	outcome := decision.decision with input as tests.valid.building_parcel
	outcome.allow
}

test_allow_house_number if {
	outcome := decision.decision with input as tests.changed("building_address", {
		"dataset": "dar.husnummer",
		"attributes": ["adgangsadressebetegnelse", "jordstykke"],
		"key": "dar_husnummer_id",
	})
	outcome.allow
}

test_refuse_polling_district_for_a_building_case if {
	outcome := decision.decision with input as tests.changed("building_address", {
		"dataset": "dar.husnummer",
		"attributes": ["afstemningsomraade"],
		"key": "dar_husnummer_id",
	})
	not outcome.allow
	tests.attribute_codes(outcome, "afstemningsomraade") == {"ATTRIBUTE_NOT_COVERED", "ATTRIBUTE_NOT_IN_AGREEMENT"}
}

test_refuse_kind_of_owner_for_a_building_case if {
	outcome := decision.decision with input as tests.changed("building_case", {
		"dataset": "bbr.ejendomsrelation",
		"attributes": ["ejendommensEjerforholdskode"],
		"key": "bfe_nummer",
	})
	not outcome.allow
	"ATTRIBUTE_NOT_COVERED" in tests.attribute_codes(outcome, "ejendommensEjerforholdskode")
}
