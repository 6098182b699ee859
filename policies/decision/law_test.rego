package decision_test

import data.decision
import data.tests

test_refuse_unknown_basis if {
	outcome := decision.decision with input as tests.changed("income", {"legal_basis": "bsl.999"})
	not outcome.allow
	tests.codes(outcome) == {"LEGAL_BASIS_UNKNOWN"}
	outcome.legal_basis == null
}

test_refuse_law_not_in_force if {
	outcome := decision.decision with input as tests.changed("income", {"law_date": "2017-12-31"})
	not outcome.allow
	tests.codes(outcome) == {"LEGAL_BASIS_NOT_IN_FORCE"}
	outcome.legal_basis == null
}

test_allow_first_day_of_the_law if {
	outcome := decision.decision with input as tests.changed("income", {"law_date": "2018-01-01"})
	outcome.allow
}

test_refuse_law_that_has_ended if {
	outcome := decision.decision with input as tests.valid.income
		with data.legal_bases["bsl.8"].versions as [{"version": "1", "valid_from": "2018-01-01", "valid_to": "2026-11-20"}]
	not outcome.allow
	tests.codes(outcome) == {"LEGAL_BASIS_NOT_IN_FORCE"}
}

test_refuse_law_that_only_restricts if {
	outcome := decision.decision with input as tests.changed("person", {"legal_basis": "cprl.28"})
	not outcome.allow
	tests.codes(outcome) == {"PURPOSE_NOT_COVERED"}
}

test_refuse_purpose_of_another_law if {
	outcome := decision.decision with input as tests.changed("income", {"purpose": "pension.supplement"})
	not outcome.allow
	tests.codes(outcome) == {"PURPOSE_NOT_COVERED"}
}

test_refuse_dataset_of_another_law if {
	outcome := decision.decision with input as tests.changed("income", {
		"agreement": "udk-skat",
		"dataset": "skat.formue",
		"attributes": ["formue"],
	})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_DOES_NOT_COVER_PURPOSE", "DATASET_NOT_COVERED"}
}

test_refuse_everything_when_one_attribute_is_refused if {
	outcome := decision.decision with input as tests.changed("income", {"attributes": ["maaned", "seNummer"]})
	not outcome.allow
	tests.codes(outcome) == set()
	outcome.granted == []
	tests.attribute_codes(outcome, "seNummer") == {"ATTRIBUTE_NOT_COVERED", "ATTRIBUTE_NOT_IN_AGREEMENT"}
}

test_allow_part_when_a_part_will_do if {
	outcome := decision.decision with input as tests.changed("income", {
		"attributes": ["maaned", "seNummer"],
		"partial_acceptable": true,
	})
	outcome.allow
	outcome.granted == ["maaned"]
	count(outcome.refused) == 2
}

test_refuse_part_when_nothing_is_left if {
	outcome := decision.decision with input as tests.changed("income", {
		"attributes": ["seNummer"],
		"partial_acceptable": true,
	})
	not outcome.allow
	tests.codes(outcome) == set()
}

test_allow_one_basis_for_each_citation if {
	every id, law in data.legal_bases {
		found := [permits | permits := data.legal_basis[_][_].permits with input as {"legal_basis": id}]
		count(found) == {"permits": 1, "restricts": 0}[law.effect]
	}
}

test_allow_every_basis_under_the_name_of_its_package if {
	every id, _ in data.legal_bases {
		found := {name |
			some act, section
			data.legal_basis[act][section].permits with input as {"legal_basis": id}
			name := concat(".", ["legal_basis", act, section])
		}
		named := {cited["package"] | cited := decision.cited with input as {"legal_basis": id}}
		named == found
	}
}

# A restriction that its permit does not name would have no effect.
test_refuse_deny_left_out_of_a_permit if {
	every id, _ in data.legal_bases {
		left_out := [section |
			some act, section
			data.legal_basis[act][section].deny
			some permit in data.legal_basis[act][section].permits with input as {"legal_basis": id}
			not permit.deny
		]
		left_out == []
	}
}

test_refuse_refuse_left_out_of_a_permit if {
	every id, _ in data.legal_bases {
		left_out := [section |
			some act, section
			data.legal_basis[act][section].refuse
			some permit in data.legal_basis[act][section].permits with input as {"legal_basis": id}
			not permit.refuse
		]
		left_out == []
	}
}

test_refuse_oblige_left_out_of_a_permit if {
	every id, _ in data.legal_bases {
		left_out := [section |
			some act, section
			data.legal_basis[act][section].oblige
			some permit in data.legal_basis[act][section].permits with input as {"legal_basis": id}
			not permit.oblige
		]
		left_out == []
	}
}
