# METADATA
# title: Urgent danger to life or health
# description: >-
#   A public authority that states an urgent danger may learn the name, address and status of a
#   person whom it knows by personnummer, to protect that person or another one. It asks itself, and
#   a second person reviews the look-up afterwards. GDPR article 6(1)(d) is the basis of the
#   processing; forvaltningsloven § 28(2) lets confidential data pass when it is of material
#   importance. The citation is unverified, and so is its use for authorities: recital 46 leaves
#   article 6(1)(d) for what no other basis carries.
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "Databeskyttelsesforordningens artikel 6, stk. 1, litra d; forvaltningsloven § 28, stk. 2"
#   legal_basis: gdpr.6.1.d
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
package legal_basis.gdpr.article_6_1_d

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: gdpr.6.1.d
permits := {"emergency.protection": {
	"consumers": data.terms.public_authorities,
	"subjects": {"person"},
	"keys": {"personnummer"},
	"break_glass": true,
	"own_staff_only": true,
	"attributes": {"cpr.person": name_address_status},
	"oblige": oblige,
}} if {
	input.legal_basis == "gdpr.6.1.d"
}

name_address_status := {"adresseringsnavn", "status"} | data.terms.address

# METADATA
# title: A second person finds that the danger was there
# description: The data is released at once; the look-up is flagged and waits for a review.
# custom:
#   title_da: En anden person finder, at faren var der
#   short_name: EMERGENCY_UNDER_REVIEW
#   legal_basis: gdpr.6.1.d
#   failure_msg:
#     en: >-
#       GDPR article 6(1)(d) and forvaltningsloven § 28(2) (unverified citations): data opened in
#       an emergency is reviewed by a second person. Keep what shows the danger.
#     da: >-
#       Databeskyttelsesforordningens artikel 6, stk. 1, litra d, og forvaltningslovens § 28,
#       stk. 2 (ikke-verificerede henvisninger): Oplysninger, der er givet i en nødsituation,
#       efterprøves af en anden person. Gem det, der viser faren.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
oblige contains {
	"attributes": name_address_status,
	"code": "EMERGENCY_UNDER_REVIEW",
	"effect": "review",
	"id": "review_emergency",
	"legal_basis": "gdpr.6.1.d",
	"when": null,
}
