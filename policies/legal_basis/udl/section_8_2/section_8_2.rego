# METADATA
# title: The municipality's personal supplement to a pension
# description: >-
#   A municipality may read the supplement percentage and the wealth in the pension case of the
#   applicant and the spouse. It may not read their income from work.
# schemas:
#   - input: schema.input.schema
# custom:
#   citation: "Udbetaling Danmark-loven § 8, stk. 2"
#   legal_basis: udl.8.2
package legal_basis.udl.section_8_2

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: udl.8.2
permits := {"pension.personal-supplement": {
	"consumers": {"municipality"},
	"subjects": {"applicant", "spouse"},
	"keys": {"personnummer"},
	"attributes": {"pension.sag": {"formue", "personligTillaegsprocent"}},
	"refuse": refuse,
}} if {
	input.legal_basis == "udl.8.2"
}

# METADATA
# title: Work income counts on the law date
# description: >-
#   What law 875/2022 (the spouse) and law 726/2023 (the pensioner) took out of the calculation.
# custom:
#   title_da: Arbejdsindkomst har betydning på den dato, hvis ret er afgørende
#   short_name: WORK_INCOME_NO_LONGER_RELEVANT
#   after: [INPUT_INVALID, LEGAL_BASIS_UNKNOWN, PURPOSE_UNKNOWN, PURPOSE_NOT_COVERED]
#   legal_basis: udl.8.2
#   failure_msg:
#     en: >-
#       Pensionsloven, as amended by laws 875/2022 and 726/2023 (dates of entry unverified): on
#       this law date this work income does not affect the pension, and Udbetaling Danmark-loven
#       § 8(2) opens the pension case only. Leave loenindkomst out of the request.
#     da: >-
#       Pensionsloven som ændret ved lov nr. 875/2022 og nr. 726/2023 (ikrafttrædelsesdatoer
#       ikke verificeret): på denne dato har denne arbejdsindkomst ingen betydning for
#       pensionen, og Udbetaling Danmark-lovens § 8, stk. 2, åbner kun pensionssagen. Udelad
#       loenindkomst af anmodningen.
# related_resources:
#   - ref: https://www.retsinformation.dk/eli/lta/2022/875
#     description: Lov nr. 875 af 21. juni 2022
#   - ref: https://www.retsinformation.dk/eli/lta/2023/726
#     description: Lov nr. 726 af 2023
refuse contains {"attribute": "loenindkomst", "code": "WORK_INCOME_NO_LONGER_RELEVANT"} if {
	not data.legal_basis.pl.work_income.counts(input.subject_role, input.law_date)
}
