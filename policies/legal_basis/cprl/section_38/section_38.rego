# METADATA
# title: Private access to CPR
# description: >-
#   A private party may read the name, address and status of a person whom it has identified by
#   personnummer. The citation is unverified. Protected names and addresses stay hidden (§ 28).
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "CPR-loven § 38"
#   legal_basis: cprl.38
# related_resources:
#   - ref: https://www.retsinformation.dk/eli/lta/2023/1010
package legal_basis.cprl.section_38

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: cprl.38
permits := {"person.lookup": {
	"consumers": {"private"},
	"subjects": {"person"},
	"keys": {"personnummer"},
	"attributes": {"cpr.person": ({"adresseringsnavn", "status"} | data.terms.address)},
	"oblige": oblige,
}} if {
	input.legal_basis == "cprl.38"
}

# METADATA
# title: The name and address of the person are not protected
# custom:
#   title_da: Personens navn og adresse er ikke beskyttet
#   short_name: SUBJECT_PROTECTED
#   legal_basis: cprl.28
#   failure_msg:
#     en: >-
#       CPR-loven § 28: the name and address of this person are protected and are not passed to
#       private parties. Turn to the municipality of residence if you have a legal interest.
#     da: >-
#       CPR-loven § 28: Personens navn og adresse er beskyttet og videregives ikke til private.
#       Henvend jer til bopælskommunen, hvis I har en retlig interesse.
# related_resources:
#   - ref: https://www.retsinformation.dk/eli/lta/2023/1010
#     description: CPR-loven, LBK nr. 1010 af 23. juni 2023
oblige contains {
	"attributes": (data.terms.address | {"adresseringsnavn"}),
	"code": "SUBJECT_PROTECTED",
	"effect": "withhold",
	"id": "withhold_when_protected",
	"legal_basis": "cprl.28",
	"when": {
		"fact": "cpr.person.beskyttelsestype",
		"test": "equals",
		"value": "navne_og_adresse",
	},
}
