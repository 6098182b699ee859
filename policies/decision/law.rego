package decision

import data.legal_bases

# METADATA
# title: The cited law, as the exchange lists it
basis := legal_bases[input.legal_basis]

# METADATA
# title: The identifier of the cited law, or nothing when there is no such law
# scope: document
default law := ""

law := input.legal_basis if basis

# METADATA
# title: The version in force on the day whose law decides
# scope: document
default version := null

version := {"id": input.legal_basis, "version": in_force[0]}

in_force := [candidate.version |
	some candidate in basis.versions
	covers(candidate, input.law_date)
]

# METADATA
# title: The legal basis that answers to the citation
# description: |
#   Each basis is a package legal_basis.<act>.<section>; it says what it permits when it is the
#   one cited. The index leads there, and a wrong line in it grants nothing.
cited := law_of(input.legal_basis)

# METADATA
# title: What the cited law permits for the purpose of the request
# description: |
#   The fields of a permit. A field of any other name fails the policies' own tests.
#
#   - consumers: the kinds of authority that may ask (schemas/authorities)
#   - subjects: the roles of those who may be asked about (schemas/input)
#   - keys: the kinds of key by which they may be looked up
#   - attributes: by dataset, the attributes that the law opens
#   - requires_consent: true where the citizen's consent is needed
#   - matching_only: true where the law opens bulk matching, and no look-up of one person
#   - break_glass: true where only urgent danger opens the data, and the request must state it
#   - own_staff_only: true where no processor may call for the authority
#   - deny: codes that stand in the way of the whole request
#   - refuse: attributes that the law itself takes out again, each with its code
#   - oblige: what the broker must do with what it fetched: see obligations
permit := cited.permits[input.purpose]

# METADATA
# title: The attributes that the cited law opens
opened := permit.attributes[input.dataset]

# METADATA
# title: The attributes that the cited law itself takes out again
restricted contains item.attribute if some item in permit.refuse

# METADATA
# title: The law is in force and permits the request
law_holds if {
	in_force[0]
	consumer.kind in permit.consumers
	input.subject_role in permit.subjects
	input.key in permit.keys
	opened
	matching_fits
	emergency_fits
	caller_fits
	not is_denied_by_law
}

is_denied_by_law if count(permit.deny) > 0

# METADATA
# title: The law demands the citizen's consent
# scope: document
requires_consent if permit.requires_consent

requires_consent if {
	not permit
	some candidate in cited.permits
	candidate.requires_consent
}

# METADATA
# title: The cited law opens the attribute
# custom:
#   title_da: Den angivne lov giver adgang til oplysningen
#   short_name: ATTRIBUTE_NOT_COVERED
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED, DATASET_NOT_COVERED]
#   legal_basis: gdpr.5.1.c
#   failure_msg:
#     en: >-
#       For this purpose the cited law does not open this attribute, and GDPR article 5(1)(c)
#       allows only what is necessary. Leave it out of the request.
#     da: >-
#       Til dette formål giver den angivne lov ikke adgang til oplysningen, og
#       databeskyttelsesforordningens artikel 5, stk. 1, litra c, tillader kun det nødvendige.
#       Udelad den af anmodningen.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
not_opened := asked - opened
