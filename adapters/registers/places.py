"""Properties, buildings and dwellings: what BBR and DAR describe."""

from dataclasses import dataclass
from typing import Final

from adapters.registers.identifiers import identifier
from adapters.registers.names import Town

HOUSES: Final = frozenset({"110", "120", "130"})
"""Uses that families look for first; the others are flats and small dwellings."""


@dataclass(frozen=True, slots=True)
class Property:
    """A real property with the plot its buildings stand on."""

    bfe: int
    town: Town
    street: str
    road_code: str
    number: int
    owner_kind: str

    @property
    def plot(self) -> str:
        """The BBR plot (grund)."""
        return identifier("bbr.grund", str(self.bfe))

    @property
    def house_id(self) -> str:
        """The DAR house number."""
        return identifier("dar.husnummer", str(self.bfe))


@dataclass(frozen=True, slots=True)
class Building:
    """A building on a property."""

    id: str
    property: Property
    use: str
    year: int
    area: int
    floors: int
    heating: str


@dataclass(frozen=True, slots=True)
class Dwelling:
    """A dwelling: a unit of BBR at an address of DAR.

    `unit_address_id` differs from `address_id` only where a case of BBR disagreeing with CPR is
    planted: people register at the latter.
    """

    unit_id: str
    address_id: str
    unit_address_id: str
    building: Building
    floor: str | None
    door: str | None
    use: str
    area: int
    rooms: int
    kitchen: str

    @property
    def text(self) -> str:
        """The address on one line."""
        lot = self.building.property
        floor = f", {self.floor}. {self.door}" if self.floor else ""
        return f"{lot.street} {lot.number}{floor}, {lot.town.postcode} {lot.town.name}"


def dwelling(building: Building, floor: str | None, door: str | None, **facts: int | str) -> Dwelling:
    """Makes a dwelling whose ids follow from its building and its place there."""
    key = f"{building.id}|{floor}|{door}"
    address = identifier("dar.adresse", key)
    return Dwelling(
        unit_id=identifier("bbr.enhed", key),
        address_id=address,
        unit_address_id=str(facts.get("unit_address_id", address)),
        building=building,
        floor=floor,
        door=door,
        use=building.use,
        area=int(facts["area"]),
        rooms=int(facts["rooms"]),
        kitchen=str(facts["kitchen"]),
    )


def building(lot: Property, ordinal: int, **facts: int | str) -> Building:
    """Makes the `ordinal`-th building of a property."""
    return Building(
        id=identifier("bbr.bygning", f"{lot.bfe}|{ordinal}"),
        property=lot,
        use=str(facts["use"]),
        year=int(facts["year"]),
        area=int(facts["area"]),
        floors=int(facts["floors"]),
        heating=str(facts["heating"]),
    )
