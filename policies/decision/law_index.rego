package decision

# Written by `hjemmel policy index`; a policy set whose index is not current does not load. It only finds
# the law that is cited: whether that law permits anything, its own package says.

law_of("bbrl.5.1") := {
	"package": "legal_basis.bbrl.section_5_1",
	"permits": data.legal_basis.bbrl.section_5_1.permits,
}

law_of("bsl.77") := {
	"package": "legal_basis.bsl.section_77",
	"permits": data.legal_basis.bsl.section_77.permits,
}

law_of("bsl.8") := {
	"package": "legal_basis.bsl.section_8",
	"permits": data.legal_basis.bsl.section_8.permits,
}

law_of("bsl.8a") := {
	"package": "legal_basis.bsl.section_8a",
	"permits": data.legal_basis.bsl.section_8a.permits,
}

law_of("cprl.10.3") := {
	"package": "legal_basis.cprl.section_10_3",
	"permits": data.legal_basis.cprl.section_10_3.permits,
}

law_of("cprl.38") := {
	"package": "legal_basis.cprl.section_38",
	"permits": data.legal_basis.cprl.section_38.permits,
}

law_of("cvrl.18") := {
	"package": "legal_basis.cvrl.section_18",
	"permits": data.legal_basis.cvrl.section_18.permits,
}

law_of("evl.assessment") := {
	"package": "legal_basis.evl.assessment",
	"permits": data.legal_basis.evl.assessment.permits,
}

law_of("gdpr.6.1.d") := {
	"package": "legal_basis.gdpr.article_6_1_d",
	"permits": data.legal_basis.gdpr.article_6_1_d.permits,
}

law_of("krvl.51") := {
	"package": "legal_basis.krvl.section_51",
	"permits": data.legal_basis.krvl.section_51.permits,
}

law_of("pl.5") := {
	"package": "legal_basis.pl.section_5",
	"permits": data.legal_basis.pl.section_5.permits,
}

law_of("rsl.11a.1") := {
	"package": "legal_basis.rsl.section_11a_1",
	"permits": data.legal_basis.rsl.section_11a_1.permits,
}

law_of("rsl.11a.2") := {
	"package": "legal_basis.rsl.section_11a_2",
	"permits": data.legal_basis.rsl.section_11a_2.permits,
}

law_of("sl.43") := {
	"package": "legal_basis.sl.section_43",
	"permits": data.legal_basis.sl.section_43.permits,
}

law_of("udl.12") := {
	"package": "legal_basis.udl.section_12",
	"permits": data.legal_basis.udl.section_12.permits,
}

law_of("udl.5") := {
	"package": "legal_basis.udl.section_5",
	"permits": data.legal_basis.udl.section_5.permits,
}

law_of("udl.5.pension") := {
	"package": "legal_basis.udl.section_5_pension",
	"permits": data.legal_basis.udl.section_5_pension.permits,
}

law_of("udl.8.1") := {
	"package": "legal_basis.udl.section_8_1",
	"permits": data.legal_basis.udl.section_8_1.permits,
}

law_of("udl.8.2") := {
	"package": "legal_basis.udl.section_8_2",
	"permits": data.legal_basis.udl.section_8_2.permits,
}
