package tests

# What a law opens is found by asking for everything: every kind of authority, role, key, dataset and
# attribute, under an agreement that carries it all. The law's own test says what must come of it.

# METADATA
# title: Whether the law of a valid request opens what a row says, and nothing else
# description: |
#   A row has the consumers, the subjects, the keys, and the attributes by dataset. It is the law written
#   a second time, by what it does.
opens_exactly(name, row) if {
	request := valid[name]
	{kind | some kind in kinds; is_open_to(request, kind)} == row.consumers
	{role | some role in roles; is_open(replaced(request, {"subject_role": role}))} == row.subjects
	{key | some key in keys; is_open(replaced(request, {"key": key}))} == row.keys
	opened_attributes(request) == row.attributes
}

# METADATA
# title: The attributes that the law of a request opens, by dataset
opened_attributes(request) := {dataset: granted |
	some dataset in datasets
	granted := opened_in(request, dataset)
	count(granted) > 0
}

opened_in(request, dataset) := granted if {
	asked := replaced(request, {
		"agreement": "everything",
		"dataset": dataset,
		"attributes": sort(attributes),
		"partial_acceptable": true,
	})
	outcome := data.decision.decision with input as asked # regal ignore:with-outside-test-context
		with data.agreements as {"everything": everything(request)}
	granted := {attribute | some attribute in outcome.granted}
}

# METADATA
# title: An agreement that carries everything for the parties of a request
everything(request) := {
	"consumer": request.consumer,
	"provider": request.provider,
	"purposes": object.keys(data.purposes),
	"datasets": {dataset: attributes | some dataset in datasets},
	"valid_from": "2018-01-01",
	"valid_to": null,
}

is_open(request) if {
	data.decision.decision.allow with input as request # regal ignore:with-outside-test-context
}

is_open_to(request, kind) if {
	party := {"kind": kind, "valid_from": "2018-01-01", "valid_to": null}
	data.decision.decision.allow with input as request # regal ignore:with-outside-test-context
		with data.authorities as {request.consumer: party}
}
