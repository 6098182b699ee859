# METADATA
# title: The household of an applicant for housing benefit
# description: >-
#   Udbetaling Danmark may, as retssikkerhedsloven § 11 a provides, read in CPR who lives in the
#   household: by personnummer, or by the address they share.
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "Udbetaling Danmark-loven § 5, jf. retssikkerhedsloven § 11 a, stk. 2; CPR-loven § 31"
#   legal_basis: udl.5
package legal_basis.udl.section_5

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: udl.5
permits := {"housing-benefit.household": {
	"consumers": {"udbetaling_danmark"},
	"subjects": {"applicant", "child", "household_member", "property", "spouse"},
	"keys": {"dar_adresse_id", "personnummer"},
	"attributes": {"cpr.person": {
		"adresseringsnavn",
		"aegtefaellePersonnummer",
		"civilstand",
		"darAdresseId",
		"foedselsdato",
		"personnummer",
		"status",
	}},
}} if {
	input.legal_basis == "udl.5"
}
