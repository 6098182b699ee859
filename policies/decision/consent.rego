package decision

# METADATA
# title: The law demands no consent, or the cited consent covers the request
# scope: document
consent_holds if not permit.requires_consent

consent_holds if {
	input.consent.known
	input.consent.given_time <= input.time
	is_still_to_come(input.consent.withdrawn_time)
	is_still_to_come(input.consent.expires_time)
	consent_fits
}

# METADATA
# title: A consent is cited where the law requires one
# custom:
#   title_da: Der er henvist til et samtykke, hvor loven kræver det
#   short_name: CONSENT_MISSING
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED]
#   legal_basis: rsl.11a.1
#   failure_msg:
#     en: >-
#       Retssikkerhedsloven § 11 a(1) requires the citizen's consent, as health data does under
#       sundhedsloven § 43 (unverified citation), and none is cited. Obtain the consent and cite
#       it.
#     da: >-
#       Retssikkerhedslovens § 11 a, stk. 1, kræver borgerens samtykke, ligesom
#       helbredsoplysninger gør efter sundhedslovens § 43 (ikke-verificeret henvisning), og der
#       er ikke henvist til noget. Indhent samtykket, og henvis til det.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "CONSENT_MISSING" if {
	requires_consent
	not input.consent.reference
}

# METADATA
# title: The cited consent exists
# custom:
#   title_da: Det angivne samtykke findes
#   short_name: CONSENT_UNKNOWN
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED, CONSENT_MISSING]
#   legal_basis: rsl.11a.1
#   failure_msg:
#     en: >-
#       Retssikkerhedsloven § 11 a(1) requires the citizen's consent, and the cited one is not
#       registered. Register the consent, or correct the reference.
#     da: >-
#       Retssikkerhedslovens § 11 a, stk. 1, kræver borgerens samtykke, og det angivne er ikke
#       registreret. Registrér samtykket, eller ret henvisningen.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "CONSENT_UNKNOWN" if {
	requires_consent
	input.consent.reference
	not input.consent.known
}

# METADATA
# title: The consent has been given
# custom:
#   title_da: Samtykket er givet
#   short_name: CONSENT_NOT_YET_GIVEN
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED, CONSENT_MISSING, CONSENT_UNKNOWN]
#   legal_basis: rsl.11a.1
#   failure_msg:
#     en: >-
#       Retssikkerhedsloven § 11 a(1) requires the citizen's consent before the look-up, and
#       this one takes effect later. Ask again once it has.
#     da: >-
#       Retssikkerhedslovens § 11 a, stk. 1, kræver borgerens samtykke før opslaget, og dette
#       får først virkning senere. Spørg igen, når det har virkning.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "CONSENT_NOT_YET_GIVEN" if {
	consent_counts
	not input.consent.given_time <= input.time
}

# METADATA
# title: The consent has not been withdrawn
# description: A consent may be withdrawn at any time; what was done before stays lawful.
# custom:
#   title_da: Samtykket er ikke trukket tilbage
#   short_name: CONSENT_WITHDRAWN
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED, CONSENT_MISSING, CONSENT_UNKNOWN]
#   legal_basis: rsl.11a.1
#   failure_msg:
#     en: >-
#       Retssikkerhedsloven § 11 a(1) requires the citizen's consent, and the citizen has
#       withdrawn it, as GDPR article 7(3) allows at any time. Decide the case without the data,
#       or ask for a new consent.
#     da: >-
#       Retssikkerhedslovens § 11 a, stk. 1, kræver borgerens samtykke, og borgeren har trukket
#       det tilbage, hvilket databeskyttelsesforordningens artikel 7, stk. 3, tillader når som
#       helst. Afgør sagen uden oplysningerne, eller bed om et nyt samtykke.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "CONSENT_WITHDRAWN" if {
	consent_counts
	not is_still_to_come(input.consent.withdrawn_time)
}

# METADATA
# title: The consent has not expired
# custom:
#   title_da: Samtykket er ikke udløbet
#   short_name: CONSENT_EXPIRED
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED, CONSENT_MISSING, CONSENT_UNKNOWN]
#   legal_basis: rsl.11a.1
#   failure_msg:
#     en: >-
#       Retssikkerhedsloven § 11 a(1) requires the citizen's consent, and this one has expired.
#       Ask the citizen for a new one.
#     da: >-
#       Retssikkerhedslovens § 11 a, stk. 1, kræver borgerens samtykke, og dette er udløbet. Bed
#       borgeren om et nyt.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "CONSENT_EXPIRED" if {
	consent_counts
	not is_still_to_come(input.consent.expires_time)
}

# METADATA
# title: The consent is for this authority, purpose, person and case
# description: A consent is specific; it cannot be carried over.
# custom:
#   title_da: Samtykket gælder denne myndighed, dette formål, denne person og denne sag
#   short_name: CONSENT_FOR_SOMETHING_ELSE
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED, CONSENT_MISSING, CONSENT_UNKNOWN]
#   legal_basis: rsl.11a.1
#   failure_msg:
#     en: >-
#       Retssikkerhedsloven § 11 a(1) requires the citizen's consent to this very look-up, and
#       the cited one is for another authority, purpose, person or case. Cite the consent that
#       fits.
#     da: >-
#       Retssikkerhedslovens § 11 a, stk. 1, kræver borgerens samtykke til netop dette opslag,
#       og det angivne gælder en anden myndighed, et andet formål, en anden person eller en
#       anden sag. Henvis til det rette samtykke.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "CONSENT_FOR_SOMETHING_ELSE" if {
	consent_counts
	not consent_fits
}

# A consent that does not exist has no further faults.
consent_counts if {
	requires_consent
	input.consent.known
}

is_still_to_come(moment) if moment == null

is_still_to_come(moment) if input.time < moment

consent_fits if {
	input.consent.consumer == input.consumer
	input.purpose in input.consent.purposes
	input.consent.subject_matches
	input.consent.case_matches
}
