# METADATA
# title: The decision on one request
# description: |
#   Closed world: nothing is granted unless the request is well formed, the cited law
#   permits it, an agreement carries it and, where the law asks for one, a consent covers it.
#   The whole request is refused if one attribute is, unless a part of it will do.
# schemas:
#   - input: schema.input.schema
package decision

# METADATA
# title: The decision
# description: Defined for every input; what is not a well-formed request is refused as such.
# scope: document
# entrypoint: true
default decision := {
	"agreement": null,
	"allow": false,
	"granted": [],
	"legal_basis": null,
	"obligations": [],
	"reasons": [{"code": "INPUT_INVALID", "legal_basis": "", "rule": "decision"}],
	"refused": [],
}

decision := {
	"agreement": agreement,
	"allow": allow,
	"granted": sort(granted),
	"legal_basis": version,
	"obligations": sort(obligations),
	"reasons": sort(reasons),
	"refused": sort(refused),
} if {
	is_valid
}

# METADATA
# title: Whether anything is granted
# description: |
#   Rests on what holds, never on the absence of a reason: the reasons below only explain. A test
#   holds the two to each other.
# scope: document
default allow := false

allow if {
	lawful
	all_is_grantable
}

allow if {
	lawful
	input.partial_acceptable
	count(grantable) > 0
}

lawful if {
	parties_hold
	law_holds
	agreement_holds
	consent_holds
}

all_is_grantable if grantable == asked

default granted := set()

granted := grantable if allow

# What the law opens, the agreement carries and no rule takes out again.
grantable := ((asked & opened) & carried) - restricted

asked := {attribute | some attribute in input.attributes}

default reasons := set()

reasons := against_request if not lawful

against_request contains {"code": code, "legal_basis": law, "rule": "decision"} if some code in deny

against_request contains {"code": code, "legal_basis": law, "rule": cited["package"]} if some code in permit.deny

default refused := set()

refused := against_attributes if not all_is_grantable

against_attributes contains refusal(attribute, "ATTRIBUTE_NOT_COVERED", "decision") if {
	some attribute in not_opened
}

against_attributes contains refusal(attribute, "ATTRIBUTE_NOT_IN_AGREEMENT", "decision") if {
	some attribute in not_carried
}

against_attributes contains refusal(item.attribute, item.code, cited["package"]) if {
	some item in permit.refuse
	item.attribute in asked
}

refusal(attribute, code, rule) := {
	"attribute": attribute,
	"code": code,
	"legal_basis": law,
	"rule": rule,
}

# METADATA
# title: What the broker must do before it releases what was granted
# description: |
#   The effect of an obligation says what.
#
#   - withhold: the attributes do not leave when the fact in `when` holds, or is not known
#   - indicate: the answer is cut to one record that says yes or no for each attribute; covers them all
#   - review: the exchange is flagged, and queued for a second person
#
#   The last two hold always: their `when` is null.
obligations contains object.union(duty, {"attributes": sort(touched), "rule": cited["package"]}) if {
	some duty in permit.oblige
	touched := granted & duty.attributes
	count(touched) > 0
}
