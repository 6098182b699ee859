package decision

# A period runs from the start of its first day to the end of its last; a last day of null means
# that none is set. Days are written YYYY-MM-DD and therefore compare as text.

# METADATA
# title: Whether a day lies in a period
covers(period, day) if {
	period.valid_from <= day
	has_not_ended(period, day)
}

# METADATA
# title: Whether a period has yet to end on a day
# scope: document
has_not_ended(period, _) if period.valid_to == null

has_not_ended(period, day) if day <= period.valid_to
