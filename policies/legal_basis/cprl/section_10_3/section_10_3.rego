# METADATA
# title: Income in a control of residence
# description: >-
#   A municipality that examines where a person lives may ask the income register: on a law date
#   before 2023 only whether there was income, from 2023 for the amounts. Neither the citation nor
#   the dates are verified.
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "CPR-loven § 10, stk. 3"
#   legal_basis: cprl.10.3
# related_resources:
#   - ref: https://www.retsinformation.dk/eli/lta/2023/1010
package legal_basis.cprl.section_10_3

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: cprl.10.3
permits := {"residence.control": {
	"consumers": {"municipality"},
	"subjects": {"person"},
	"keys": {"personnummer"},
	"attributes": {"eindkomst.indkomst": data.terms.income},
	"refuse": refuse,
	"oblige": oblige,
}} if {
	input.legal_basis == "cprl.10.3"
}

# METADATA
# title: The months of income are open on the law date
# description: An indicator of each month would tell more than whether there was income.
# custom:
#   title_da: Indkomstens måneder er åbne på den dato, hvis ret er afgørende
#   short_name: MONTH_NOT_INDICATED
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED]
#   legal_basis: cprl.10.3
#   failure_msg:
#     en: >-
#       CPR-loven § 10(3) (unverified citation): before 2023 (unverified date) the municipality
#       learns only whether there was income, and not in which month. Leave maaned out of the
#       request.
#     da: >-
#       CPR-lovens § 10, stk. 3 (ikke-verificeret henvisning): før 2023 (ikke-verificeret dato)
#       oplyses kommunen kun om, hvorvidt der var indkomst, og ikke i hvilken måned. Udelad
#       maaned af anmodningen.
# related_resources:
#   - ref: https://www.retsinformation.dk/eli/lta/2023/1010
#     description: CPR-loven, LBK nr. 1010 af 23. juni 2023
refuse contains {"attribute": "maaned", "code": "MONTH_NOT_INDICATED"} if not amounts_are_open

# METADATA
# title: The amounts of income are open on the law date
# custom:
#   title_da: Indkomstens beløb er åbne på den dato, hvis ret er afgørende
#   short_name: INCOME_INDICATED_ONLY
#   legal_basis: cprl.10.3
#   failure_msg:
#     en: >-
#       CPR-loven § 10(3) (unverified citation): before 2023 (unverified date) the municipality
#       learns only whether there was income. The answer says yes or no for each kind.
#     da: >-
#       CPR-lovens § 10, stk. 3 (ikke-verificeret henvisning): før 2023 (ikke-verificeret dato)
#       oplyses kommunen kun om, hvorvidt der var indkomst. Svaret er ja eller nej for hver slags.
# related_resources:
#   - ref: https://www.retsinformation.dk/eli/lta/2023/1010
#     description: CPR-loven, LBK nr. 1010 af 23. juni 2023
oblige contains {
	"attributes": data.terms.income,
	"code": "INCOME_INDICATED_ONLY",
	"effect": "indicate",
	"id": "indicate_income",
	"legal_basis": "cprl.10.3",
	"when": null,
} if {
	not amounts_are_open
}

amounts_are_open if input.law_date >= "2023-01-01"
