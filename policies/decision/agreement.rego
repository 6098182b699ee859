package decision

import data.agreements

# METADATA
# title: The named agreement, as the exchange keeps it
# description: |
#   The law opens the door, the agreement between consumer and provider says how far. Income
#   data needs one by indkomstregisterloven § 7; the exchange asks for one in every case.
named := agreements[input.agreement]

# METADATA
# title: The identifier of the named agreement, or nothing when there is no such agreement
# scope: document
default agreement := null

agreement := input.agreement if named

# METADATA
# title: The agreement, when it binds the two parties of the request
own := named if {
	named.consumer == input.consumer
	named.provider == input.provider
}

# METADATA
# title: The agreement is in force and carries the purpose
agreement_holds if {
	covers(own, today)
	input.purpose in own.purposes
	carried
}

# METADATA
# title: The attributes that the agreement carries
carried := names if {
	list := own.datasets[input.dataset]
	names := {name | some name in list}
}

# METADATA
# title: The agreement carries the attribute
# custom:
#   title_da: Aftalen omfatter oplysningen
#   short_name: ATTRIBUTE_NOT_IN_AGREEMENT
#   after: [INPUT_INVALID, AGREEMENT_UNKNOWN, AGREEMENT_OF_ANOTHER_PARTY, AGREEMENT_DOES_NOT_COVER_DATASET]
#   legal_basis: gdpr.5.1.c
#   failure_msg:
#     en: >-
#       The agreement does not carry this attribute; GDPR article 5(1)(c) allows only what is
#       necessary, and the agreement says what that is. Leave it out, or have the agreement
#       changed.
#     da: >-
#       Aftalen omfatter ikke oplysningen; databeskyttelsesforordningens artikel 5, stk. 1,
#       litra c, tillader kun det nødvendige, og aftalen siger, hvad det er. Udelad den, eller
#       få aftalen ændret.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
not_carried := asked - carried
