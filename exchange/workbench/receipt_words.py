"""What the page that verifies receipts says, in both languages. Its script fills in the names in braces."""

from __future__ import annotations

from exchange.model.catalogue import Text

VERDICTS = {
    "holds": {
        "title": Text("The receipt holds", "Kvitteringen holder"),
        "claim": Text("Proven by the steps above.", "Bevist ved trinnene ovenfor."),
    },
    "fails": {
        "title": Text("The receipt does not hold", "Kvitteringen holder ikke"),
        "claim": Text(
            "This is what the file says. It is not proven: do not rely on it.",
            "Dette siger filen. Det er ikke bevist: stol ikke på det.",
        ),
    },
    "differs": {
        "title": Text("The receipt holds, but not your values", "Kvitteringen holder, men ikke dine værdier"),
        "claim": Text(
            "Proven by the steps above. Your values are not the ones that were sealed with it.",
            "Bevist ved trinnene ovenfor. Dine værdier er ikke dem, der blev forseglet med den.",
        ),
    },
    "open": {
        "title": Text(
            "Not decided: a step could not be checked", "Uafgjort: et trin kunne ikke kontrolleres"
        ),
        "claim": Text(
            "This is what the file says. It is not proven.", "Dette siger filen. Det er ikke bevist."
        ),
    },
}
HELD = Text(
    "The log {origin} has recorded the entry below, as entry {index} of {size}, and has signed for it. "
    "Altered in a single bit, neither the entry nor the log would fit this receipt.",
    "Loggen {origin} har registreret posten nedenfor som post {index} af {size} og har skrevet under på det. "
    "Var en eneste bit ændret, ville hverken posten eller loggen passe til kvitteringen.",
)
#: Before the title of the step that the verdict rests on.
FIRST = {
    "bad": Text("The first step that does not hold: {title}", "Første trin, der ikke holder: {title}"),
    "open": Text("The first step not checked: {title}", "Første trin, der ikke er kontrolleret: {title}"),
}
NOTHING = Text(
    "Choose a receipt first, or paste its text.", "Vælg først en kvittering, eller indsæt dens tekst."
)

STATES = {
    "good": Text("holds", "holder"),
    "bad": Text("does not hold", "holder ikke"),
    "open": Text("not checked", "ikke kontrolleret"),
    "unreached": Text("not reached", "ikke nået"),
    "sealed": Text("sealed", "forseglet"),
    "same": Text("your value is the one recorded", "din værdi er den registrerede"),
    "different": Text("your value is not the one recorded", "din værdi er ikke den registrerede"),
}

STEPS = {
    "file": {
        "title": Text("The file is a receipt", "Filen er en kvittering"),
        "good": Text(
            "It can be read in one way only. What follows is what it says; the other steps prove it.",
            "Den kan kun læses på én måde. Dette siger den; de øvrige trin beviser det.",
        ),
    },
    "entry": {
        "title": Text("It carries an entry", "Den bærer en post"),
        "good": Text(
            "Canonical JSON with exactly the fields of an entry.",
            "Kanonisk JSON med netop de felter, en post har.",
        ),
    },
    "leaf": {
        "title": Text("The entry's hash", "Postens hash"),
        "good": Text(
            "SHA-256 over the entry, computed here. Any change to the entry changes it.",
            "SHA-256 over posten, beregnet her. Enhver ændring af posten ændrer den.",
        ),
    },
    "inclusion": {
        "title": Text("The entry stands in the log", "Posten står i loggen"),
        "good": Text(
            "Joined with the hashes of its neighbours, level by level, the entry's hash leads to the "
            "root, which "
            "stands for the whole log.",
            "Sat sammen med naboernes hash, niveau for niveau, fører postens hash til roden, som står for "
            "hele "
            "loggen.",
        ),
    },
    "key": {
        "title": Text("The key is of this log", "Nøglen hører til loggen"),
        "good": Text(
            "The key that you gave is whole, and bears the name of the log.",
            "Den nøgle, du har angivet, er hel og bærer loggens navn.",
        ),
    },
    "signature": {
        "title": Text("The log signed the root", "Loggen har underskrevet roden"),
        "good": Text(
            "The Ed25519 signature over the log's name, size and root holds.",
            "Ed25519-underskriften på loggens navn, størrelse og rod holder.",
        ),
    },
    "values": {
        "title": Text("Your own values", "Egne værdier"),
        "good": Text(
            "Every value that you gave is the one that was sealed.",
            "Hver værdi, du har angivet, er den, der blev forseglet.",
        ),
    },
}

