package decision

import data.legal_bases

# METADATA
# title: The identifier of the cited law, or nothing when there is no such law
# scope: document
default law := ""

law := input.legal_basis if legal_bases[input.legal_basis]

# METADATA
# title: The version in force on the day whose law decides
# scope: document
default version := null

version := {"id": law, "version": in_force[0]} if in_force[0]

in_force := [candidate.version |
	some candidate in legal_bases[input.legal_basis].versions
	covers(candidate, input.law_date)
]

# METADATA
# title: The legal basis that answers to the citation
# description: |
#   Each basis is a package legal_basis.<act>.<section>; it says what it permits when it is the
#   one cited. They are found by iteration: adding a basis edits no list.
cited := {"package": concat(".", ["legal_basis", act, section]), "permits": permits} if {
	some act, section
	permits := data.legal_basis[act][section].permits
}

# METADATA
# title: What the cited law permits for the purpose of the request
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
	consumer_kind in permit.consumers
	input.subject_role in permit.subjects
	input.key in permit.keys
	opened
	not is_denied_by_law
}

is_denied_by_law if count(permit.deny) > 0

# METADATA
# title: The law demands the citizen's consent
# scope: document
default requires_consent := false

requires_consent if permit.requires_consent

requires_consent if {
	not permit
	some candidate in cited.permits
	candidate.requires_consent
}

# METADATA
# title: The cited law opens the attribute
# custom:
#   short_name: ATTRIBUTE_NOT_COVERED
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
