package decision

import data.authorities
import data.purposes

# Each table of data is read once: in the embedded engine a reference into data costs as much as all
# the conditions of an agreement, and more with every law.

# METADATA
# title: The day on which the request is decided, in UTC
today := substring(input.time, 0, 10)

# METADATA
# title: The authority that asks, as the exchange knows it
consumer := authorities[input.consumer]

# METADATA
# title: The purpose, as the exchange describes it
purpose := purposes[input.purpose]

# METADATA
# title: The parties and the purpose are known
parties_hold if {
	parties_are_known
	purpose
}

# METADATA
# title: The consumer, and the processor that calls for it, take part in the exchange
# description: An authority or a processor that is unknown, not yet admitted or revoked has no access.
# custom:
#   title_da: Den spørgende myndighed, og databehandleren der kalder for den, deltager i udvekslingen
#   short_name: CONSUMER_UNKNOWN
#   after: [INPUT_INVALID]
#   legal_basis: gdpr.32
#   failure_msg:
#     en: >-
#       The authority, or the processor that calls for it, does not take part in the exchange today
#       (GDPR article 32, security of processing; unverified citation). Ask the operator of the exchange to admit it.
#     da: >-
#       Myndigheden, eller den databehandler der kalder for den, deltager ikke i udvekslingen i dag
#       (databeskyttelsesforordningens artikel 32 om behandlingssikkerhed; ikke-verificeret henvisning).
#       Bed udvekslingens driftsansvarlige om optagelse.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "CONSUMER_UNKNOWN" if not parties_are_known

# METADATA
# title: The purpose is one that the exchange knows
# description: Data is collected for specified, explicit purposes; a purpose nobody has described is none.
# custom:
#   title_da: Formålet er et, som udvekslingen kender
#   short_name: PURPOSE_UNKNOWN
#   after: [INPUT_INVALID]
#   legal_basis: gdpr.5.1.b
#   failure_msg:
#     en: >-
#       The purpose is not among those the exchange knows, and GDPR article 5(1)(b) requires a specified purpose.
#       State one of the published purposes.
#     da: >-
#       Formålet er ikke blandt dem, udvekslingen kender, og databeskyttelsesforordningens artikel 5, stk. 1,
#       litra b, kræver et udtrykkeligt angivet formål. Angiv et af de offentliggjorte formål.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
deny contains "PURPOSE_UNKNOWN" if not purpose

parties_are_known if {
	covers(consumer, today)
	processor_takes_part
}

processor_takes_part if input.processor == null

processor_takes_part if covers(authorities[input.processor], today)
