package decision

# A period runs from the start of its first day to the end of its last; a last day of null means
# that none is set. Days are written YYYY-MM-DD and therefore compare as text.

# METADATA
# title: Whether a day lies in a period
# scope: document
covers(period, day) if {
	period.valid_to == null
	period.valid_from <= day
}

covers(period, day) if {
	period.valid_from <= day
	day <= period.valid_to
}
