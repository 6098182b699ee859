# METADATA
# title: Companies, open to all
# description: >-
#   Everyone may read the business register. No personnummer goes to a private party, and a
#   protected address is withheld from one.
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "CVR-loven § 18"
#   legal_basis: cvrl.18
package legal_basis.cvrl.section_18

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: cvrl.18
permits := {"company.lookup": {
	"consumers": (data.terms.public_authorities | {"private"}),
	"subjects": {"company"},
	"keys": {"cvr_nummer", "p_nummer"},
	"attributes": {
		"cvr.produktionsenhed": {
			"adressebetegnelse",
			"branche",
			"navn",
			"pNummer",
			"produktionsenhedStartdato",
			"tilknyttetVirksomhedsCVRNummer",
		},
		"cvr.virksomhed": {
			"CVRNummer",
			"adressebeskyttet",
			"adressebetegnelse",
			"branche",
			"ejerPersonnummer",
			"navn",
			"status",
			"virksomhedOphoersdato",
			"virksomhedStartdato",
			"virksomhedsform",
		},
	},
	"refuse": refuse,
	"oblige": oblige,
}} if {
	input.legal_basis == "cvrl.18"
}

# METADATA
# title: The owner's personnummer is asked for by a public authority
# custom:
#   title_da: Ejerens personnummer efterspørges af en offentlig myndighed
#   short_name: PERSONAL_NUMBER_NOT_FOR_PRIVATE
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED]
#   legal_basis: cvrl.18
#   failure_msg:
#     en: >-
#       CVR-loven § 18: the personnummer of an owner is not passed to private parties. Leave
#       ejerPersonnummer out of the request.
#     da: >-
#       CVR-loven § 18: Ejerens personnummer videregives ikke til private. Udelad
#       ejerPersonnummer af anmodningen.
refuse contains {"attribute": "ejerPersonnummer", "code": "PERSONAL_NUMBER_NOT_FOR_PRIVATE"} if {
	not data.terms.consumer_is_public
}

# METADATA
# title: The address of the company is not protected
# custom:
#   title_da: Virksomhedens adresse er ikke beskyttet
#   short_name: ADDRESS_PROTECTED
#   legal_basis: cvrl.18
#   failure_msg:
#     en: >-
#       CVR-loven § 18: the address of this company is protected and is not passed to private
#       parties. Write to the company by other means.
#     da: >-
#       CVR-loven § 18: Virksomhedens adresse er beskyttet og videregives ikke til private.
#       Kontakt virksomheden ad anden vej.
oblige contains {
	"attributes": {"adressebetegnelse"},
	"code": "ADDRESS_PROTECTED",
	"effect": "withhold",
	"id": "withhold_when_address_protected",
	"legal_basis": "cvrl.18",
	"when": {"fact": "cvr.virksomhed.adressebeskyttet", "test": "equals", "value": true},
} if {
	not data.terms.consumer_is_public
}
