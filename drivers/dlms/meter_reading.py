"""What a gateway asks of a COSEM meter, over an open client: identity, registers and clock.

Everything goes by what the meter itself says: scalers and units are read with the values. What it refuses is said as a
record in its place. Profiles and logs: ``meter_profiles``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from drivers.dlms import axdr
from drivers.dlms.bytes_reader import Damaged
from drivers.dlms.client import Client
from drivers.dlms.cosem import Attribute, ClassId
from drivers.dlms.cosem_unit import ScalerUnit, scaler_unit
from drivers.dlms.ln_apdus import Result
from drivers.dlms.meter_map import DlmsMap, MapObject
from drivers.dlms.profile_rows import Layout
from drivers.dlms.records import Around, octets_text, other, register
from drivers.dlms.refusals import Refusal
from drivers.dlms.view import ObjectEntry, parse_view
from drivers.errors import AccessDenied
from drivers.reading import CURRENT, Doubt, Meter, NotUnderstood, Obis, Record

LOGICAL_DEVICE_NAME = Obis(0, 0, 42, 0, 0)
SERIAL_NUMBERS = (Obis(0, 0, 96, 1, 0), Obis(1, 0, 0, 0, 0))
FIRMWARE = (Obis(1, 0, 0, 2, 0), Obis(0, 0, 0, 2, 0))
MODEL = (Obis(0, 0, 96, 1, 1),)
CLOCK = Obis(0, 0, 1, 0, 0)
ASSOCIATION = Obis(0, 0, 40, 0, 0)

#: A cached scaler or layout of a log is read again after this: meters change them with their firmware (the first complaint of users).
SCALER_S = 3600.0
#: Values of M-Bus devices, 0-b:24.2.e.
_MBUS_VALUE = (0, 24, 2)
#: class -> (attribute of the value, of its scaler and unit, of its stamp or 0)
REGISTERS = {
    ClassId.REGISTER: (2, 3, 0),
    ClassId.EXTENDED_REGISTER: (2, 3, 5),
    ClassId.DEMAND_REGISTER: (3, 4, 6),
}


@dataclass(slots=True)
class Learned:
    """What is known of a meter across sessions, kept by the caller: its objects, its scalers and the layouts of its event
    logs with when they were read; and the notifications that came while something else was asked, until they are given."""

    objects: list[ObjectEntry] = field(default_factory=list)
    scalers: dict[tuple[int, Obis], tuple[ScalerUnit, datetime]] = field(default_factory=dict)
    logs: dict[Obis, tuple[Layout, datetime]] = field(default_factory=dict)
    unasked: list[bytes] = field(default_factory=list)
    meter: Meter | None = None


class MeterReading:
    """One association's work. ``around`` needs the meter's key, so ``identify`` comes first."""

    def __init__(
        self, client: Client, meter_map: DlmsMap, learned: Learned, zone: tzinfo | None, source: str, read_at: datetime
    ) -> None:
        self.client = client
        self.map = meter_map
        self.learned = learned
        self.zone = zone
        self._source = source
        self.read_at = read_at
        self.meter = Meter(source=source)
        self.logical_device_name = ""

    # -- identity and objects -----------------------------------------------------------------------------------------

    async def identify(self) -> Meter:
        """The meter's own words: logical device name, serial number, firmware."""
        wanted = [LOGICAL_DEVICE_NAME, *SERIAL_NUMBERS, *FIRMWARE, *MODEL]
        if self.client.association.short_names:
            await self.objects()
        found = await self.client.get_many([Attribute(ClassId.DATA, obis, 2) for obis in wanted])
        texts = {obis: _octets_of(result) for obis, result in zip(wanted, found, strict=True)}
        name = texts[LOGICAL_DEVICE_NAME]
        serial = next((texts[obis] for obis in SERIAL_NUMBERS if texts[obis]), "")
        self.meter = Meter(
            manufacturer=self.map.manufacturer or (name[:3] if name[:3].isalpha() and name[:3].isupper() else ""),
            serial=serial or name,
            model=self.map.model or next((texts[obis] for obis in MODEL if texts[obis]), ""),
            firmware=next((texts[obis] for obis in FIRMWARE if texts[obis]), ""),
            source=self._source,
        )
        self.logical_device_name = name
        return self.meter

    async def objects(self) -> list[ObjectEntry]:
        """The association view, read once."""
        if self.learned.objects:
            return self._known()
        short = self.client.association.short_names
        association = Attribute(ClassId.ASSOCIATION_SN if short else ClassId.ASSOCIATION_LN, ASSOCIATION, 2)
        result = await self.client.get(association)
        if isinstance(result, Refusal):
            raise AccessDenied(
                f"the meter does not show its objects ({result.what})", do="name a device map with --map, or other keys"
            )
        self.learned.objects = parse_view(axdr.decode(result))
        return self._known()

    def _known(self) -> list[ObjectEntry]:
        names = {one.obis: one.base_name for one in self.learned.objects if one.base_name is not None}
        self.client.association.base_names.update(names)
        return self.learned.objects

    def around(self, of: Meter | None = None) -> Around:
        """What surrounds a value of this meter, or of the device ``of`` behind it."""
        security = self.client.association.security
        return Around(
            (of or self.meter).key,
            self.read_at,
            self.zone,
            self.map.deviation_reversed,
            checked=security is None or security.verified,
        )

    # -- registers ----------------------------------------------------------------------------------------------------

    async def registers(self, wanted: Sequence[Obis] = (), of: Meter | None = None) -> AsyncIterator[Record]:
        """The values of ``wanted``, of the map's list, or of all registers in the association view.

        ``of`` is the device behind this meter whose they are; registers of M-Bus devices are left to ``devices``.
        """
        chosen = await self._chosen(wanted)
        plan: list[tuple[MapObject, list[Attribute]]] = []
        for one in chosen:
            plan.append((one, self._attributes(one)))
        flat = [attribute for _, attributes in plan for attribute in attributes]
        results = await self.client.get_many(flat)
        answers = dict(zip(flat, results, strict=True))
        for one, attributes in plan:
            yield self._record(one, attributes, answers, self.around(of))

    async def _chosen(self, wanted: Sequence[Obis]) -> list[MapObject]:
        if not wanted and self.map.registers:
            if self.client.association.short_names:
                await self.objects()
            return list(self.map.registers)
        try:
            objects = await self.objects()
        except AccessDenied:
            if not wanted:
                raise
            return [MapObject(obis) for obis in wanted]
        if wanted:
            classes = {one.obis: one.class_id for one in objects}
            return [MapObject(obis, classes.get(obis, ClassId.REGISTER)) for obis in wanted]
        return [
            MapObject(one.obis, one.class_id)
            for one in objects
            if one.class_id in REGISTERS
            and one.obis.f == CURRENT
            and one.readable(REGISTERS[one.class_id][0])
            and (one.obis.a, one.obis.c, one.obis.d) != _MBUS_VALUE
        ]

    def _attributes(self, one: MapObject) -> list[Attribute]:
        if one.class_id not in REGISTERS:
            return [Attribute(one.class_id, one.obis, 2)]
        value, scaler, stamp = REGISTERS[one.class_id]
        wanted = [value]
        known = self.learned.scalers.get((one.class_id, one.obis))
        if known is None or (self.read_at - known[1]).total_seconds() >= SCALER_S:
            wanted.append(scaler)
        if stamp:
            wanted.append(stamp)
        return [Attribute(one.class_id, one.obis, number) for number in wanted]

    def _record(
        self, one: MapObject, attributes: list[Attribute], answers: dict[Attribute, Result], around: Around
    ) -> Record:
        said = {attribute.number: answers[attribute] for attribute in attributes}
        value_number, scaler_number, stamp_number = REGISTERS.get(one.class_id, (2, 0, 0))
        result = said[value_number]
        if isinstance(result, Refusal):
            return NotUnderstood(around.meter, f"result {result.code}", str(result), one.obis)
        try:
            value = axdr.decode(result)
            if one.class_id not in REGISTERS:
                return other(one.obis, value, around)
            scaler, doubts = self._scaler(one, said.get(scaler_number))
            stamp = said.get(stamp_number) if stamp_number else None
            octets = axdr.decode(stamp) if isinstance(stamp, bytes) else b""
        except Damaged as error:
            return NotUnderstood(around.meter, result.hex(), error.what, one.obis)
        return register(
            one.obis, value, scaler, around, stamp=octets if isinstance(octets, bytes) else b"", doubts=doubts
        )

    def _scaler(self, one: MapObject, said: Result | None) -> tuple[ScalerUnit | None, tuple[Doubt, ...]]:
        """The scaler to use, and the doubt when it is another than last time."""
        key = (one.class_id, one.obis)
        known = self.learned.scalers.get(key)
        if said is None:
            return (known[0] if known is not None else None), ()
        fresh = scaler_unit(axdr.decode(said)) if isinstance(said, bytes) else None
        if fresh is None:
            by_map = self.map.units.get(one.obis)
            return (ScalerUnit(*by_map) if by_map is not None else None), ()
        self.learned.scalers[key] = (fresh, self.read_at)
        changed = known is not None and known[0] != fresh
        return fresh, ((Doubt.CONFIGURATION_CHANGED,) if changed else ())

    # -- clock --------------------------------------------------------------------------------------------------------

    async def clock_octets(self) -> bytes:
        """The 12 octets of the clock's time, empty where the meter refuses. Some meters put garbage behind them."""
        result = await self.client.get(Attribute(ClassId.CLOCK, CLOCK, 2))
        value = axdr.decode(result) if isinstance(result, bytes) else b""
        return bytes(value[:12]) if isinstance(value, bytes) else b""


def _octets_of(result: Result) -> str:
    """An identity object's text; empty where the meter refuses or says something else."""
    if isinstance(result, Refusal):
        return ""
    try:
        value = axdr.decode(result)
    except Damaged:
        return ""
    if isinstance(value, bytes):
        return octets_text(value)
    return value.strip("\x00 ") if isinstance(value, str) else (str(value) if isinstance(value, int) else "")
