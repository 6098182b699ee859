"""Data quality: what one register says that another contradicts, counted, and nobody named.

`load` reads the comparisons that are declared, `count` makes one, `withhold` decides which of the numbers may
be seen. Nothing here goes through the broker: docs/adr/0023-data-quality.md says who may run it.
"""

from adapters.quality.comparison import OWN, Comparison, ComparisonError, Duty, Other, Own, Pair, load
from adapters.quality.counting import Counted, Outcome, count
from adapters.quality.withholding import Published, withhold

__all__ = [
    "OWN",
    "Comparison",
    "ComparisonError",
    "Counted",
    "Duty",
    "Other",
    "Outcome",
    "Own",
    "Pair",
    "Published",
    "count",
    "load",
    "withhold",
]
