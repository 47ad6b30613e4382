"""What a utility's meter has besides registers: limiter, devices on its M-Bus, push setup, scripts, alarms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hil.dlms.axdr import BOOLEAN, ENUM, INT8, UINT8, UINT16, UINT32, Data, array, octets, structure
from hil.dlms.cosem_object import OTHER, TYPE_UNMATCHED, Attribute, CosemObject, Refused, fixed, stored
from hil.dlms.obis import logical_name
from hil.dlms.profile_generic import Column

_NEVER = bytes.fromhex("FFFFFFFFFFFFFFFFFF800000")


def alarm_register(obis: str, raised: int) -> CosemObject:
    """Latched bits (class 1); what is written 0 is cleared, a set bit cannot be written."""
    held = [raised]

    def put(data: Data) -> None:
        if data.tag != UINT32:
            raise Refused(TYPE_UNMATCHED)
        held[0] &= data.value

    return CosemObject(1, 0, logical_name(obis), {2: Attribute(lambda _: Data(UINT32, held[0]), put)})


def script_table(obis: str, execute: Callable[[int], None]) -> CosemObject:
    """Class 9: scripts are run by their number. The demand reset is script 1 of 0-0:10.0.1*255."""

    def run(parameter: Data | None) -> None:
        if parameter is None or parameter.tag != UINT16:
            raise Refused(TYPE_UNMATCHED)
        execute(parameter.value)

    action = structure(Data(ENUM, 2), Data(UINT16, 7), octets(logical_name("1-0:98.1.0*255")), Data(INT8, 2), Data(0))
    scripts = array([structure(Data(UINT16, 1), array([action]))])
    return CosemObject(9, 0, logical_name(obis), {2: fixed(scripts)}, {1: run})


def limiter(normal_w: int, emergency_w: int, monitored: str = "1-0:1.24.0*255") -> CosemObject:
    """Class 71 at 0-0:17.0.0*255, thresholds in watts."""
    open_relay = structure(octets(logical_name("0-0:10.0.106*255")), Data(UINT16, 1))
    nothing = structure(octets(logical_name("0-0:10.0.106*255")), Data(UINT16, 0))
    return CosemObject(
        71,
        0,
        logical_name("0-0:17.0.0*255"),
        {
            2: fixed(structure(Data(UINT16, 5), octets(logical_name(monitored)), Data(INT8, 3))),
            3: fixed(Data(UINT32, normal_w)),
            4: stored(Data(UINT32, normal_w)),
            5: stored(Data(UINT32, emergency_w)),
            6: stored(Data(UINT32, 15)),
            7: stored(Data(UINT32, 15)),
            8: stored(structure(Data(UINT16, 0), octets(_NEVER), Data(UINT32, 0))),
            9: stored(array(())),
            10: fixed(Data(BOOLEAN, False)),
            11: stored(structure(open_relay, nothing)),
        },
    )


def mbus_client(entry: Mapping[str, Any]) -> CosemObject:
    """Class 72 version 1 at 0-n:24.1.0*255: what device hangs on channel n. Identification number and maker as on M-Bus."""
    channel = entry["channel"]
    return CosemObject(
        72,
        1,
        logical_name(f"0-{channel}:24.1.0*255"),
        {
            2: fixed(octets(logical_name("0-0:24.6.0*255"))),
            3: fixed(array(())),
            4: fixed(Data(UINT32, 3600)),
            5: fixed(Data(UINT8, entry.get("address", channel))),
            6: fixed(Data(UINT32, int(entry["identification"], 16))),
            7: fixed(Data(UINT16, _maker(entry["manufacturer"]))),
            8: fixed(Data(UINT8, entry.get("version", 1))),
            9: fixed(Data(UINT8, entry["device_type"])),
            10: fixed(Data(UINT8, 7)),
            11: fixed(Data(UINT8, entry.get("status", 0))),
            12: fixed(Data(UINT8, entry.get("alarm", 0))),
            13: fixed(Data(UINT16, 0)),
            14: fixed(Data(ENUM, 0)),
        },
        dict.fromkeys(range(1, 9), _refused),
    )


def push_setup(objects: Sequence[Column], push: Callable[[], None] | None) -> CosemObject:
    """Class 40 version 0 at 0-0:25.9.0*255; the destination is a TCP socket of the emulator's."""

    def now(_: Data | None) -> None:
        if push is None:
            raise Refused(OTHER)
        push()

    return CosemObject(
        40,
        0,
        logical_name("0-0:25.9.0*255"),
        {
            2: stored(array(column.data for column in objects)),
            3: stored(structure(Data(ENUM, 0), octets(b"127.0.0.1:4059"), Data(ENUM, 0))),
            4: stored(array(())),
            5: stored(Data(UINT16, 0)),
            6: stored(Data(UINT8, 0)),
            7: stored(Data(UINT16, 0)),
        },
        {1: now},
    )


def _refused(_: Data | None) -> None:
    raise Refused(OTHER)


def _maker(letters: str) -> int:
    """Three letters as M-Bus packs them, five bits each."""
    first, second, third = (ord(letter) - 64 for letter in letters)
    return first << 10 | second << 5 | third
