# METADATA
# title: Economic data without consent
# description: >-
#   The authority that decides on a benefit may, without consent, read economic data on the
#   applicant, the spouse and the household: Udbetaling Danmark whether they own property, a
#   municipality their income and benefits. Health data is out of its reach.
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "Retssikkerhedsloven § 11 a, stk. 2"
#   legal_basis: rsl.11a.2
package legal_basis.rsl.section_11a_2

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: rsl.11a.2
permits := {
	"cash-benefit.application": {
		"consumers": {"municipality"},
		"subjects": data.terms.household,
		"keys": {"personnummer"},
		"attributes": {
			"cpr.person": data.terms.residence,
			"eindkomst.indkomst": data.terms.income,
			"pension.ydelse": data.terms.benefit,
		},
	},
	"housing-benefit.ownership": {
		"consumers": {"udbetaling_danmark"},
		"subjects": data.terms.household,
		"keys": {"personnummer"},
		"attributes": {"ejf.ejerskab": {
			"bestemtFastEjendomBFENr",
			"ejerforholdskode",
			"faktiskEjerandel_naevner",
			"faktiskEjerandel_taeller",
			"status",
		}},
	},
} if {
	input.legal_basis == "rsl.11a.2"
}
