# METADATA
# title: Matching for control of benefits
# description: >-
#   Udbetaling Danmark, whose data unit does it, may match the recipients of benefits with CPR, the
#   income register and the benefits paid, to find those paid in error. That is done in bulk; the
#   law opens no look-up of one person.
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "Udbetaling Danmark-loven §§ 12 og 12 a"
#   legal_basis: udl.12
package legal_basis.udl.section_12

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: udl.12
permits := {"benefits.control": {
	"consumers": {"udbetaling_danmark"},
	"subjects": data.terms.household,
	"keys": {"personnummer"},
	"matching_only": true,
	"attributes": {
		"cpr.person": {"civilstand", "darAdresseId", "status"},
		"eindkomst.indkomst": data.terms.income,
		"pension.ydelse": data.terms.benefit,
	},
}} if {
	input.legal_basis == "udl.12"
}
