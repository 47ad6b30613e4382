"""What a Metering cluster measures: UnitofMeasure and MeteringDeviceType (SE 1.4, D.3.2.2.4) to units and OBIS codes.

MeteringDeviceType is used as an enumeration; a mirror has the device's number plus 127. A generation meter (photovoltaic,
wind, ...) counts what it generates as delivered, which for the premises is export: its senses are swapped.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from drivers.reading import Obis


class Medium(StrEnum):
    """What flows through the meter, named as the event tables are."""

    ELECTRICITY = "electricity"
    GAS = "gas"
    WATER = "water"
    HEAT = "heat"
    COOLING = "cooling"


#: UnitofMeasure without its BCD bit -> unit of a summation, unit of a demand. Unit 8 and 9 are pressures in both.
UNITS: dict[int, tuple[str, str]] = {
    0x00: ("kWh", "kW"),
    0x01: ("m3", "m3/h"),
    0x02: ("ft3", "ft3/h"),
    0x03: ("100 ft3", "100 ft3/h"),
    0x04: ("US gal", "US gal/h"),
    0x05: ("imp gal", "imp gal/h"),
    0x06: ("BTU", "BTU/h"),
    0x07: ("l", "l/h"),
    0x08: ("kPa gauge", "kPa gauge"),
    0x09: ("kPa abs", "kPa abs"),
    0x0A: ("1000 ft3", "1000 ft3/s"),
    0x0B: ("", ""),
    0x0C: ("MJ", "MJ/s"),
    0x0D: ("kvarh", "kvar"),
}
#: Bit of UnitofMeasure: the raw values are binary coded decimals.
BCD = 0x80

#: A mirror's MeteringDeviceType is the mirrored device's plus this.
MIRROR = 127
#: A mirror that nothing uses yet.
UNDEFINED_MIRROR = 0xFE

_MEDIA = {1: Medium.GAS, 2: Medium.WATER, 3: Medium.HEAT, 5: Medium.HEAT, 6: Medium.COOLING, 12: Medium.HEAT}
_ELECTRICITY = (0, 7, 8, 9, 10, 11, 13, 14, 15)
_GENERATION = (8, 9, 10, 11)
#: Elements 1 to 3 of a polyphase meter -> what value group C is raised by (IEC 62056-61: 21, 41, 61 for 1).
_PHASES = {13: 20, 14: 40, 15: 60}
_NAMES = {
    0: "electricity", 1: "gas", 2: "water", 3: "thermal", 4: "pressure", 5: "heat", 6: "cooling", 7: "electric vehicle",
    8: "photovoltaic", 9: "wind", 10: "hydro", 11: "micro generation", 12: "solar heat",
    13: "electricity L1", 14: "electricity L2", 15: "electricity L3",
}  # fmt: skip

_GROUP_A = {Medium.GAS: 7, Medium.WATER: 8, Medium.HEAT: 6, Medium.COOLING: 5}
#: Volume or energy of the medium: value groups C and D.
_TOTAL = {Medium.GAS: (3, 0), Medium.WATER: (1, 0), Medium.HEAT: (1, 0), Medium.COOLING: (1, 0)}
_VOLUME = ("m3", "l", "ft3", "100 ft3", "1000 ft3", "US gal", "imp gal")
_FLOW = {Medium.GAS: (43, 0), Medium.WATER: (2, 0)}


@dataclass(frozen=True, slots=True)
class Quantity:
    """One meter's medium and units, and the OBIS codes that follow. ``unit`` of summations, ``rate`` of demands."""

    medium: Medium | None
    device_type: int
    mirrored: bool
    unit: str
    rate: str
    bcd: bool

    @property
    def generation(self) -> bool:
        return self.device_type in _GENERATION

    @property
    def name(self) -> str:
        """What kind of meter it is, in words."""
        name = _NAMES.get(self.device_type, f"metering device type {self.device_type}")
        return f"{name}, mirrored" if self.mirrored else name

    def summation(self, *, received: bool, tier: int = 0) -> Obis | None:
        """The running total of a direction; ``tier`` 0 is the total. None where no code is agreed."""
        if self.medium is None:
            return None
        if self.medium is Medium.ELECTRICITY:
            return self._active(received, 8, tier)
        if received:
            return None
        c, d = _TOTAL[self.medium]
        if self.medium in (Medium.HEAT, Medium.COOLING) and self.unit in _VOLUME:
            c = 2
        return Obis(_GROUP_A[self.medium], 0, c, d, tier)

    def interval(self, *, received: bool) -> Obis | None:
        """The change of the total in an interval: time integral 5, and the same D for the other media."""
        if self.medium is Medium.ELECTRICITY:
            return self._active(received, 29, 0)
        total = self.summation(received=received)
        return None if total is None else total._replace(d=29)

    def maximum(self, *, received: bool) -> Obis | None:
        return self._active(received, 6, 0) if self.medium is Medium.ELECTRICITY else None

    def current_demand(self, *, received: bool) -> Obis | None:
        return self._active(received, 4, 0) if self.medium is Medium.ELECTRICITY else None

    def power_factor(self) -> Obis | None:
        return Obis(1, 0, 13 + _PHASES.get(self.device_type, 0), 7, 0) if self.medium is Medium.ELECTRICITY else None

    def demand(self) -> Obis | None:
        """The instantaneous demand, signed: net, delivered is positive."""
        if self.medium is Medium.ELECTRICITY:
            phase = _PHASES.get(self.device_type, 0)
            net = 16 if self.unit != "kvarh" else 131
            return Obis(1, 0, net + phase, 7, 0)
        if self.medium in _FLOW:
            c, d = _FLOW[self.medium]
            return Obis(_GROUP_A[self.medium], 0, c, d, 0)
        return None

    def load_profile(self) -> Obis:
        """The load profile of intervals (``-:99.1.0``)."""
        return Obis(1 if self.medium in (Medium.ELECTRICITY, None) else _GROUP_A[self.medium], 0, 99, 1, 0)

    def daily_values(self) -> Obis:
        """The daily billing profile (``-:99.2.0``)."""
        return self.load_profile()._replace(d=2)

    def _active(self, received: bool, d: int, tier: int) -> Obis:
        export = received != self.generation
        c = (4 if export else 3) if self.unit == "kvarh" else (2 if export else 1)
        return Obis(1, 0, c + _PHASES.get(self.device_type, 0), d, tier)


def quantity(device_type: int | None, unit_of_measure: int | None) -> Quantity:
    """What the two attributes say. A type or unit that is not known gives no medium or no unit, never another's."""
    kind = -1 if device_type is None else device_type
    mirrored = kind >= MIRROR and kind != UNDEFINED_MIRROR
    if mirrored:
        kind -= MIRROR
    medium = Medium.ELECTRICITY if kind in _ELECTRICITY else _MEDIA.get(kind)
    if unit_of_measure is None:
        return Quantity(medium, kind, mirrored, "", "", False)
    bcd = bool(unit_of_measure & BCD)
    unknown = f"UnitofMeasure 0x{unit_of_measure:02x}"
    unit, rate = UNITS.get(unit_of_measure & ~BCD, (unknown, unknown))
    return Quantity(medium, kind, mirrored, unit, rate, bcd)
