# METADATA
# title: The income of the household for housing benefit
# description: >-
#   Udbetaling Danmark may read the monthly income of the adults in the household (§ 8; recomputed
#   under § 8 d). The income of children does not count and is not read (§ 8, stk. 4).
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "Boligstøtteloven §§ 8 og 8 d; indkomstregisterloven § 7"
#   legal_basis: bsl.8
# related_resources:
#   - ref: https://www.retsinformation.dk/eli/lta/2025/995
package legal_basis.bsl.section_8

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: bsl.8
permits := {"housing-benefit.income": {
	"consumers": {"udbetaling_danmark"},
	"subjects": {"applicant", "child", "household_member", "spouse"},
	"keys": {"personnummer"},
	"attributes": {"eindkomst.indkomst": data.terms.income},
	"deny": deny,
	"oblige": oblige,
}} if {
	input.legal_basis == "bsl.8"
}

# METADATA
# title: The subject is no child
# custom:
#   title_da: Den, der slås op, er ikke et barn
#   short_name: SUBJECT_IS_CHILD
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED]
#   legal_basis: bsl.8
#   failure_msg:
#     en: >-
#       Boligstøtteloven § 8(4): the income of children does not count towards the income of the
#       household, so it is not read. Leave the child out.
#     da: >-
#       Boligstøtteloven § 8, stk. 4: Børns indkomster indgår ikke i husstandsindkomsten og
#       hentes derfor ikke. Udelad barnet.
# related_resources:
#   - ref: https://www.retsinformation.dk/eli/lta/2025/995
#     description: Boligstøtteloven, LBK nr. 995 af 1. juli 2025
deny contains "SUBJECT_IS_CHILD" if input.subject_role == "child"

# METADATA
# title: Nor is it read by mistake
# description: Whatever the role says, the broker looks up the age before it releases an income.
# custom:
#   legal_basis: bsl.8
oblige contains {
	"attributes": data.terms.income,
	"code": "SUBJECT_IS_CHILD",
	"effect": "withhold",
	"id": "withhold_when_child",
	"legal_basis": "bsl.8",
	"when": {"fact": "cpr.person.foedselsdato", "test": "age_below", "value": 18},
}
