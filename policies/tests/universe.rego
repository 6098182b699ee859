package tests

# Everything that can be asked for. A test of the product holds these to the schemas, to the model and
# to the catalogue.

# METADATA
# title: The kinds of authority
kinds := {"municipality", "private", "state", "udbetaling_danmark", "vurderingsstyrelsen"}

# METADATA
# title: The roles in which a subject stands in a case
roles := {
	"applicant",
	"child",
	"company",
	"household_member",
	"owner",
	"person",
	"property",
	"spouse",
}

# METADATA
# title: The kinds of key
keys := {
	"bbr_bygning_id",
	"bbr_enhed_id",
	"bbr_grund_id",
	"bfe_nummer",
	"code",
	"cvr_nummer",
	"dar_adresse_id",
	"dar_husnummer_id",
	"number",
	"p_nummer",
	"person_id",
	"personnummer",
	"se_nummer",
	"uuid",
}

# METADATA
# title: The datasets
datasets := {
	"bbr.bygning",
	"bbr.enhed",
	"cpr.person",
	"cpr.udlandsophold",
	"cvr.produktionsenhed",
	"cvr.virksomhed",
	"dar.adresse",
	"eindkomst.indkomst",
	"ejf.ejerskab",
	"pension.sag",
	"pension.ydelse",
	"skat.formue",
	"sundhed.journaludtraek",
	"vur.vurdering",
}

# METADATA
# title: The attributes of all datasets
attributes := {
	"CVRNummer",
	"aar",
	"adresseIdentificerer",
	"adressebeskyttet",
	"adressebetegnelse",
	"adresseringsnavn",
	"aegtefaellePersonnummer",
	"beloeb",
	"beskyttelsestype",
	"bestemtFastEjendomBFENr",
	"bfeNummer",
	"branche",
	"byg007Bygningsnummer",
	"byg021BygningensAnvendelse",
	"byg026Opfoerelsesaar",
	"byg038SamletBygningsareal",
	"byg054AntalEtager",
	"byg056Varmeinstallation",
	"bygning",
	"civilstand",
	"cprKommunekode",
	"cprVejkode",
	"darAdresseId",
	"diagnosekode",
	"doerbetegnelse",
	"ejendePerson",
	"ejendeVirksomhed",
	"ejendomvaerdiBeloeb",
	"ejerPersonnummer",
	"ejerforholdskode",
	"enh020EnhedensAnvendelse",
	"enh026EnhedensSamledeAreal",
	"enh027ArealTilBeboelse",
	"enh031AntalVaerelser",
	"enh034Koekkenforhold",
	"enh045Udlejningsforhold",
	"etage",
	"etagebetegnelse",
	"faktiskEjerandel_naevner",
	"faktiskEjerandel_taeller",
	"foedselsdato",
	"formue",
	"funktionsevne",
	"grund",
	"grundvaerdiBeloeb",
	"husnummer",
	"id_lokalId",
	"indrejsedato",
	"koen",
	"kommunekode",
	"kontaktdato",
	"loenindkomst",
	"maaned",
	"navn",
	"oevrigIndkomst",
	"overfoerselsindkomst",
	"pNummer",
	"pensionFra",
	"pensionsindkomst",
	"pensionstype",
	"personId",
	"personligTillaegsprocent",
	"personnummer",
	"sagsstatus",
	"samliv",
	"seNummer",
	"sidedoer",
	"status",
	"statusdato",
	"tilknyttetVirksomhedsCVRNummer",
	"udrejsedato",
	"udrejseland",
	"virksomhedStartdato",
	"ydelsestype",
}
