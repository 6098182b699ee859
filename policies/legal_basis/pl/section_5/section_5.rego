# METADATA
# title: Residence for the pension
# description: >-
#   A full pension takes residence in Denmark for nine tenths of the time from age 15. Udbetaling
#   Danmark may read the applicant's moves abroad and back, status and date of birth.
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "Pensionsloven § 5; CPR-loven § 31"
#   legal_basis: pl.5
package legal_basis.pl.section_5

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: pl.5
permits := {"pension.residence": {
	"consumers": {"udbetaling_danmark"},
	"subjects": {"applicant"},
	"keys": {"personnummer"},
	"attributes": {
		"cpr.person": {"foedselsdato", "status", "statusdato"},
		"cpr.udlandsophold": {"indrejsedato", "udrejsedato", "udrejseland"},
	},
}} if {
	input.legal_basis == "pl.5"
}
