# METADATA
# title: The polling district of an address
# description: >-
#   A municipality provides the polling places of its elections. For that it may read which polling
#   district a house number lies in, and what the district and its polling place are called. Voters are
#   out of its reach here: who may vote stands on the list of voters.
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "Kommunal- og regionalvalgloven § 51, stk. 1 og 2"
#   legal_basis: krvl.51
package legal_basis.krvl.section_51

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: krvl.51
permits := {"election.polling-place": {
	"consumers": {"municipality"},
	"subjects": {"property"},
	"keys": {"code", "dar_husnummer_id", "number"},
	"attributes": {
		"dagi.afstemningsomraade": {
			"afstemningsomraadenummer",
			"afstemningsstedNavn",
			"id_lokalId",
			"kommunekode",
			"navn",
		},
		"dar.husnummer": {
			"adgangsadressebetegnelse",
			"afstemningsomraade",
			"id_lokalId",
			"kommuneinddeling",
			"status",
		},
	},
}} if {
	input.legal_basis == "krvl.51"
}
