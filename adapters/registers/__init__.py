"""Generated base registers: whole, deterministic, and about nobody.

`generate` draws the registers, `write` puts them into SQLite files, `digest` fingerprints them,
`planted_cases` tells the cases hidden in them. `load_real` puts real rows of BBR and DAR beside
the generated ones, from a folder that is not part of the project.
"""

from adapters.registers.case_model import Expected, PlantedCase, PlantedRequest
from adapters.registers.digest import PUBLISHED_DIGESTS, digest
from adapters.registers.generator import SEED, generate
from adapters.registers.model import CONSENTS, REFERENCE_DATE, Registers, Table
from adapters.registers.planted import PLANTED_CASES, planted_cases
from adapters.registers.real import RealReport, load_real
from adapters.registers.real_loader import FileReport
from adapters.registers.real_rows import RealDataError
from adapters.registers.store import write

__all__ = [
    "CONSENTS",
    "PLANTED_CASES",
    "PUBLISHED_DIGESTS",
    "REFERENCE_DATE",
    "SEED",
    "Expected",
    "FileReport",
    "PlantedCase",
    "PlantedRequest",
    "RealDataError",
    "RealReport",
    "Registers",
    "Table",
    "digest",
    "generate",
    "load_real",
    "planted_cases",
    "write",
]