REASONS = {
    "file-large": Text("A receipt is at most {limit} bytes.", "En kvittering er højst {limit} byte."),
    "file-utf8": Text("The file is not text in UTF-8.", "Filen er ikke tekst i UTF-8."),
    "file-line-ends": Text(
        "The lines end as on Windows (CRLF): a program has rewritten the file. Fetch it anew.",
        "Linjerne slutter som i Windows (CRLF): et program har skrevet filen om. Hent den igen.",
    ),
    "file-header": Text(
        "A receipt begins with the line {header} and holds an empty line.",
        "En kvittering begynder med linjen {header} og har en tom linje.",
    ),
    "file-index": Text(
        "The line “index N” is missing or written in another way.",
        "Linjen “index N” mangler eller er skrevet på en anden måde.",
    ),
    "file-base64": Text(
        "A line is not base64 in its canonical form.", "En linje er ikke base64 i den kanoniske form."
    ),
    "file-hashes": Text(
        "The proof is not made of at most {limit} hashes of 32 bytes.",
        "Beviset består ikke af højst {limit} hash på 32 byte.",
    ),
    "file-no-entry": Text(
        "The file does not carry the entry (no line “extra”), so that there is nothing to prove.",
        "Filen bærer ikke posten (ingen linje “extra”), så der er intet at bevise.",
    ),
    "note-characters": Text(
        "The signed part holds control characters.", "Den underskrevne del indeholder styretegn."
    ),
    "note-form": Text(
        "The signed part lacks the empty line before its signatures, or its last line is cut off.",
        "Den underskrevne del mangler den tomme linje før underskrifterne, eller sidste linje er skåret af.",
    ),
    "note-signatures": Text(
        "More than {limit} signatures are not read.", "Mere end {limit} underskrifter læses ikke."
    ),
    "note-line": Text(
        "A line of signatures is not of the form “— name base64”.",
        "En underskriftslinje har ikke formen “— navn base64”.",
    ),
    "checkpoint-lines": Text(
        "What is signed is not three lines: the log's name, its size, its root.",
        "Det underskrevne er ikke tre linjer: loggens navn, dens størrelse, dens rod.",
    ),
    "checkpoint-size": Text(
        "The log's size is not a plain number.", "Loggens størrelse er ikke et rent tal."
    ),
    "checkpoint-root": Text(
        "The log's root is not 32 bytes in base64.", "Loggens rod er ikke 32 byte i base64."
    ),
    "entry-json": Text("The entry is not JSON.", "Posten er ikke JSON."),
    "entry-canonical": Text(
        "The entry is not written in canonical form (RFC 8785).",
        "Posten er ikke skrevet i kanonisk form (RFC 8785).",
    ),
    "entry-version": Text(
        "It is not an entry of version {version}. Perhaps this page is older than the receipt: get a new "
        "one.",
        "Det er ikke en post af version {version}. Måske er siden ældre end kvitteringen: hent en ny.",
    ),
    "entry-fields": Text(
        "The entry has not exactly the fields of its kind. Perhaps this page is older than the receipt.",
        "Posten har ikke netop de felter, dens art har. Måske er siden ældre end kvitteringen.",
    ),
    "entry-field": Text("The field {name} has the wrong shape.", "Feltet {name} har en forkert form."),
    "entry-commitment": Text(
        "A commitment has an unknown name or the wrong shape.",
        "En binding har et ukendt navn eller en forkert form.",
    ),
    "path-beyond": Text(
        "Entry {index} cannot stand in a log of {size} entries.",
        "Post {index} kan ikke stå i en log med {size} poster.",
    ),
    "path-length": Text(
        "{hashes} hashes are too few or too many for this place in the log.",
        "{hashes} hash er for få eller for mange til denne plads i loggen.",
    ),
    "path-root": Text(
        "The hashes do not lead to the checkpoint's root: the entry, its number, the proof or the root "
        "was altered.",
        "Beviset fører ikke til kontrolpunktets rod: posten, dens nummer, beviset eller roden er ændret.",
    ),
    "no-key": Text(
        "The log's public key is not filled in. Without it nobody can tell whose log this is.",
        "Loggens offentlige nøgle er ikke udfyldt. Uden den kan ingen vide, hvis log det er.",
    ),
    "key-form": Text(
        "The key is not of the form name+id+base64, for Ed25519.",
        "Nøglen har ikke formen navn+id+base64 for Ed25519.",
    ),
    "key-id": Text(
        "The key's id does not belong to the key: something in it was altered.",
        "Nøglens id hører ikke til nøglen: noget i den er ændret.",
    ),
    "key-origin": Text(
        "The receipt is of the log {origin}, the key of {name}.",
        "Kvitteringen er fra loggen {origin}, nøglen hører til {name}.",
    ),
    "signature-none": Text(
        "{name} did not sign it with this key ({id}).", "{name} har ikke underskrevet med denne nøgle ({id})."
    ),
    "signature-bad": Text(
        "The signature of {name} does not hold: the log's name, size or root was altered, or somebody "
        "else signed.",
        "Underskriften fra {name} holder ikke: loggens navn, størrelse eller rod er ændret, eller en "
        "anden har "
        "underskrevet.",
    ),
    "values-form": Text(
        "Your values cannot be read: a list of {“name”, “key”, “value”}, each name once, each key 32 "
        "bytes in base64.",
        "Dine værdier kan ikke læses: en liste af {“name”, “key”, “value”}, hvert navn én gang, hver "
        "nøgle 32 "
        "byte i base64.",
    ),
    "values-unknown": Text(
        "The entry seals nothing by the name {name}.", "Posten forsegler intet under navnet {name}."
    ),
    "values-differ": Text(
        "Not what was recorded: {names}. The value or its key is another.",
        "Ikke det, der blev registreret: {names}. Værdien eller dens nøgle er en anden.",
    ),
    "no-crypto": Text(
        "This browser computes no hashes for this page. Save the page and open it as a file, or over https.",
        "Browseren beregner ikke hash for denne side. Gem siden, og åbn den som fil eller over https.",
    ),
    "no-ed25519": Text(
        "This browser does not know Ed25519, so that the log's signature was not checked: the entry may be "
        "anybody's. Use a newer browser, or hjemmel receipt verify.",
        "Browseren kender ikke Ed25519, så loggens underskrift er ikke kontrolleret: posten kan være fra "
        "hvem som "
        "helst. Brug en nyere browser eller hjemmel receipt verify.",
    ),
    "unexpected": Text("It could not be read: {error}.", "Den kunne ikke læses: {error}."),
}

