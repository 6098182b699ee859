# METADATA
# title: Journal extract for early retirement
# description: >-
#   A municipality may, with the consent of the applicant, read the journal extract that a case of
#   early retirement needs. The citation is unverified.
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "Sundhedsloven § 43, jf. retssikkerhedsloven § 11 a, stk. 1"
#   legal_basis: sl.43
package legal_basis.sl.section_43

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: sl.43
permits := {"early-retirement.health": {
	"consumers": {"municipality"},
	"subjects": {"applicant"},
	"keys": {"personnummer"},
	"requires_consent": true,
	"attributes": {"sundhed.journaludtraek": data.terms.health},
}} if {
	input.legal_basis == "sl.43"
}
