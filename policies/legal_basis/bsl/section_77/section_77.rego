# METADATA
# title: The area of the dwelling for housing benefit
# description: >-
#   Udbetaling Danmark may read the area, kitchen and tenure of a dwelling as BBR has them.
#   Nobody's personal data is touched.
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "Boligstøtteloven § 77; BEK nr. 136/2013 § 1; BBR-loven § 5, stk. 1"
#   legal_basis: bsl.77
# related_resources:
#   - ref: https://www.retsinformation.dk/eli/lta/2025/995
package legal_basis.bsl.section_77

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: bsl.77
permits := {"housing-benefit.area": {
	"consumers": {"udbetaling_danmark"},
	"subjects": {"property"},
	"keys": {"bbr_enhed_id", "dar_adresse_id"},
	"attributes": {"bbr.enhed": {
		"adresseIdentificerer",
		"enh026EnhedensSamledeAreal",
		"enh034Koekkenforhold",
		"enh045Udlejningsforhold",
		"id_lokalId",
	}},
}} if {
	input.legal_basis == "bsl.77"
}
