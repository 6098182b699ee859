# METADATA
# title: Buildings and addresses for a building case
# description: >-
#   A municipality may read what BBR, DAR and the cadastre (MAT) hold on a unit, a building, its plot,
#   its parcel and its address. CPR and the owners are out of its reach.
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "BBR-loven § 5, stk. 1"
#   legal_basis: bbrl.5.1
package legal_basis.bbrl.section_5_1

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: bbrl.5.1
permits := {"building-case": {
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
		"bbr.ejendomsrelation": land["bbr.ejendomsrelation"],
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
		"bbr.grund": land["bbr.grund"],
		"dar.adresse": {
			"adressebetegnelse",
			"doerbetegnelse",
			"etagebetegnelse",
			"husnummer",
			"id_lokalId",
			"status",
		},
		"dar.husnummer": land["dar.husnummer"],
		"mat.ejerlav": land["mat.ejerlav"],
		"mat.jordstykke": land["mat.jordstykke"],
		"mat.samletfastejendom": land["mat.samletfastejendom"],
	},
}} if {
	input.legal_basis == "bbrl.5.1"
}

# METADATA
# title: What is read of the plot, its parcel and its house numbers
# custom:
#   legal_basis: bbrl.5.1
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
		"husnummer",
		"id_lokalId",
		"kommunekode",
		"status",
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
