package decision_test

import data.decision
import data.tests

test_refuse_empty_input if refused_as_invalid({})

test_refuse_input_that_is_no_object if {
	every odd in ["text", 1, null, true, [], [1]] {
		refused_as_invalid(odd)
	}
}

test_refuse_each_field_missing if {
	every field, _ in tests.valid.income {
		refused_as_invalid(object.remove(tests.valid.income, [field]))
	}
}

test_refuse_each_field_of_the_wrong_type if {
	every field, _ in tests.valid.income {
		every odd in [1, {}, [], "", [1], {"known": true}] {
			request := tests.changed("income", {field: odd})
			not decision.decision.allow with input as request
		}
	}
}

test_refuse_each_field_null if {
	every field, _ in object.remove(tests.valid.income, ["consent", "processor"]) {
		refused_as_invalid(tests.changed("income", {field: null}))
	}
}

test_refuse_times_that_are_not_utc_to_the_second if {
	every text in ["2026-11-21T20:00:00+01:00", "2026-11-21T20:00Z", "2026-11-21 20:00:00Z", "yesterday at 8 oclZ"] {
		refused_as_invalid(tests.changed("income", {"time": text}))
	}
}

test_refuse_dates_of_another_shape if {
	every text in ["21-11-2026", "2026-2-3", "2026", ""] {
		refused_as_invalid(tests.changed("income", {"law_date": text}))
	}
}

test_refuse_consent_with_a_field_missing if {
	every field, _ in tests.consent {
		consent := object.remove(tests.consent, [field])
		refused_as_invalid(tests.changed("early_retirement", {"consent": consent}))
	}
}

test_refuse_kind_that_nobody_knows if {
	every kind in ["watch", "EXCHANGE", ""] {
		refused_as_invalid(tests.changed("income", {"kind": kind}))
	}
}

test_refuse_list_with_something_else_than_names if {
	every odd in [1, null, true, ["maaned"], {}] {
		refused_as_invalid(tests.changed("income", {"attributes": ["maaned", odd]}))
		refused_as_invalid(tests.with_consent("early_retirement", {"purposes": ["early-retirement.health", odd]}))
	}
}

test_refuse_consent_by_a_reference_that_is_no_text if {
	every odd in [1, null, true, [], {}] {
		refused_as_invalid(tests.with_consent("early_retirement", {"reference": odd}))
		unknown := object.union(tests.unknown_consent, {"reference": odd})
		refused_as_invalid(tests.changed("early_retirement", {"consent": unknown}))
	}
}

test_refuse_consent_with_a_time_of_another_shape if {
	every field in ["given_time", "expires_time", "withdrawn_time"] {
		every odd in ["2026-11-21", "2026-11-21T20:00:00+01:00", "", 1, true, []] {
			refused_as_invalid(tests.with_consent("early_retirement", {field: odd}))
		}
	}
}

test_allow_dry_run if {
	outcome := decision.decision with input as tests.changed("income", {"kind": "dry_run"})
	outcome.allow
}

test_allow_processor if {
	outcome := decision.decision with input as tests.changed("cash_benefit", {"processor": "90000160"})
	outcome.allow
}

test_refuse_unknown_consumer if {
	outcome := decision.decision with input as tests.changed("income", {"consumer": "99999999"})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_OF_ANOTHER_PARTY", "CONSUMER_UNKNOWN"}
}

test_refuse_unknown_processor if {
	outcome := decision.decision with input as tests.changed("income", {"processor": "99999999"})
	not outcome.allow
	tests.codes(outcome) == {"CONSUMER_UNKNOWN"}
}

test_refuse_revoked_processor if {
	outcome := decision.decision with input as tests.changed("cash_benefit", {"processor": "90000179"})
	not outcome.allow
	tests.codes(outcome) == {"CONSUMER_UNKNOWN"}
}

test_allow_last_day_of_a_processor if {
	decision.decision.allow with input as tests.changed("cash_benefit", {"processor": "90000160"})
		with data.authorities["90000160"].valid_to as "2026-11-21"
}

test_refuse_day_after_a_processor_was_revoked if {
	outcome := decision.decision with input as tests.changed("cash_benefit", {"processor": "90000160"})
		with data.authorities["90000160"].valid_to as "2026-11-20"
	not outcome.allow
	tests.codes(outcome) == {"CONSUMER_UNKNOWN"}
}

test_refuse_processor_not_yet_admitted if {
	outcome := decision.decision with input as tests.changed("cash_benefit", {"processor": "90000160"})
		with data.authorities["90000160"].valid_from as "2026-11-22"
	not outcome.allow
	tests.codes(outcome) == {"CONSUMER_UNKNOWN"}
}

test_refuse_revoked_consumer if {
	outcome := decision.decision with input as tests.changed("income", {"consumer": "90000179"})
	not outcome.allow
	tests.codes(outcome) == {"AGREEMENT_OF_ANOTHER_PARTY", "CONSUMER_NOT_PERMITTED", "CONSUMER_UNKNOWN"}
}

test_refuse_unknown_purpose if {
	outcome := decision.decision with input as tests.changed("income", {"purpose": "curiosity"})
	not outcome.allow
	tests.codes(outcome) == {"PURPOSE_UNKNOWN"}
}

test_refuse_purpose_that_only_the_law_and_the_agreement_know if {
	outcome := decision.decision with input as tests.valid.income
		with data.purposes as object.remove(data.purposes, ["housing-benefit.income"])
	not outcome.allow
	tests.codes(outcome) == {"PURPOSE_UNKNOWN"}
}

refused_as_invalid(request) if {
	outcome := decision.decision with input as request # regal ignore:with-outside-test-context
	not outcome.allow
	outcome.granted == []
	tests.codes(outcome) == {"INPUT_INVALID"}
}
