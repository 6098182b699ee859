package legal_basis.bsl.section_77_test

import data.decision
import data.tests

test_allow_exactly_what_the_law_opens if {
	tests.opens_exactly("area", {
		"consumers": {"udbetaling_danmark"},
		"subjects": {"property"},
		"keys": {"bbr_enhed_id", "dar_adresse_id"},
		"attributes": {"bbr.enhed": {
			"adresseIdentificerer",
			"enh026EnhedensSamledeAreal",
			"enh034Koekkenforhold",
			"enh045Udlejningsforhold",
			"id_lokalId",
		}},
	})
}

test_allow_area if {
	outcome := decision.decision with input as tests.valid.area
	outcome.allow
}

test_refuse_person if {
	outcome := decision.decision with input as tests.changed("area", {"subject_role": "applicant"})
	not outcome.allow
	tests.codes(outcome) == {"SUBJECT_ROLE_NOT_COVERED"}
}
