"""From the APDUs a meter pushes to records: decrypted where there is a key, understood by the list and the device map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from drivers.dlms import axdr, notification
from drivers.dlms.bytes_reader import Damaged
from drivers.dlms.cosem import ClassId
from drivers.dlms.cosem_unit import ScalerUnit
from drivers.dlms.meter_map import DlmsLibrary, DlmsMap, PushList, map_for
from drivers.dlms.meter_reading import FIRMWARE, LOGICAL_DEVICE_NAME
from drivers.dlms.push_framing import Pushed
from drivers.dlms.push_list import Item, Items, items
from drivers.dlms.push_security import PushSecurity
from drivers.dlms.records import Around, number_of, octets_text, other, printable, register
from drivers.driver import Context
from drivers.errors import MeterError
from drivers.reading import Doubt, Meter, MeterEvent, NotUnderstood, Obis, Reading, Record, Text

#: Where meters say who they are in a push, the surest first: group C and D, whatever the channel.
_SERIALS = (Obis(0, 0, 96, 1, 0), Obis(0, 0, 96, 1, 1), Obis(1, 1, 0, 0, 5), Obis(1, 0, 0, 0, 0))
_MODELS = (Obis(0, 0, 96, 1, 7), Obis(1, 1, 96, 1, 1))
#: Registers of the clock: a stamp, and no reading.
_CLOCK = (1, 0)
#: Classes whose value has no unit.
_PLAIN = (ClassId.DATA, ClassId.PROFILE_GENERIC, ClassId.PUSH_SETUP, ClassId.DISCONNECT_CONTROL, ClassId.LIMITER)


@dataclass(slots=True)
class Listener:
    """What is remembered between notifications of one line: who the meter is, and the counters it used."""

    context: Context
    source: str
    meter: Meter | None = None
    security: PushSecurity = field(init=False)

    def __post_init__(self) -> None:
        self.security = PushSecurity(self.context.keys)

    def records(self, pushed: Pushed, *, salvage: bool = False) -> list[Record]:
        """The records of one APDU, its Meter first. What cannot be understood is a record that says why.

        ``salvage``: its check sequence was wrong; what can be made out is marked suspect.
        """
        try:
            opened, title = self.security.open(pushed.apdu)
            found = notification.parse(opened.apdu)
            listed = items(found.body, self._lists(), salvage=salvage)
        except MeterError as error:
            key = self.meter.key if self.meter is not None else self.source
            what = f"{error.what}; {error.do}" if error.do else error.what
            return [NotUnderstood(key, pushed.apdu.hex(), what)]
        checked = (pushed.checked or opened.verified) and not salvage
        return list(self._understood(found, listed, title, checked=checked, suspect=salvage))

    # -- understanding ------------------------------------------------------------------------------------------------

    def _lists(self) -> tuple[PushList, ...]:
        meter_map = self.context.meter_map
        if isinstance(meter_map, DlmsMap):
            return meter_map.push
        if isinstance(meter_map, DlmsLibrary):
            return tuple(one for each in meter_map.maps for one in each.push if one.starts_with)
        return ()

    def _map(self, listed: Items) -> DlmsMap:
        meter_map = self.context.meter_map
        if isinstance(meter_map, DlmsLibrary):
            for one in meter_map.maps:
                if listed.template and any(each.name == listed.template for each in one.push):
                    return one
                if one.push_version and any(_plain(item.value).startswith(one.push_version) for item in listed.found):
                    return one
            name = next((_plain(item.value) for item in listed.found if item.obis == LOGICAL_DEVICE_NAME), "")
            return meter_map.of(name)
        return map_for(meter_map)

    def _understood(
        self, said: notification.Notification, listed: Items, title: bytes, *, checked: bool, suspect: bool
    ) -> Iterator[Record]:
        meter_map = self._map(listed)
        listed = listed._replace(found=_named(listed.found, meter_map))
        self._identify(listed, title, meter_map)
        assert self.meter is not None  # noqa: S101 - made by the line above
        around = Around(
            self.meter.key, self.context.now(), self.context.zone, meter_map.deviation_reversed, checked=checked
        )
        yield self.meter
        if said.attribute is not None:
            yield self._event(said, around)
            return
        stamp = _stamp(said, listed)
        for item in listed.found:
            record = _record(item, stamp, around, meter_map)
            yield _suspected(record) if suspect else record
        for lost in listed.lost:
            yield NotUnderstood(self.meter.key, lost, "a damaged part of the frame")

    def _identify(self, listed: Items, title: bytes, meter_map: DlmsMap) -> None:
        texts: dict[Obis, str] = {}
        for item in listed.found:
            if item.obis is not None and item.obis not in texts:
                texts[item.obis] = _plain(item.value)
        serial = next((texts[obis] for obis in _SERIALS if texts.get(obis)), "")
        name = texts.get(LOGICAL_DEVICE_NAME, "")
        maker = title[:3].decode("ascii") if title[:3].isalpha() and title[:3].isupper() else ""
        maker = maker or (name[:3] if name[:3].isalpha() and name[:3].isupper() else "") or meter_map.manufacturer
        known = self.meter
        if not serial and not name and known is not None:
            return  # short lists name nobody: it is the meter that spoke before on this line
        self.meter = Meter(
            manufacturer=maker,
            serial=serial or name or (title.hex() if title else ""),
            model=next((texts[obis] for obis in _MODELS if texts.get(obis)), meter_map.model),
            firmware=next((texts[obis] for obis in FIRMWARE if texts.get(obis)), ""),
            source=self.source,
        )

    def _event(self, said: notification.Notification, around: Around) -> MeterEvent:
        assert said.attribute is not None  # noqa: S101 - the caller asked
        stamp = around.stamp(said.stamp) if said.stamp else None
        try:
            value = axdr.decode(said.body)
        except Damaged:
            value = said.body.hex()
        return MeterEvent(
            meter=around.meter,
            at=stamp.time if stamp is not None else None,
            log=str(said.attribute.obis),
            code=f"{value}",
            read_at=around.read_at,
            table="dlms",
        )


def _named(found: list[Item], meter_map: DlmsMap) -> list[Item]:
    """The items, those without a name named by the map, in their order."""
    names = iter(meter_map.push_unnamed)
    return [item if item.obis is not None else item._replace(obis=next(names, None)) for item in found]


def _stamp(said: notification.Notification, listed: Items) -> bytes:
    """The moment the values are of: the clock in the list, else the date-time of the notification."""
    for item in listed.found:
        if _is_clock(item.obis) and isinstance(item.value, bytes) and len(item.value) == 12:
            return bytes(item.value)
    bare = next((item.value for item in listed.found if item.obis is None and _is_stamp(item.value)), b"")
    return bytes(bare) if isinstance(bare, bytes) and bare else said.stamp


def _is_clock(obis: Obis | None) -> bool:
    return obis is not None and obis.a == 0 and (obis.c, obis.d) == _CLOCK


def _is_stamp(value: object) -> bool:
    return isinstance(value, bytes) and len(value) == 12 and 0x07 <= value[0] <= 0x08


def _record(item: Item, stamp: bytes, around: Around, meter_map: DlmsMap) -> Record:
    if item.obis is None:
        if _is_stamp(item.value) and isinstance(item.value, bytes):
            return Text(around.meter, Obis(0, 0, 1, 0, 0), item.value.hex(), around.stamp(bytes(item.value)).text,
                        checked=around.checked)  # fmt: skip
        return NotUnderstood(
            around.meter, f"{item.value!r:.200}", "nothing says what it is; a device map can (--map)", None
        )
    if _is_clock(item.obis) and isinstance(item.value, bytes):
        raw = bytes(item.value)
        return Text(around.meter, item.obis, raw.hex(), around.stamp(raw).text, checked=around.checked)
    scaler = item.scaler
    by_map = meter_map.units.get(item.obis)
    if scaler is None and by_map is not None:
        scaler = ScalerUnit(*by_map)
    # Group C 0 and 96 are identities, states and counts of the device itself: they have no unit in any list.
    if scaler is None and (number_of(item.value) is None or item.obis.c in (0, 96) or item.class_id in _PLAIN):
        return other(item.obis, item.value, around)
    return register(item.obis, item.value, scaler, around, stamp=stamp)


def _suspected(record: Record) -> Record:
    if isinstance(record, Reading | Text):
        return replace(record, doubts=(*record.doubts, Doubt.SUSPECT), checked=False)
    return record


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return octets_text(bytes(value))
    return printable(value) if isinstance(value, str) else ""
