package decision

# METADATA
# title: The cited law exists
# description: A citation that no rule answers to permits nothing.
# custom:
#   title_da: Den angivne lov findes
#   short_name: LEGAL_BASIS_UNKNOWN
#   after: [INPUT_INVALID]
#   legal_basis: gdpr.5.1.a
#   failure_msg:
#     en: >-
#       GDPR article 5(1)(a) requires a lawful basis, and the cited one is not known here. Cite
#       one of the published legal bases.
#     da: >-
#       Databeskyttelsesforordningens artikel 5, stk. 1, litra a, kræver et lovligt grundlag, og
#       det angivne kendes ikke her. Angiv et af de offentliggjorte retsgrundlag.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "LEGAL_BASIS_UNKNOWN" if not basis

# METADATA
# title: The cited law is in force
# description: The law of the day that the request names decides, not the law of today.
# custom:
#   title_da: Den angivne lov gælder på den dato, hvis ret er afgørende
#   short_name: LEGAL_BASIS_NOT_IN_FORCE
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN]
#   legal_basis: gdpr.5.1.a
#   failure_msg:
#     en: >-
#       GDPR article 5(1)(a) requires a lawful basis, and the cited one was not in force on the
#       day whose law decides. Correct the law date or cite the law that applied then.
#     da: >-
#       Databeskyttelsesforordningens artikel 5, stk. 1, litra a, kræver et lovligt grundlag, og
#       det angivne gjaldt ikke den dag, hvis ret er afgørende. Ret datoen, eller angiv den ret,
#       der gjaldt dengang.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "LEGAL_BASIS_NOT_IN_FORCE" if {
	basis
	not in_force[0]
}

# METADATA
# title: The cited law carries the purpose
# description: A law that permits data for one purpose permits it for no other.
# custom:
#   title_da: Den angivne lov bærer formålet
#   short_name: PURPOSE_NOT_COVERED
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN]
#   legal_basis: gdpr.5.1.b
#   failure_msg:
#     en: >-
#       The cited law does not carry this purpose, and GDPR article 5(1)(b) binds data to its
#       purpose. Cite the law that the task rests on.
#     da: >-
#       Den angivne lov bærer ikke dette formål, og databeskyttelsesforordningens artikel 5,
#       stk. 1, litra b, binder oplysninger til deres formål. Angiv den lov, opgaven hviler på.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "PURPOSE_NOT_COVERED" if {
	basis
	purpose
	not permit
}

# METADATA
# title: The cited law is for this kind of authority
# description: Each authority has the tasks that the law gives it, and no others.
# custom:
#   title_da: Den angivne lov giver opgaven til denne slags myndighed
#   short_name: CONSUMER_NOT_PERMITTED
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED, CONSUMER_UNKNOWN]
#   legal_basis: fvl.32
#   failure_msg:
#     en: >-
#       The cited law gives this task to another kind of authority, and forvaltningsloven § 32
#       (unverified citation) forbids look-ups beyond one's own tasks. Cite a law of your own or
#       let the competent authority ask.
#     da: >-
#       Den angivne lov giver opgaven til en anden slags myndighed, og forvaltningslovens § 32
#       (ikke-verificeret henvisning) forbyder opslag ud over egne opgaver. Angiv jeres eget
#       retsgrundlag, eller lad den rette myndighed spørge.
deny contains "CONSUMER_NOT_PERMITTED" if {
	cited
	consumer
	not consumer_is_permitted
}

# METADATA
# title: The cited law reaches the dataset
# custom:
#   title_da: Den angivne lov omfatter datasættet
#   short_name: DATASET_NOT_COVERED
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED]
#   legal_basis: gdpr.5.1.c
#   failure_msg:
#     en: >-
#       For this purpose the cited law does not reach this dataset, and GDPR article 5(1)(c)
#       allows only what is necessary. Ask for a dataset that the law names.
#     da: >-
#       Til dette formål giver den angivne lov ikke adgang til datasættet, og
#       databeskyttelsesforordningens artikel 5, stk. 1, litra c, tillader kun det nødvendige.
#       Bed om et datasæt, som loven nævner.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "DATASET_NOT_COVERED" if {
	permit
	not permit.attributes[input.dataset]
}

# METADATA
# title: The cited law reaches the subject
# description: >-
#   The law says about whom data may be fetched: the applicant, a spouse, a household.
# custom:
#   title_da: Den angivne lov omfatter den, der slås op
#   short_name: SUBJECT_ROLE_NOT_COVERED
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED]
#   legal_basis: gdpr.5.1.c
#   failure_msg:
#     en: >-
#       For this purpose the cited law does not open data on a person or thing in this role, and
#       GDPR article 5(1)(c) allows only what is necessary. Check the role, or leave the subject
#       out of the case.
#     da: >-
#       Til dette formål giver den angivne lov ikke adgang til oplysninger om nogen i denne
#       rolle, og databeskyttelsesforordningens artikel 5, stk. 1, litra c, tillader kun det
#       nødvendige. Kontrollér rollen, eller udelad opslaget.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "SUBJECT_ROLE_NOT_COVERED" if {
	permit
	not input.subject_role in permit.subjects
}

# METADATA
# title: The cited law permits this way of looking up
# description: A search by address reaches other people than a search by personnummer.
# custom:
#   title_da: Den angivne lov tillader denne slags nøgle
#   short_name: KEY_NOT_PERMITTED
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED]
#   legal_basis: gdpr.5.1.c
#   failure_msg:
#     en: >-
#       For this purpose the cited law does not permit a look-up by this kind of key, and GDPR
#       article 5(1)(c) allows only what is necessary. Use a key that the law permits.
#     da: >-
#       Til dette formål tillader den angivne lov ikke opslag med denne slags nøgle, og
#       databeskyttelsesforordningens artikel 5, stk. 1, litra c, tillader kun det nødvendige.
#       Brug en nøgle, som loven tillader.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "KEY_NOT_PERMITTED" if {
	permit
	not input.key in permit.keys
}

consumer_is_permitted if consumer.kind in permit.consumers

# When the law does not carry the purpose, any purpose it carries will do.
consumer_is_permitted if {
	not permit
	some candidate in cited.permits
	consumer.kind in candidate.consumers
}
