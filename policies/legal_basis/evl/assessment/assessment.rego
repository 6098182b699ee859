# METADATA
# title: Buildings and ownership for the assessment of a property
# description: >-
#   Vurderingsstyrelsen may read what BBR and the cadastre hold on the land, buildings and units of a
#   property, where it lies, and how its ownership is shared, but not by whom: § 3, stk. 2 lets what BBR
#   and other public registers hold enter into the decision. The citation was held against the act as
#   adopted on 2 June 2017, not against the text in force, so that it is unverified.
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "Ejendomsvurderingsloven § 3, stk. 2; BBR-loven § 5, stk. 1"
#   legal_basis: evl.assessment
package legal_basis.evl.assessment

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: evl.assessment
permits := {"property.assessment": {
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
		"bbr.ejendomsrelation": land["bbr.ejendomsrelation"],
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
		"bbr.grund": land["bbr.grund"],
		"dagi.kommuneinddeling": place["dagi.kommuneinddeling"],
		"dagi.regionsinddeling": place["dagi.regionsinddeling"],
		"dagi.sogneinddeling": place["dagi.sogneinddeling"],
		"ebr.ejendomsbeliggenhed": place["ebr.ejendomsbeliggenhed"],
		"ejf.ejerskab": {
			"bestemtFastEjendomBFENr",
			"ejerforholdskode",
			"faktiskEjerandel_naevner",
			"faktiskEjerandel_taeller",
			"status",
		},
		"mat.ejerlav": land["mat.ejerlav"],
		"mat.jordstykke": land["mat.jordstykke"],
		"mat.samletfastejendom": land["mat.samletfastejendom"],
	},
}} if {
	input.legal_basis == "evl.assessment"
}

# METADATA
# title: What is read of the land
# custom:
#   legal_basis: evl.assessment
land := {
	"bbr.ejendomsrelation": {
		"bfeNummer",
		"ejendomstype",
		"id_lokalId",
		"kommunekode",
		"status",
		"tinglystAreal",
	},
	"bbr.grund": {
		"bestemtFastEjendom",
		"gru009Vandforsyning",
		"gru010Afloebsforhold",
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
}

# METADATA
# title: What is read of where it lies
# custom:
#   legal_basis: evl.assessment
place := {
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
}
