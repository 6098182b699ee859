# METADATA
# title: Terms that several laws share
# description: Who counts as a household, what income is, where a person lives.
package terms

# METADATA
# title: The applicant and those the law counts with the applicant
household := {"applicant", "spouse", "household_member"}

# METADATA
# title: Income from every source, by month
income := {"loenindkomst", "maaned", "oevrigIndkomst", "overfoerselsindkomst", "pensionsindkomst"}

# METADATA
# title: A benefit paid out, by month
benefit := {"beloeb", "maaned", "ydelsestype"}

# METADATA
# title: A journal extract
# description: Special category of personal data.
health := {"diagnosekode", "funktionsevne", "kontaktdato"}

# METADATA
# title: Who a person is in the household, and where
residence := {
	"adresseringsnavn",
	"aegtefaellePersonnummer",
	"civilstand",
	"cprKommunekode",
	"darAdresseId",
	"foedselsdato",
	"status",
}

# METADATA
# title: The address of a person
address := {"cprKommunekode", "cprVejkode", "darAdresseId", "etage", "husnummer", "sidedoer"}

# METADATA
# title: The kinds of authority that are public
public_authorities := {"municipality", "state", "udbetaling_danmark", "vurderingsstyrelsen"}

# METADATA
# title: The consumer is a public authority
consumer_is_public if data.authorities[input.consumer].kind in public_authorities
