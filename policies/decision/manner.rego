package decision

# How a request is made: one by one or in bulk, in an emergency or not, by the authority itself or by
# a vendor. A law that says nothing of it opens the ordinary way only.

matching_fits if {
	input.kind == "matching"
	permit.matching_only
}

matching_fits if {
	input.kind != "matching"
	not permit.matching_only
}

emergency_fits if {
	input.emergency
	permit.break_glass
}

emergency_fits if {
	not input.emergency
	not permit.break_glass
}

caller_fits if input.processor == null

caller_fits if not permit.own_staff_only

# METADATA
# title: The request is part of a bulk matching, where the law opens nothing else
# description: A law on matching for control opens no look-up of one person.
# custom:
#   title_da: Anmodningen er led i en samkøring, hvor loven kun åbner for det
#   short_name: BATCH_ONLY
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED]
#   legal_basis: gdpr.5.1.b
#   failure_msg:
#     en: >-
#       The cited law opens bulk matching for control and no look-up of one person, and GDPR
#       article 5(1)(b) binds data to its purpose. Send it with a matching, or cite the law that
#       this case rests on.
#     da: >-
#       Den angivne lov åbner for samkøring med henblik på kontrol og ikke for opslag af en enkelt
#       person, og databeskyttelsesforordningens artikel 5, stk. 1, litra b, binder oplysninger
#       til deres formål. Send den med en samkøring, eller angiv den lov, som sagen hviler på.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "BATCH_ONLY" if {
	permit.matching_only
	input.kind != "matching"
}

# METADATA
# title: The request is no bulk matching, where the law opens none
# description: To match everyone in a register is another thing than to look one person up.
# custom:
#   title_da: Anmodningen er ikke led i en samkøring, hvor loven ikke åbner for det
#   short_name: MATCHING_NOT_COVERED
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED]
#   legal_basis: gdpr.5.1.c
#   failure_msg:
#     en: >-
#       The cited law opens look-ups in single cases and no bulk matching, and GDPR article
#       5(1)(c) allows only what is necessary. Look up the person whom the case is about.
#     da: >-
#       Den angivne lov åbner for opslag i den enkelte sag og ikke for samkøring, og
#       databeskyttelsesforordningens artikel 5, stk. 1, litra c, tillader kun det nødvendige.
#       Slå den person op, som sagen drejer sig om.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "MATCHING_NOT_COVERED" if {
	permit
	input.kind == "matching"
	not permit.matching_only
}

# METADATA
# title: An emergency is stated, where the law opens data in one only
# description: The ground is given in writing; it is sealed, and a second person reads it.
# custom:
#   title_da: Der er angivet en nødsituation, hvor loven kun åbner for oplysninger i en sådan
#   short_name: EMERGENCY_NOT_STATED
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED]
#   legal_basis: gdpr.6.1.d
#   failure_msg:
#     en: >-
#       The cited law opens data in urgent danger to life or health only, and the request states
#       none (GDPR article 6(1)(d)). State the danger and its ground, or cite the law of the
#       ordinary case.
#     da: >-
#       Den angivne lov åbner kun for oplysninger ved overhængende fare for liv eller helbred, og
#       anmodningen angiver ingen (databeskyttelsesforordningens artikel 6, stk. 1, litra d).
#       Angiv faren og grunden, eller angiv den lov, som den almindelige sag hviler på.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "EMERGENCY_NOT_STATED" if {
	permit.break_glass
	not input.emergency
}

# METADATA
# title: No emergency is stated, where the law knows none
# description: A stated emergency opens nothing by itself; it needs a law that provides for one.
# custom:
#   title_da: Der er ikke angivet en nødsituation, hvor loven ikke kender nogen
#   short_name: EMERGENCY_NOT_COVERED
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED]
#   legal_basis: gdpr.6.1.d
#   failure_msg:
#     en: >-
#       The request states an emergency, and the cited law does not provide for one. Cite the
#       basis for urgent danger to life or health (GDPR article 6(1)(d)), or ask without stating
#       an emergency.
#     da: >-
#       Anmodningen angiver en nødsituation, som den angivne lov ikke tager højde for. Angiv
#       grundlaget for overhængende fare for liv eller helbred (databeskyttelsesforordningens
#       artikel 6, stk. 1, litra d), eller spørg uden at angive en nødsituation.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "EMERGENCY_NOT_COVERED" if {
	permit
	input.emergency
	not permit.break_glass
}

# METADATA
# title: The authority asks itself, where the law permits no processor
# description: What the law leaves to the authority's own staff, no vendor does for it.
# custom:
#   title_da: Myndigheden spørger selv, hvor loven ikke tillader en databehandler
#   short_name: PROCESSOR_NOT_PERMITTED
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED]
#   legal_basis: gdpr.28
#   failure_msg:
#     en: >-
#       The cited law leaves this to the authority's own staff, and a processor acts within its
#       instructions only (GDPR article 28; unverified citation). Let the authority ask itself.
#     da: >-
#       Den angivne lov overlader dette til myndighedens egne medarbejdere, og en databehandler
#       handler kun efter instruks (databeskyttelsesforordningens artikel 28; ikke-verificeret
#       henvisning). Lad myndigheden selv spørge.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "PROCESSOR_NOT_PERMITTED" if {
	permit.own_staff_only
	input.processor != null
}
