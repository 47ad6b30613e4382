"""Objects that are no registers and yet matter to a gateway, read out as texts: limiter, image transfer, push setup,
alarms; and the devices behind the meter on its M-Bus.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from drivers.dlms import axdr
from drivers.dlms.axdr import Data
from drivers.dlms.bytes_reader import Damaged
from drivers.dlms.cosem import Attribute, ClassId
from drivers.dlms.meter_reading import MeterReading
from drivers.dlms.records import Around, text_of
from drivers.dlms.view import ObjectEntry
from drivers.reading import Meter, NotUnderstood, Obis, Record, Text

#: class -> (attribute, its name) of what is read out
_STATES: dict[int, tuple[tuple[int, str], ...]] = {
    ClassId.IMAGE_TRANSFER: ((2, "block size"), (4, "first block missing"), (5, "enabled"), (6, "status")),
    ClassId.DISCONNECT_CONTROL: ((2, "output state"), (3, "control state"), (4, "control mode")),
    ClassId.LIMITER: ((3, "threshold active"), (4, "threshold normal"), (6, "minimum over threshold, s"), (8, "emergency active")),
    ClassId.PUSH_SETUP: ((2, "objects"), (3, "destination"), (5, "randomisation, s"), (6, "retries"), (7, "retry delay, s")),
}  # fmt: skip
#: image_transfer_status (Blue Book 4.4.6).
_IMAGE = {
    0: "not initiated", 1: "initiated", 2: "verification initiated", 3: "verification successful",
    4: "verification failed", 5: "activation initiated", 6: "activation successful", 7: "activation failed",
}  # fmt: skip
#: Alarm registers, filters and descriptors 0-0:97.98.e, and the error register 0-0:97.97.e.
_ALARMS = ((97, 98), (97, 97))
#: device_type of an M-Bus client (EN 13757-3): the medium, for the model of who has no other name.
_MEDIA = {2: "electricity", 3: "gas", 4: "heat", 6: "warm water", 7: "water", 8: "heat cost allocator", 10: "cooling"}


async def states(reading: MeterReading) -> AsyncIterator[Record]:
    """What the objects of these classes say, one Text an attribute: ``status: not initiated``."""
    around = reading.around()
    for one in await reading.objects():
        wanted = _STATES.get(one.class_id, ())
        if one.class_id == ClassId.DATA and (one.obis.c, one.obis.d) in _ALARMS:
            wanted = ((2, "alarms"),)
        if not wanted:
            continue
        results = await reading.client.get_many([Attribute(one.class_id, one.obis, number) for number, _ in wanted])
        for (number, name), result in zip(wanted, results, strict=True):
            if not isinstance(result, bytes):
                continue  # a state that this client may not see is no news
            try:
                value = axdr.decode(result)
            except Damaged as error:
                yield NotUnderstood(around.meter, result.hex(), error.what, one.obis)
                continue
            word = (
                _IMAGE.get(value)
                if one.class_id == ClassId.IMAGE_TRANSFER and number == 6 and isinstance(value, int)
                else None
            )
            yield Text(
                around.meter, one.obis, result.hex(), f"{name}: {word or _words(value, around)}", checked=around.checked
            )


def _words(value: Data, around: Around) -> str:
    if isinstance(value, list | tuple):
        return "(" + ", ".join(_words(one, around) for one in value) + ")"
    if isinstance(value, bytes) and len(value) == 6:
        return str(Obis.from_bytes(value))
    return "-" if value is None else text_of(value, around) or f"{value!r}"


async def devices(reading: MeterReading) -> AsyncIterator[Record]:
    """The devices on the meter's M-Bus (class 72), each a Meter of its own behind this one, with its values."""
    objects = await reading.objects()
    for one in objects:
        if one.class_id != ClassId.MBUS_CLIENT:
            continue
        device = await _device(reading, one)
        if device is None:
            continue
        yield device
        async for record in _values(reading, objects, one.obis.b, device):
            yield record


async def _device(reading: MeterReading, one: ObjectEntry) -> Meter | None:
    wanted = [Attribute(ClassId.MBUS_CLIENT, one.obis, number) for number in (6, 7, 8, 9)]
    found = [axdr.decode(r) if isinstance(r, bytes) else None for r in await reading.client.get_many(wanted)]
    number, maker, version, medium = (value if isinstance(value, int) else 0 for value in found)
    if not number:
        return None  # a channel on which nothing was installed
    return Meter(
        manufacturer=_flag(maker),
        serial=_serial(number),
        model=_MEDIA.get(medium, ""),
        firmware=str(version) if version else "",
        source=reading.meter.source,
        behind=reading.meter.key,
    )


def _flag(number: int) -> str:
    """The three letters of an M-Bus manufacturer id (EN 13757-3, 5.6): five bits each, A is 1."""
    letters = [(number >> shift & 0x1F) + 64 for shift in (10, 5, 0)]
    return "".join(map(chr, letters)) if all(65 <= letter <= 90 for letter in letters) else ""


def _serial(number: int) -> str:
    """The identification number: eight BCD digits where they are such, else the number."""
    text = f"{number:08x}"
    return text if text.isdigit() else str(number)


async def _values(
    reading: MeterReading, objects: list[ObjectEntry], channel: int, device: Meter
) -> AsyncIterator[Record]:
    wanted = [
        one.obis
        for one in objects
        if one.class_id in (ClassId.REGISTER, ClassId.EXTENDED_REGISTER)
        and (one.obis.a, one.obis.b, one.obis.c, one.obis.d) == (0, channel, 24, 2)
    ]
    if wanted:
        async for record in reading.registers(wanted, of=device):
            yield record
