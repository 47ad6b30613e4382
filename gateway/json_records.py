"""The JSON lines of ``gateway.json_format``, back to records: a file that a technician brings home, a gateway's answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from drivers.errors import UsageError
from drivers.reading import Column, Doubt, Meter, NotUnderstood, Obis, Period, Reading, Record, Row, Series, Text
from gateway.cim.quality import code

_DOUBTS = {code(doubt): doubt for doubt in Doubt}


def parse(lines: Iterable[str], source: str) -> list[Record]:
    """The records of a file. Raises UsageError with file and line for what is no such line.

    ``unmapped`` lines stand beside readings that are there already, and ``error`` lines tell of a read that broke off.
    """
    found: list[Record] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            part = json.loads(line)
            make = _MAKE.get(part["type"])
            if make is not None:
                found.append(make(part))
        except (ValueError, KeyError, TypeError, InvalidOperation) as error:
            raise UsageError(
                f"is no line of `metergate read --format json` ({error})", where=f"{source}:{number}"
            ) from None
    return found


def _meter(part: dict[str, Any]) -> Meter:
    names = ("manufacturer", "serial", "model", "firmware", "source")
    return Meter(**{name: str(part[name]) for name in names}, behind=part.get("behind"))


def _reading(part: dict[str, Any]) -> Reading:
    read_at = _moment(part["read_at"])
    if read_at is None:
        raise ValueError("read_at is null")
    return Reading(
        meter=part["meter"],
        obis=Obis.parse(part["obis"]),
        raw=part["raw"],
        value=_number(part["value"]),
        unit=part["unit"],
        read_at=read_at,
        time=_moment(part["time"]),
        period=Period(_moment(period["start"]), _moment(period["end"])) if (period := part.get("period")) else None,
        doubts=_doubts(part["quality"]),
        checked=bool(part["checked"]),
    )


def _text(part: dict[str, Any]) -> Text:
    doubts = _doubts(part["quality"])
    return Text(part["meter"], Obis.parse(part["obis"]), part["raw"], part["value"], doubts, bool(part["checked"]))


def _series(part: dict[str, Any]) -> Series:
    columns = tuple(Column(Obis.parse(column["obis"]), column["unit"]) for column in part["columns"])
    rows = tuple(
        Row(
            _moment(row["time"]),
            tuple(_value(value) for value in row["values"]),
            _doubts(row["quality"]),
            row.get("raw_time", ""),
        )
        for row in part["rows"]
    )
    read_at = _moment(part["read_at"])
    if read_at is None or any(len(row.values) != len(columns) for row in rows):
        raise ValueError("read_at is null, or a row has not as many values as there are columns")
    profile = Obis.parse(part["profile"])
    return Series(part["meter"], profile, int(part["interval_s"]), columns, rows, read_at, bool(part["checked"]))


def _event(part: dict[str, Any]) -> NotUnderstood:
    """The line does not say by which table its code is explained: the meter's log is read again by the gateway."""
    return NotUnderstood(part["meter"], f"{part['log']} {part['code']}", "events are not submitted by file")


_MAKE: dict[str, Callable[[dict[str, Any]], Record]] = {
    "meter": _meter,
    "reading": _reading,
    "text": _text,
    "series": _series,
    "event": _event,
}


def _number(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite():
        raise ValueError(f"{text} is no number")
    return value


def _value(value: Any) -> Decimal | str | None:
    if value is None:
        return None
    try:
        return _number(value)
    except (InvalidOperation, ValueError):
        return str(value)


def _doubts(codes: list[str]) -> tuple[Doubt, ...]:
    return tuple(_DOUBTS[one] for one in codes)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return at
