"""An emulated COSEM meter as data: ``hil/profiles/dlms/<name>.toml`` to a Meter and the line it stands on.

``base = "household"`` takes everything from that file first; a table replaces keys of the same table, an array of tables
the whole array.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hil.dlms import axdr, event_log, grid_objects, registers, security_objects, sn_services
from hil.dlms.axdr import UINT8, UINT16, Data, array, octets, structure
from hil.dlms.compression import WRITERS
from hil.dlms.cosem_object import OTHER, Attribute, CosemObject, Refused, computed, fixed, stored
from hil.dlms.event_log import EventLog
from hil.dlms.hdlc_station import StationRule
from hil.dlms.image_transfer import ImageTransfer
from hil.dlms.meter import Meter
from hil.dlms.meter_clock import MeterClock
from hil.dlms.obis import logical_name
from hil.dlms.profile_generic import ENTRY, RANGE, Column, ProfileGeneric, Row
from hil.dlms.quantity import Quantity
from hil.dlms.relay import Relay
from hil.dlms.security import Keys
from hil.dlms.view import AssociationRule

CLOCK = logical_name("0-0:1.0.0*255")


@dataclass(frozen=True, slots=True)
class LineRule:
    """How a client comes to the meter: ``link`` is ``wrapper`` (TCP), ``udp``, ``hdlc`` (over TCP) or ``serial`` (HDLC on a
    pty). ``reaction_ms`` passes between the last byte heard and the first of the answer."""

    link: str = "wrapper"
    port: int = 0
    baud: int = 9600
    reaction_ms: int = 0
    station: StationRule = field(default_factory=StationRule)


def load(file: Path) -> dict[str, Any]:
    """The data of a profile with its bases under it."""
    data = tomllib.loads(file.read_text())
    if base := data.get("base"):
        data = merged(load(file.with_name(f"{base}.toml")), data)
    return data


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(under)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(made.get(key), Mapping)
        made[key] = merged(made[key], value) if both else value
    return made


def numbered(data: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    """The data of the ``number``-th meter of several: its serial number, and the name that ends in it, are its own."""
    entries = [dict(entry) for entry in data.get("data", ())]
    (serial,) = [entry for entry in entries if entry["obis"] == "0-0:96.1.0*255"]
    old, name = serial["value"], data["meter"]["logical_device_name"]
    new = serial["value"] = str(int(old) + number).zfill(len(old))
    return {**data, "data": entries, "meter": {**data["meter"], "logical_device_name": name.replace(old, new)}}


def line_rule(data: Mapping[str, Any]) -> LineRule:
    line = dict(data.get("line", {}))
    station = StationRule(**line.pop("station", {}))
    return LineRule(**line, station=station)


def build(data: Mapping[str, Any]) -> Meter:
    """The meter of a profile. Raises TypeError and KeyError for a wrong file: it is ours."""
    meter, clock = data["meter"], _clock(data.get("clock", {}))
    objects = [
        registers.data(logical_name("0-0:42.0.0*255"), fixed(octets(meter["logical_device_name"].encode()))),
        clock.object(),
        _sap_assignment(meter),
    ]
    quantities: dict[bytes, Quantity] = {}
    for entry in data.get("data", ()):
        objects.append(registers.data(logical_name(entry["obis"]), _value(entry)))
    for entry in data.get("register", ()):
        name, quantity = _quantity(entry, quantities)
        objects.append(registers.register(name, quantity, clock))
    for entry in data.get("extended_register", ()):
        name, quantity = _quantity(entry, quantities)
        age = timedelta(minutes=entry["minutes_ago"])
        objects.append(registers.extended_register(name, quantity, clock, _quarter_before(clock, age)))
    for entry in data.get("demand_register", ()):
        name, quantity = _quantity(entry, quantities)
        objects.append(registers.demand_register(name, quantity, clock, entry["period_s"]))
    for entry in data.get("profile", ()):
        objects.append(_profile(entry, quantities, clock).object())
    logs = _logs(data.get("event_log", ()), clock, quantities)
    for log in logs.values():
        objects += log.objects()
    keys = _keys(data.get("security", {}))
    objects += security_objects.objects(keys, bytes.fromhex(meter["system_title"]))
    made = Meter(
        logical_device=meter.get("logical_device", 1),
        system_title=bytes.fromhex(meter["system_title"]),
        clock=clock,
        objects=objects,
        rules={rule.client: rule for rule in map(_rule, data["association"])},
        keys=keys,
        max_pdu=meter.get("max_pdu", 1024),
        offers=frozenset(meter.get("offers", ())),
        lacks=frozenset(meter.get("lacks", ())),
        block_window=meter.get("block_window", 1),
        logs=logs,
    )
    made.objects += _utility_objects(data, made)
    sn_services.allocate(made.objects)
    return made


def _keys(data: Mapping[str, Any]) -> Keys:
    """Keys as hexadecimal texts, the rest as it is."""
    return Keys(**{name: bytes.fromhex(value) if isinstance(value, str) else value for name, value in data.items()})


def _logs(
    entries: Sequence[Mapping[str, Any]], clock: MeterClock, quantities: Mapping[bytes, Quantity]
) -> dict[str, EventLog]:
    """By kind, or by code where the file names no kind."""
    logs: dict[str, EventLog] = {}
    for entry in entries:
        extra = [(logical_name(code), quantities[logical_name(code)]) for code in entry.get("columns", ())]
        tag = axdr.NAMES[entry.get("type", "unsigned")]
        log = EventLog(logical_name(entry["obis"]), logical_name(entry["code"]), clock, entry["events"], extra, tag)
        logs[entry.get("kind", entry["obis"])] = log
    return logs


def _utility_objects(data: Mapping[str, Any], meter: Meter) -> list[CosemObject]:
    """Relay, limiter, M-Bus devices, image transfer, scripts, push setup, alarms: where the file has them."""
    objects: list[CosemObject] = []

    def clock_was_set(old: datetime, new: datetime) -> None:
        meter.enter("standard", event_log.CLOCK_OLD, old)
        meter.enter("standard", event_log.CLOCK_NEW, new)

    meter.clock.on_set = clock_was_set
    if "relay" in data:
        objects.append(Relay(entered=lambda code: meter.enter("disconnector", code), **data["relay"]).object())
    if "limiter" in data:
        objects.append(grid_objects.limiter(**data["limiter"]))
    objects += [grid_objects.mbus_client(entry) for entry in data.get("mbus", ())]
    objects += [grid_objects.alarm_register(entry["obis"], entry["raised"]) for entry in data.get("alarm", ())]
    if data.get("image_transfer"):
        objects.append(ImageTransfer().object())
    if data.get("demand_reset"):
        objects += _demand_reset(meter.clock)
    if "push" in data:
        pushed = [Column(class_id, logical_name(code)) for class_id, code in data["push"]]
        objects.append(grid_objects.push_setup(pushed, None))
    return objects


def _demand_reset(clock: MeterClock) -> list[CosemObject]:
    """Script 1 of the MDI reset table, and the billing counter and time that show it."""
    count, at = [12], [clock.now() - timedelta(days=20)]

    def execute(number: int) -> None:
        if number != 1:
            raise Refused(OTHER)
        count[0], at[0] = count[0] + 1, clock.now()

    return [
        grid_objects.script_table("0-0:10.0.1*255", execute),
        registers.data(logical_name("1-0:0.1.0*255"), computed(lambda: Data(UINT8, count[0]))),
        registers.data(logical_name("1-0:0.1.2*255"), computed(lambda: octets(clock.stamp(at[0])))),
    ]


def _clock(data: Mapping[str, Any]) -> MeterClock:
    return MeterClock(**data)


def _sap_assignment(meter: Mapping[str, Any]) -> CosemObject:
    """Class 17: which logical devices there are."""
    one = structure(Data(UINT16, meter.get("logical_device", 1)), octets(meter["logical_device_name"].encode()))
    return CosemObject(17, 0, logical_name("0-0:41.0.0*255"), {2: fixed(array((one,)))})


def _value(entry: Mapping[str, Any]) -> Attribute:
    tag = axdr.NAMES[entry["type"]]
    value = entry["value"]
    if tag == axdr.OCTETS:
        value = bytes.fromhex(entry["value"]) if entry.get("hex") else value.encode()
    data = Data(tag, value)
    return stored(data) if entry.get("writable") else fixed(data)


def _quantity(entry: Mapping[str, Any], known: dict[bytes, Quantity]) -> tuple[bytes, Quantity]:
    name = logical_name(entry["obis"])
    known[name] = Quantity(
        axdr.NAMES[entry["type"]],
        entry["raw"],
        entry.get("scaler", 0),
        entry["unit"],
        entry.get("per_hour", 0),
        entry.get("spread", 0),
        entry["obis"],
    )
    return name, known[name]


def _quarter_before(clock: MeterClock, age: timedelta) -> Any:
    def captured() -> datetime:
        moment = clock.now() - age
        return moment - timedelta(seconds=moment.timestamp() % 900)

    return captured


def _profile(entry: Mapping[str, Any], quantities: Mapping[bytes, Quantity], clock: MeterClock) -> ProfileGeneric:
    """A load profile: clock, status where it has one, and registers, for the last ``days`` days of the meter's clock."""
    period = timedelta(seconds=entry["period_s"])
    names = [logical_name(column) for column in entry["columns"]]
    status = logical_name(entry["status"]) if "status" in entry else None
    size = entry["days"] * 86400 // entry["period_s"]

    def rows() -> Sequence[Row]:
        now = clock.now()
        end = now - timedelta(seconds=now.timestamp() % entry["period_s"])
        moments = [end - period * number for number in range(size - 1, -1, -1)]
        return [Row(moment, cells(moment)) for moment in moments]

    def cells(moment: datetime) -> tuple[Data, ...]:
        made = [octets(clock.stamp(moment))]
        if status:
            saving = made[0].value[11] & 0x80
            made.append(Data(UINT8, entry.get("status_word", 0) | (0x08 if saving else 0)))
        return (*made, *(quantities[name].data(moment) for name in names))

    columns = [Column(8, CLOCK), *([Column(1, status)] if status else []), *(Column(3, name) for name in names)]
    return ProfileGeneric(
        logical_name(entry["obis"]),
        columns,
        rows,
        clock,
        period_s=entry["period_s"],
        size=size,
        write=WRITERS[entry.get("written", "plain")],
        selectors=entry.get("selectors", (RANGE, ENTRY)),
    )


def _rule(entry: Mapping[str, Any]) -> AssociationRule:
    made = dict(entry)
    secret = made.pop("secret", "")
    made["secret"] = bytes.fromhex(made.pop("secret_hex")) if "secret_hex" in made else secret.encode()
    return AssociationRule(**made)
