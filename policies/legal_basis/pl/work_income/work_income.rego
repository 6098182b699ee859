# METADATA
# title: Work income in the calculation of a pension
# description: >-
#   Law 875/2022 ended the reduction for the work income of the spouse, law 726/2023 that for the
#   pensioner's own. The dates of entry are unverified.
# custom:
#   citation: "Pensionsloven som ændret ved lov nr. 875/2022 og lov nr. 726/2023"
# related_resources:
#   - ref: https://www.retsinformation.dk/eli/lta/2022/875
#   - ref: https://www.retsinformation.dk/eli/lta/2023/726
package legal_basis.pl.work_income

# METADATA
# title: Whether work income counts
# description: The spouse's to the end of 2022, the pensioner's own to the end of 2023.
# scope: document
counts("spouse", law_date) if law_date < "2023-01-01"

counts("applicant", law_date) if law_date < "2024-01-01"
