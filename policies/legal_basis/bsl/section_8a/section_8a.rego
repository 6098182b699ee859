# METADATA
# title: The wealth of the household for housing benefit
# description: >-
#   Udbetaling Danmark may read the wealth of the adults in the household, and the public
#   valuation of a property, to compute the wealth supplement. The wealth of children does not
#   count (§ 8, stk. 4).
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "Boligstøtteloven § 8 a"
#   legal_basis: bsl.8a
# related_resources:
#   - ref: https://www.retsinformation.dk/eli/lta/2025/995
package legal_basis.bsl.section_8a

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: bsl.8a
permits := {"housing-benefit.wealth": {
	"consumers": {"udbetaling_danmark"},
	"subjects": {"applicant", "household_member", "owner", "property", "spouse"},
	"keys": {"bfe_nummer", "personnummer"},
	"attributes": {
		"skat.formue": {"aar", "formue"},
		"vur.vurdering": {"aar", "bfeNummer", "ejendomvaerdiBeloeb"},
	},
}} if {
	input.legal_basis == "bsl.8a"
}
