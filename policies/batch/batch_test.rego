package batch_test

import data.batch
import data.decision
import data.tests

requests := [request | some request in tests.valid]

test_allow_what_is_lawful_beside_what_is_not if {
	items := array.concat(requests, [tests.changed("income", {"legal_basis": "bsl.999"}), {}])
	decided := batch.decisions with input as {"items": items}
	count(decided) == count(items)
	decided[0].allow
	not decided[count(requests)].allow
	every i, item in items {
		alone := decision.decision with input as item
		decided[i] == alone
	}
}

test_refuse_each_that_is_no_request if {
	decided := batch.decisions with input as {"items": [null, 1, "x", [], {}]}
	count(decided) == 5
	every outcome in decided {
		outcome.allow == false
	}
}

test_refuse_nothing_where_nothing_is_asked if {
	[] == batch.decisions with input as {"items": []}
}
