package legal_basis.pl.work_income_test

import data.legal_basis.pl.work_income

test_allow_spouse_before_2023 if work_income.counts("spouse", "2022-12-31")

test_refuse_spouse_from_2023 if not work_income.counts("spouse", "2023-01-01")

test_allow_own_before_2024 if work_income.counts("applicant", "2023-12-31")

test_refuse_own_from_2024 if not work_income.counts("applicant", "2024-01-01")

test_refuse_others_ever if not work_income.counts("child", "2018-01-01")
