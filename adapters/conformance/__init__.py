"""The conformance kit: holds an adapter to the guarantees of `adapters.port`, one by one.

With pytest, a class inherits all claims and says what is tried:

    from adapters.conformance import AdapterConformance, Trial

    class TestOurs(AdapterConformance):
        @pytest.fixture
        def trial(self) -> Trial:
            return Trial(open=…, dataset=…, kind="bfe_nummer", known=("1", "2"), unknown="3")

Without pytest, `run(trial)` gives the same as findings; `hjemmel register conformance` prints them.
"""

from adapters.conformance.case import AdapterConformance
from adapters.conformance.claims import CLAIMS, NotHeldError, NotTriedError
from adapters.conformance.run import Finding, Outcome, run
from adapters.conformance.trial import Expected, Trial

__all__ = [
    "CLAIMS",
    "AdapterConformance",
    "Expected",
    "Finding",
    "NotHeldError",
    "NotTriedError",
    "Outcome",
    "Trial",
    "run",
]