FACTS = {
    "origin": Text("Log", "Log"),
    "index": Text("Number of the entry", "Postens nummer"),
    "size": Text("Entries in the log", "Poster i loggen"),
    "leaf": Text("Hash of the entry", "Postens hash"),
    "root": Text("Root in the checkpoint", "Roden i kontrolpunktet"),
    "levels": Text("Each level", "Hvert niveau"),
    "left": Text("With its left neighbour", "Med naboen til venstre"),
    "right": Text("With its right neighbour", "Med naboen til højre"),
    "joint": Text("gives", "giver"),
    "key": Text("Key", "Nøgle"),
    "others": Text(
        "Others have signed as well. Their signatures were not checked:",
        "Andre har også underskrevet. Deres underskrifter er ikke kontrolleret:",
    ),
}

#: The fields of an entry about an exchange, in the order of reading.
ENTRY = {
    "kind": Text("What it is", "Hvad det er"),
    "outcome": Text("Outcome", "Udfald"),
    "time": Text("When (UTC)", "Hvornår (UTC)"),
    "consumer": Text("Who asked", "Hvem spurgte"),
    "caller": Text("Through", "Gennem"),
    "processor": Text("As its processor", "Som databehandler"),
    "provider": Text("Who answers for the data", "Hvem der er ansvarlig for data"),
    "purpose": Text("For which task", "Til hvilken opgave"),
    "legal_basis": Text("Under which law", "Efter hvilken lov"),
    "legal_basis_version": Text("Version of the law", "Lovens version"),
    "law_date": Text("As the law stood on", "Som loven var den"),
    "agreement": Text("Agreement", "Aftale"),
    "dataset": Text("Which data", "Hvilke data"),
    "attributes_asked": Text("Asked for", "Anmodet om"),
    "attributes_granted": Text("Granted", "Givet"),
    "attributes_released": Text("Released", "Udleveret"),
    "reasons": Text("Reasons for refusing", "Grunde til afslag"),
    "obligations": Text("Obligations", "Vilkår"),
    "policy_revision": Text("Policy revision", "Reglernes revision"),
    "request_id": Text("Request id", "Anmodningens id"),
}
#: The fields of an entry about the exchange itself.
EVENT = {
    "kind": Text("What happened", "Hvad der skete"),
    "time": Text("When (UTC)", "Hvornår (UTC)"),
    "caller": Text("By whom", "Af hvem"),
    "request_id": Text("Request id", "Anmodningens id"),
    "details": Text("Details", "Nærmere"),
}

OUTCOMES = {
    "granted": Text("granted", "imødekommet"),
    "refused": Text("refused", "afslået"),
    "failed": Text("failed", "mislykket"),
    "interrupted": Text("interrupted", "afbrudt"),
}
EFFECTS = {
    "withheld": Text("withheld", "tilbageholdt"),
    "not_applicable": Text("did not apply", "fandt ikke anvendelse"),
    "indicated": Text("a yes or no only", "kun et ja eller nej"),
    "review": Text("flagged for review by a second person", "markeret til gennemgang af en anden person"),
}
KINDS = {
    "exchange": Text("an exchange of data", "en udveksling af data"),
    "dry_run": Text("a dry run: nothing was released", "en prøve: intet blev udleveret"),
    "matching": Text("one subject of a bulk matching", "en person eller sag i en samkøring"),
    "change": Text("an answer under a subscription to changes", "et svar i et abonnement på ændringer"),
    "policy_changed": Text("the policies were changed", "reglerne blev ændret"),
    "erased": Text("sealed values were erased", "forseglede værdier blev slettet"),
    "period_closed": Text("a period got its index", "en periode fik sit indeks"),
    "disclosed": Text("records were disclosed", "registreringer blev udleveret"),
    "queried": Text("somebody looked into the log", "nogen søgte i loggen"),
}
COMMITTED = {
    "subject": Text("Whom the data is about", "Hvem data handler om"),
    "caseworker": Text("Who caused the request", "Hvem der foranledigede anmodningen"),
    "case": Text("The case", "Sagen"),
    "request": Text("The signed request", "Den underskrevne anmodning"),
    "policy_input": Text("What the policies decided on", "Hvad reglerne traf afgørelse ud fra"),
    "response": Text("The answer's digest", "Svarets fingeraftryk"),
}
