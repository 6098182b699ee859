# METADATA
# title: Buildings and ownership for the assessment of a property
# description: >-
#   Vurderingsstyrelsen may read what BBR holds on the buildings and units of a property, and how
#   its ownership is shared, but not by whom. The cadastre (MAT) belongs here too; it is left out
#   because the catalogue does not have it yet. The citation is unverified.
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "Ejendomsvurderingsloven; BBR-loven § 5, stk. 1"
#   legal_basis: evl.assessment
package legal_basis.evl.assessment

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: evl.assessment
permits := {"property.assessment": {
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
}} if {
	input.legal_basis == "evl.assessment"
}
