# METADATA
# title: Benefits that overlap
# description: >-
#   Udbetaling Danmark and the municipalities may see which benefits a person receives, to keep
#   two from being paid for the same need. The law limits the look-up to the last three months.
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "Udbetaling Danmark-loven § 8, stk. 1"
#   legal_basis: udl.8.1
package legal_basis.udl.section_8_1

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: udl.8.1
permits := {"benefits.overlap": {
	"consumers": {"municipality", "udbetaling_danmark"},
	"subjects": data.terms.household,
	"keys": {"personnummer"},
	"attributes": {"pension.ydelse": data.terms.benefit},
}} if {
	input.legal_basis == "udl.8.1"
}
