package decision

# METADATA
# title: The request is well formed
# description: |
#   Every field is present and of its kind; times are UTC to the second, and times and dates have
#   their shape. schemas/input says the same in JSON Schema.
# custom:
#   short_name: INPUT_INVALID
#   legal_basis: gdpr.5.1.a
#   failure_msg:
#     en: >-
#       The request is incomplete or malformed, so its lawfulness cannot be judged
#       (GDPR article 5(1)(a)). Correct it and ask again.
#     da: >-
#       Anmodningen er ufuldstændig eller forkert udformet, så dens lovlighed kan ikke bedømmes
#       (databeskyttelsesforordningens artikel 5, stk. 1, litra a). Ret den, og spørg igen.
# related_resources:
#   - ref: https://eur-lex.europa.eu/eli/reg/2016/679/oj
#     description: GDPR
is_valid if {
	input.kind in {"dry_run", "exchange"}
	is_timestamp(input.time)
	is_date(input.law_date)
	is_string(input.consumer)
	is_string(input.provider)
	is_string(input.purpose)
	is_string(input.legal_basis)
	is_string(input.agreement)
	is_string(input.dataset)
	is_string(input.key)
	is_string(input.subject_role)
	is_boolean(input.partial_acceptable)
	is_nonempty_list_of_names(input.attributes)
	is_cvr_or_absent(input.processor)
	is_consent_or_absent(input.consent)
}

is_timestamp(text) if {
	is_string(text)
	with_nines(text) == "9999-99-99T99:99:99Z"
}

is_timestamp_or_absent(text) if text == null

is_timestamp_or_absent(text) if is_timestamp(text)

is_date(text) if {
	is_string(text)
	with_nines(text) == "9999-99-99"
}

# A text with a nine for every digit shows its shape; a regular expression costs the embedded
# engine fifty times as much, and its parser of times fails where OPA's says no.
with_nines(text) := strings.replace_n(
	{"0": "9", "1": "9", "2": "9", "3": "9", "4": "9", "5": "9", "6": "9", "7": "9", "8": "9"},
	text,
)

is_nonempty_list_of_names(list) if {
	is_array(list)
	count(list) > 0
	every name in list {
		is_string(name)
	}
}

is_cvr_or_absent(text) if text == null

is_cvr_or_absent(text) if is_string(text)

is_consent_or_absent(consent) if consent == null

is_consent_or_absent(consent) if {
	consent.known == false
	is_string(consent.reference)
}

is_consent_or_absent(consent) if {
	consent.known == true
	is_string(consent.reference)
	is_string(consent.consumer)
	is_nonempty_list_of_names(consent.purposes)
	is_timestamp(consent.given_time)
	is_timestamp_or_absent(consent.expires_time)
	is_timestamp_or_absent(consent.withdrawn_time)
	is_boolean(consent.subject_matches)
	is_boolean(consent.case_matches)
}
