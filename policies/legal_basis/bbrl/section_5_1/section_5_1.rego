# METADATA
# title: Buildings and addresses for a building case
# description: >-
#   A municipality may read what BBR and DAR hold on a unit, a building and its address. CPR is
#   out of its reach. The cadastre (MAT) belongs here too; it is left out because the catalogue does
#   not have it yet.
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
	"keys": {"bbr_bygning_id", "bbr_enhed_id", "bbr_grund_id", "bfe_nummer", "dar_adresse_id", "dar_husnummer_id"},
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
		"dar.adresse": {
			"adressebetegnelse",
			"doerbetegnelse",
			"etagebetegnelse",
			"husnummer",
			"id_lokalId",
			"status",
		},
	},
}} if {
	input.legal_basis == "bbrl.5.1"
}
