# METADATA
# title: Many decisions in one question
# description: |
#   The OPA server is asked for several decisions at once. Each is made for its own input alone, and
#   stands where its input stood.
package batch

# METADATA
# title: One decision for each input, in the same order
# description: The decision is defined for every input, so that none is left out.
# entrypoint: true
decisions := [decision |
	some item in input.items

	# The work is the same as asking once for each item; what is saved is the way there and back.
	# regal ignore:with-outside-test-context,comprehension-term-assignment
	decision := data.decision.decision with input as item
]
