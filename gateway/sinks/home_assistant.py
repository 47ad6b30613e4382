"""Registers as Home Assistant shows them: MQTT discovery and values, made from the messages. A view, not a delivery.

Sans-IO: a message comes in, what is to be published goes out. A value in doubt is not shown: the one shown before becomes
old, and after ``expire_after``, three times the usual distance of two values, Home Assistant says that there is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.cim.quality import ReadingQualityType
from gateway.cim.reading_type import ReadingType
from gateway.messages import codec
from gateway.messages.compressed import expand
from gateway.messages.profiles.meter_readings import MeterReading, MeterReadings, Reading

#: ReadingType's unit -> (unit, device class) in the words of Home Assistant's sensors.
_UNITS = {
    5: ("A", "current"),
    23: ("°C", "temperature"),
    29: ("V", "voltage"),
    33: ("Hz", "frequency"),
    38: ("W", "power"),
    42: ("m³", "volume"),
    61: ("VA", "apparent_power"),
    63: ("var", "reactive_power"),
    72: ("Wh", "energy"),
    73: ("varh", "reactive_energy"),
}
#: Device classes of sums: Home Assistant takes no measurement of them.
_SUMS = {"energy", "reactive_energy", "volume"}
_PREFIXES = {0: "", 3: "k", 6: "M", -3: "m"}
#: What a name is made of, in this order; the other fields are the same for all registers of a meter, or say nothing to a person.
_NAMED_BY = ("aggregate", "measurementKind", "flowDirection", "tou", "phases", "macroPeriod")
#: Accumulation of totals that only grow (bulkQuantity, cumulative, summation).
_TOTALS = {1, 3, 9}
#: Category of ReadingQualityTypes: validation failed.
_FAILED = 5
_LEAST_EXPIRY_S = 300


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing to publish."""

    topic: str
    body: str
    retain: bool


class HomeAssistantView:
    """``discovery`` is Home Assistant's prefix, ``base`` ours: ``<prefix>/<gateway>``."""

    def __init__(self, discovery: str, base: str) -> None:
        self._discovery = discovery
        self._base = base
        self._last: dict[str, datetime] = {}
        self._told: dict[str, int] = {}

    def of(self, body: bytes) -> Iterator[Shown]:
        """What a message shows, in the order to publish. Raises MessageError for what is no message."""
        payload = codec.read(body).message.payload
        for content in expand(payload) if payload is not None else ():
            if isinstance(content, MeterReadings):
                for meter in content.meter_reading:
                    yield from self._meter(meter)

    def _meter(self, meter: MeterReading) -> Iterator[Shown]:
        who = _key(meter)
        for reading in meter.readings if who else ():
            if reading.value is not None and not any(_failed(one) for one in reading.reading_qualities):
                yield from self._reading(who, reading)

    def _reading(self, who: str, reading: Reading) -> Iterator[Shown]:
        try:
            kind = ReadingType.parse(reading.reading_type)
        except ValueError:
            return
        name = f"{_slug(who)}_{reading.reading_type.replace('.', '_')}"
        topic = f"{self._base}/view/{name}"
        expiry = self._expiry(name, reading.time_stamp)
        if self._told.get(name) != expiry:
            self._told[name] = expiry
            config = _config(who, name, kind, topic, f"{self._base}/status", expiry)
            yield Shown(f"{self._discovery}/sensor/{name}/config", json.dumps(config, ensure_ascii=False), True)
        at = reading.time_stamp.isoformat() if reading.time_stamp else None
        yield Shown(topic, json.dumps({"value": reading.value, "time": at}), False)

    def _expiry(self, name: str, at: datetime | None) -> int:
        """Seconds after which the value is old; 0 while that is not known. It grows, so that it is told only some times."""
        known, last = self._told.get(name, 0), self._last.get(name)
        if at is None:
            return known
        self._last[name] = at
        if last is None or at <= last:
            return known
        seen = max(3 * int((at - last).total_seconds()), _LEAST_EXPIRY_S)
        return seen if seen > 2 * known else known


def _config(who: str, name: str, kind: ReadingType, topic: str, status: str, expiry: int) -> dict[str, Any]:
    unit = _UNITS.get(kind.unit)
    prefix = _PREFIXES.get(kind.multiplier)
    config: dict[str, Any] = {
        "name": _name(kind),
        "unique_id": f"metergate_{name}",
        "state_topic": topic,
        "value_template": "{{ value_json.value }}",
        "json_attributes_topic": topic,
        "availability_topic": status,
        "device": {"identifiers": [f"metergate_{_slug(who)}"], "name": who},
    }
    if unit is not None and prefix is not None:
        config |= {"unit_of_measurement": prefix + unit[0], "device_class": unit[1]}
        total = kind.accumulation in _TOTALS and kind.macro_period == 0
        if total:
            config["state_class"] = "total_increasing"
        elif unit[1] not in _SUMS:
            config["state_class"] = "measurement"
    if expiry:
        config["expire_after"] = expiry
    return config


def _name(kind: ReadingType) -> str:
    parts = {part.part: part for part in kind.explain()}
    return " ".join(parts[field].name for field in _NAMED_BY if parts[field].code != "0")


def _key(meter: MeterReading) -> str:
    names = meter.meter.names if meter.meter is not None else ()
    kinds = {one.name_type.name if one.name_type else "": one.name for one in names}
    return kinds.get("meterKey") or kinds.get("serialNumber") or ""


def _failed(quality: Any) -> bool:
    try:
        return ReadingQualityType.parse(quality.reading_quality_type).category == _FAILED
    except ValueError:
        return True


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", text)
