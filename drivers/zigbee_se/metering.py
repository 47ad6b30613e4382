"""Attributes of a Metering cluster to records: readings with their OBIS codes, texts, and what was not understood."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from drivers.reading import Column, Doubt, Meter, NotUnderstood, Obis, Reading, Record, Row, Series, Text
from drivers.zigbee_se import metering_attributes as at
from drivers.zigbee_se.quantity import Quantity, quantity
from drivers.zigbee_se.scale import Scale
from drivers.zigbee_se.zcl import Answer
from drivers.zigbee_se.zcl_time import moment
from drivers.zigbee_se.zcl_types import Value

#: IEC 62056-6-1, abstract objects: metering point, error objects, disconnect control, battery's charge and time left.
_SITE, _STATUS_WORD, _EXTENDED_WORD = Obis(0, 0, 96, 1, 10), Obis(0, 0, 97, 97, 0), Obis(0, 0, 97, 97, 1)
_SUPPLY, _BATTERY_LEFT, _BATTERY_TIME = Obis(0, 0, 96, 3, 10), Obis(0, 0, 96, 6, 1), Obis(0, 0, 96, 6, 6)

#: SupplyStatus (D.3.2.2.1) in the words of COSEM.
_SUPPLY_WORDS = {0: "disconnected", 1: "ready for reconnection", 2: "connected"}


@dataclass(frozen=True, slots=True)
class Form:
    """How one meter's raw numbers are to be understood: what it measures, and the scale."""

    quantity: Quantity
    scale: Scale

    @classmethod
    def of(cls, values: Mapping[int, Value]) -> Form:
        """From UnitofMeasure, Multiplier, Divisor and MeteringDeviceType; an absent multiplier or divisor is 1."""
        measured = quantity(_number(values.get(at.DEVICE_TYPE)), _number(values.get(at.UNIT)))
        multiplier, divisor = _number(values.get(at.MULTIPLIER)), _number(values.get(at.DIVISOR))
        return cls(
            measured,
            Scale(1 if multiplier is None else multiplier, 1 if divisor is None else divisor, measured.bcd),
        )


@dataclass(frozen=True, slots=True)
class Said:
    """What a meter said at one moment. ``answers`` by attribute; a status is left out or stands with its status."""

    meter: str
    answers: Mapping[int, Answer]
    read_at: datetime
    zone: tzinfo | None = None

    def value(self, attribute: int) -> Value:
        answer = self.answers.get(attribute)
        return None if answer is None else answer.value

    def number(self, attribute: int) -> int | None:
        return _number(self.value(attribute))


def meter(said: Said, form: Form, source: str, behind: str | None = None) -> Meter:
    """Who answered, by its serial number where it has one."""
    serial = _text(said.value(at.SERIAL))
    return Meter(serial=serial, model=form.quantity.name, source=source, behind=behind)


def records(said: Said, form: Form) -> Iterator[Record]:
    """Every reading that the answers hold, then texts. An invalid value is left out: the meter says that it has none."""
    for attribute in said.answers:
        maker = _MAKERS.get(attribute)
        if maker is not None:
            yield from maker(said, form)
        elif (tier := at.tier(attribute)) is not None:
            number, received = tier
            yield from _reading(said, form, attribute, form.quantity.summation(received=received, tier=number))
        elif attribute in at.CRITICAL_PEAK and said.number(attribute) is not None:
            name = at.CRITICAL_PEAK[attribute]
            yield NotUnderstood(said.meter, _raw(said, attribute), f"{name}: no OBIS code is agreed for its register")
    yield from _days(said, form)


def _summation(attribute: int, received: bool) -> Callable[[Said, Form], Iterator[Record]]:
    def make(said: Said, form: Form) -> Iterator[Record]:
        time = moment(said.number(at.SNAPSHOT_TIME))
        obis = form.quantity.summation(received=received)
        for record in _reading(said, form, attribute, obis):
            yield replace(record, time=time) if isinstance(record, Reading) else record

    return make


def _maximum(attribute: int, time: int, received: bool) -> Callable[[Said, Form], Iterator[Record]]:
    def make(said: Said, form: Form) -> Iterator[Record]:
        obis = form.quantity.maximum(received=received)
        for record in _reading(said, form, attribute, obis, rate=True):
            yield replace(record, time=moment(said.number(time))) if isinstance(record, Reading) else record

    return make


def _demand(said: Said, form: Form) -> Iterator[Record]:
    for record in _reading(said, form, at.DEMAND, form.quantity.demand(), rate=True):
        # What a generator delivers flows out of the premises.
        turn = isinstance(record, Reading) and form.quantity.generation
        yield replace(record, value=-record.value) if turn and isinstance(record, Reading) else record


def _current_demand(said: Said, form: Form) -> Iterator[Record]:
    obis = form.quantity.current_demand(received=False)
    yield from _reading(said, form, at.CURRENT_DEMAND_DELIVERED, obis, rate=True)


def _power_factor(said: Said, form: Form) -> Iterator[Record]:
    raw, obis = said.number(at.POWER_FACTOR), form.quantity.power_factor()
    if raw is None or obis is None:
        return
    doubts = () if -100 <= raw <= 100 else (Doubt.OUT_OF_RANGE,)
    yield Reading(said.meter, obis, str(raw), Decimal(raw).scaleb(-2), "", said.read_at, doubts=doubts)


