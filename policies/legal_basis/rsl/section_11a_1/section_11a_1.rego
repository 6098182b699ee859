# METADATA
# title: Data with the citizen's consent
# description: >-
#   A municipality may, with the consent of the person concerned, read what an application for cash
#   benefit needs, health data included. Health data for early retirement rests on sundhedsloven § 43
#   as well: cite that.
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "Retssikkerhedsloven § 11 a, stk. 1"
#   legal_basis: rsl.11a.1
package legal_basis.rsl.section_11a_1

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: rsl.11a.1
permits := {"cash-benefit.application": {
	"consumers": {"municipality"},
	"subjects": data.terms.household,
	"keys": {"personnummer"},
	"requires_consent": true,
	"attributes": {
		"cpr.person": data.terms.residence,
		"eindkomst.indkomst": data.terms.income,
		"pension.ydelse": data.terms.benefit,
		"sundhed.journaludtraek": data.terms.health,
	},
}} if {
	input.legal_basis == "rsl.11a.1"
}
