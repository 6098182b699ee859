"""What people read in a report, in both languages."""

from __future__ import annotations

from exchange.model.catalogue import Text
from exchange.workbench.replay.change import Aspect, Effect
from exchange.workbench.replay.findings import Problem
from exchange.workbench.replay.tally import Dimension

EFFECTS = {
    Effect.GRANTED: Text("Newly granted", "Nu imødekommet"),
    Effect.REFUSED: Text("Newly refused", "Nu afslået"),
    Effect.CHANGED: Text("Changed", "Ændret"),
    Effect.UNANSWERED: Text("Unanswered", "Uden svar"),
    Effect.UNCHANGED: Text("Unchanged", "Uændret"),
}
ASPECTS = {
    Aspect.ATTRIBUTES: Text("Attributes", "Oplysninger"),
    Aspect.OBLIGATIONS: Text("Obligations", "Forpligtelser"),
    Aspect.REASONS: Text("Reasons", "Begrundelser"),
    Aspect.VERSION: Text("Version of the legal basis", "Retsgrundlagets version"),
}
DIMENSIONS = {
    Dimension.AUTHORITY: Text("Authority", "Myndighed"),
    Dimension.PURPOSE: Text("Purpose", "Formål"),
    Dimension.LEGAL_BASIS: Text("Legal basis", "Retsgrundlag"),
    Dimension.DATASET: Text("Dataset", "Datasæt"),
    Dimension.REASON: Text("Reason", "Begrundelse"),
    Dimension.GAINED: Text("Attribute newly granted", "Oplysning, der nu gives"),
    Dimension.LOST: Text("Attribute no longer granted", "Oplysning, der ikke længere gives"),
    Dimension.KIND: Text("Kind of request", "Anmodningens art"),
}
ENTRIES = {
    "replayed": Text("Decided again", "Afgjort igen"),
    "without_input": Text("Refused before a decision", "Afvist før en afgørelse"),
    "undecided": Text("Without an answer of the engine", "Uden svar fra regelmotoren"),
    "events": Text("About the exchange itself", "Om udvekslingen selv"),
    "erased": Text("Erased", "Slettet"),
    "broken": Text("Cannot be decided again", "Kan ikke afgøres igen"),
}
PROBLEMS = {
    Problem.ENTRY: Text("Entry missing or unreadable", "Post mangler eller kan ikke læses"),
    Problem.SEALED: Text("Sealed part altered or missing", "Forseglet del ændret eller mangler"),
    Problem.INPUT: Text("Contradicts its policy input", "Modsiger det, reglerne blev spurgt om"),
    Problem.REVISION: Text("Policy set missing or altered", "Regler mangler eller er ændret"),
    Problem.OUTCOME: Text("Another outcome", "Et andet udfald"),
    Problem.GRANTED: Text("Other attributes granted", "Andre oplysninger imødekommet"),
    Problem.VERSION: Text("Another version of the legal basis", "En anden version af retsgrundlaget"),
    Problem.REASONS: Text("Other reasons", "Andre begrundelser"),
    Problem.OBLIGATIONS: Text("Other obligations", "Andre forpligtelser"),
    Problem.RELEASED: Text("Other attributes released", "Andre oplysninger udleveret"),
}
