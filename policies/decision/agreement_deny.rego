package decision

# METADATA
# title: The agreement exists
# custom:
#   title_da: Aftalen findes
#   short_name: AGREEMENT_UNKNOWN
#   after: [INPUT_INVALID]
#   legal_basis: ilov.7
#   failure_msg:
#     en: >-
#       There is no agreement by this name. Data is exchanged under an agreement only, as
#       indkomstregisterloven § 7 requires for income; name an agreement of yours.
#     da: >-
#       Der findes ingen aftale med dette navn. Oplysninger udveksles kun efter aftale, som
#       indkomstregisterlovens § 7 kræver det for indkomst; angiv en af jeres aftaler.
deny contains "AGREEMENT_UNKNOWN" if not named

# METADATA
# title: The agreement is between the consumer and the provider
# custom:
#   title_da: Aftalen er mellem den spørgende myndighed og registeret
#   short_name: AGREEMENT_OF_ANOTHER_PARTY
#   after: [INPUT_INVALID, AGREEMENT_UNKNOWN]
#   legal_basis: ilov.7
#   failure_msg:
#     en: >-
#       The agreement is not one between the asking authority and this register. Each authority
#       needs its own, as indkomstregisterloven § 7 requires for income.
#     da: >-
#       Aftalen er ikke indgået mellem den spørgende myndighed og dette register. Hver myndighed
#       skal have sin egen, som indkomstregisterlovens § 7 kræver det for indkomst.
deny contains "AGREEMENT_OF_ANOTHER_PARTY" if {
	named
	not own
}

# METADATA
# title: The agreement has begun
# description: The day of the request counts, in UTC, not the day whose law decides.
# custom:
#   title_da: Aftalen er begyndt
#   short_name: AGREEMENT_NOT_YET_VALID
#   after: [INPUT_INVALID, AGREEMENT_UNKNOWN, AGREEMENT_OF_ANOTHER_PARTY]
#   legal_basis: ilov.7
#   failure_msg:
#     en: >-
#       The agreement has not begun, and data is exchanged under an agreement in force only, as
#       indkomstregisterloven § 7 requires for income. Ask again from its first day.
#     da: >-
#       Aftalen er ikke begyndt, og oplysninger udveksles kun efter en gældende aftale, som
#       indkomstregisterlovens § 7 kræver det for indkomst. Spørg igen fra dens første dag.
deny contains "AGREEMENT_NOT_YET_VALID" if {
	own
	not own.valid_from <= today
}

# METADATA
# title: The agreement has not ended
# description: The last day of the agreement still counts.
# custom:
#   title_da: Aftalen er ikke ophørt
#   short_name: AGREEMENT_ENDED
#   after: [INPUT_INVALID, AGREEMENT_UNKNOWN, AGREEMENT_OF_ANOTHER_PARTY]
#   legal_basis: ilov.7
#   failure_msg:
#     en: >-
#       The agreement has ended, and data is exchanged under an agreement in force only, as
#       indkomstregisterloven § 7 requires for income. Renew it with the provider before asking
#       again.
#     da: >-
#       Aftalen er ophørt, og oplysninger udveksles kun efter en gældende aftale, som
#       indkomstregisterlovens § 7 kræver det for indkomst. Forny den med registeret, før I
#       spørger igen.
deny contains "AGREEMENT_ENDED" if {
	own
	not own.valid_to == null
	not today <= own.valid_to
}

# METADATA
# title: The agreement carries the purpose
# custom:
#   title_da: Aftalen omfatter formålet
#   short_name: AGREEMENT_DOES_NOT_COVER_PURPOSE
#   after: [INPUT_INVALID, AGREEMENT_UNKNOWN, AGREEMENT_OF_ANOTHER_PARTY, PURPOSE_UNKNOWN]
#   legal_basis: gdpr.5.1.b
#   failure_msg:
#     en: >-
#       The agreement was not made for this purpose, and GDPR article 5(1)(b) binds data to its
#       purpose. Name another agreement, or have this one extended.
#     da: >-
#       Aftalen er ikke indgået til dette formål, og databeskyttelsesforordningens artikel 5,
#       stk. 1, litra b, binder oplysninger til deres formål. Angiv en anden aftale, eller få
#       denne udvidet.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "AGREEMENT_DOES_NOT_COVER_PURPOSE" if {
	own
	purpose
	not input.purpose in own.purposes
}

# METADATA
# title: The agreement carries the dataset
# custom:
#   title_da: Aftalen omfatter datasættet
#   short_name: AGREEMENT_DOES_NOT_COVER_DATASET
#   after: [INPUT_INVALID, AGREEMENT_UNKNOWN, AGREEMENT_OF_ANOTHER_PARTY]
#   legal_basis: gdpr.5.1.c
#   failure_msg:
#     en: >-
#       The agreement does not carry this dataset, and GDPR article 5(1)(c) allows only what is
#       necessary. Name another agreement, or have this one extended.
#     da: >-
#       Aftalen omfatter ikke dette datasæt, og databeskyttelsesforordningens artikel 5, stk. 1,
#       litra c, tillader kun det nødvendige. Angiv en anden aftale, eller få denne udvidet.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "AGREEMENT_DOES_NOT_COVER_DATASET" if {
	own
	not own.datasets[input.dataset]
}