def _reading(said: Said, form: Form, attribute: int, obis: Obis | None, *, rate: bool = False) -> Iterator[Record]:
    raw = said.number(attribute)
    if raw is None:
        return
    unit = form.quantity.rate if rate else form.quantity.unit
    what = f"attribute 0x{attribute:04x}"
    if obis is None:
        yield NotUnderstood(said.meter, str(raw), f"{what}: no OBIS code for {form.quantity.name}")
        return
    if not unit and said.value(at.UNIT) is None and at.UNIT not in said.answers:
        yield NotUnderstood(said.meter, str(raw), f"{what}: the meter does not say its UnitofMeasure", obis)
        return
    try:
        value = form.scale.value(raw)
    except ValueError as error:
        yield NotUnderstood(said.meter, str(raw), f"{what}: {error}", obis)
        return
    yield Reading(said.meter, obis, str(raw), value, unit, said.read_at)


def _days(said: Said, form: Form) -> Iterator[Record]:
    """Current and previous day as rows of the daily billing profile; the current one is not over and says so."""
    columns, today, yesterday = [], [], []
    for received, now, before in (
        (False, at.TODAY_DELIVERED, at.YESTERDAY_DELIVERED),
        (True, at.TODAY_RECEIVED, at.YESTERDAY_RECEIVED),
    ):
        obis = form.quantity.interval(received=received)
        values = [None if (raw := said.number(one)) is None else _scaled(form, raw) for one in (before, now)]
        if obis is not None and any(value is not None for value in values):
            columns.append(Column(obis, form.quantity.unit))
            yesterday.append(values[0])
            today.append(values[1])
    rows = []
    if any(value is not None for value in yesterday):
        rows.append(Row(_midnight(said), tuple(yesterday)))
    if any(value is not None for value in today):
        rows.append(Row(said.read_at, tuple(today), (Doubt.PARTIAL_INTERVAL,)))
    if rows:
        yield Series(said.meter, form.quantity.daily_values(), 86400, tuple(columns), tuple(rows), said.read_at)


def _midnight(said: Said) -> datetime | None:
    """The end of the previous day where the meter stands, None where its zone is not known."""
    if said.zone is None:
        return None
    local = said.read_at.astimezone(said.zone)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def _scaled(form: Form, raw: int) -> Decimal | None:
    try:
        return form.scale.value(raw)
    except ValueError:
        return None


def _word(attribute: int, obis: Obis, digits: int) -> Callable[[Said, Form], Iterator[Record]]:
    def make(said: Said, form: Form) -> Iterator[Record]:
        word = said.number(attribute)
        if word is not None:
            yield Text(said.meter, obis, str(word), f"{word:0{digits}x}")

    return make


def _supply(said: Said, form: Form) -> Iterator[Record]:
    state = said.number(at.SUPPLY_STATUS)
    if state is not None:
        yield Text(said.meter, _SUPPLY, str(state), _SUPPLY_WORDS.get(state, f"unknown state {state}"))


def _site(said: Said, form: Form) -> Iterator[Record]:
    if text := _text(said.value(at.SITE_ID)):
        yield Text(said.meter, _SITE, text, text)


def _battery(attribute: int, obis: Obis, unit: str) -> Callable[[Said, Form], Iterator[Record]]:
    def make(said: Said, form: Form) -> Iterator[Record]:
        if (left := said.number(attribute)) is not None:
            yield Text(said.meter, obis, str(left), f"{left} {unit}")

    return make


_MAKERS: dict[int, Callable[[Said, Form], Iterator[Record]]] = {
    at.DELIVERED: _summation(at.DELIVERED, False),
    at.RECEIVED: _summation(at.RECEIVED, True),
    at.MAXIMUM_DELIVERED: _maximum(at.MAXIMUM_DELIVERED, at.MAXIMUM_DELIVERED_TIME, False),
    at.MAXIMUM_RECEIVED: _maximum(at.MAXIMUM_RECEIVED, at.MAXIMUM_RECEIVED_TIME, True),
    at.DEMAND: _demand,
    at.CURRENT_DEMAND_DELIVERED: _current_demand,
    at.POWER_FACTOR: _power_factor,
    at.STATUS: _word(at.STATUS, _STATUS_WORD, 2),
    at.EXTENDED_STATUS: _word(at.EXTENDED_STATUS, _EXTENDED_WORD, 16),
    at.SUPPLY_STATUS: _supply,
    at.SITE_ID: _site,
    at.BATTERY_LIFE: _battery(at.BATTERY_LIFE, _BATTERY_LEFT, "%"),
    at.BATTERY_DAYS: _battery(at.BATTERY_DAYS, _BATTERY_TIME, "d"),
}


def _raw(said: Said, attribute: int) -> str:
    return str(said.value(attribute))


def _number(value: Value) -> int | None:
    return value if isinstance(value, int) else None


def _text(value: Value) -> str:
    """An octet string as text; bytes that are no text as hexadecimal."""
    if not isinstance(value, bytes):
        return ""
    data = value.rstrip(b"\x00 ")
    return data.decode("ascii") if data.isascii() and data.decode("ascii").isprintable() else data.hex()
