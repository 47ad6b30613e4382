"""From a meter's event to an EndDeviceEventType, by the tables of ``device_maps/events.toml``.

A driver names the table that explains its codes (``MeterEvent.table``). A code that no row knows is still an event: it
is sent under the domain that is known, with the raw code beside it. Only a row that says so is no event, with its reason.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from drivers.errors import UsageError
from drivers.reading import MeterEvent, Obis
from gateway.cim.end_device_code import ELECTRIC_METER, EndDeviceEventType

EVENT_RULES = Path(__file__).resolve().parents[2] / "device_maps" / "events.toml"

_NUMBER = re.compile(r"[0-9A-Fa-f]+")

#: domain.subDomain.eventOrAction
Triple = tuple[int, int, int]

#: What is sent of a code whose domain is not known: nothing further stated.
_UNKNOWN: Triple = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means. ``event_type`` None is no event, and ``reason`` says why; else ``name`` or ``reason`` says
    what happened. ``details`` stand beside the raw code in EndDeviceEventDetails. ``known`` is False for a code that no
    row has.
    """

    event_type: EndDeviceEventType | None
    name: str = ""
    reason: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    known: bool = True


@dataclass(frozen=True, slots=True)
class _Named:
    """A named event: its code, and that of its end where one is agreed."""

    raised: Triple
    cleared: Triple | None


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    code: Triple | None
    cleared: Triple | None
    reason: str
    device: int | None
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """One row set. ``rows`` by code, of which those in ``own`` are not taken over from another table; ``logs`` gives the
    domain under which an unknown code of a log is sent.
    """

    name: str
    about: str
    device: int
    edges: bool
    logs: Mapping[str, Triple]
    rows: Mapping[str, _Row]
    own: frozenset[str]


class Events:
    """The named events and the tables."""

    def __init__(self, content: Mapping[str, Any], file: str = "device_maps/events.toml") -> None:
        self._file = file
        self._named = {name: _named(code) for name, code in content["event"].items()}
        self.tables: dict[str, Table] = {}
        for name in content["table"]:
            self._table(name, content["table"])

    @classmethod
    def load(cls, path: Path = EVENT_RULES) -> Events:
        """The tables of a file. Raises UsageError when something is wrong in it."""
        try:
            return cls(tomllib.loads(path.read_text(encoding="utf-8")), str(path.relative_to(path.parents[1])))
        except (OSError, tomllib.TOMLDecodeError, ValueError, KeyError) as error:
            raise UsageError(f"cannot use the event tables: {error}", where=str(path), do="correct the file") from error

    def has_edges(self, table: str) -> bool:
        """Whether the codes of a table are states that begin and end."""
        return table in self.tables and self.tables[table].edges

    @property
    def names(self) -> list[str]:
        """The named events, which a device map may refer to."""
        return list(self._named)

    def named(self, name: str, device: int = ELECTRIC_METER, raised: bool = True) -> Meaning:
        """The event of that name, or its end. Raises UsageError for a name that is not there."""
        if name not in self._named:
            raise UsageError(f"no event is called {name!r}", where=self._file, do="take one of its [event] names")
        event = self._named[name]
        return _meaning(_Row(name, event.raised, event.cleared, "", device, {}), device, raised)

    def meaning(
        self, table: str, code: str, *, log: str = "", device: int | None = None, raised: bool = True
    ) -> Meaning:
        """What ``code`` of a table means. ``log`` is the log it stood in; ``device`` the kind of device where the caller
        knows better than the table; ``raised`` False for a status bit that was cleared.
        """
        rows = self.tables.get(table)
        log = _log(log)
        if rows is None:
            domain, default = _UNKNOWN, ELECTRIC_METER
        else:
            row = rows.rows.get(f"{log}/{_code(code)}") or rows.rows.get(_code(code))
            default = rows.device
            if row is not None:
                if not raised and not rows.edges:
                    return Meaning(None, row.name, "latched: only its setting is an event", row.details)
                return _meaning(row, row.device or device or default, raised)
            domain = rows.logs.get(log, _UNKNOWN)
        return Meaning(EndDeviceEventType(device or default, *domain), "", "a code that no table has", {}, known=False)

    def of(self, event: MeterEvent, device: int | None = None) -> Meaning:
        """What a meter's event means. A detail ``state`` of ``cleared`` says that a status bit went off."""
        raised = event.details.get("state") != "cleared"
        return self.meaning(event.table, event.code, log=event.log, device=device, raised=raised)

    def explain(self, event_type: EndDeviceEventType) -> Iterator[tuple[str, str, str]]:
        """Table, code and name of every row that gives this event type, whatever the device."""
        triple = (event_type.domain, event_type.sub_domain, event_type.event_or_action)
        for table in self.tables.values():
            for code in sorted(table.own):
                row = table.rows[code]
                if triple == row.code:
                    yield table.name, code, row.name or row.reason
                elif triple == row.cleared and table.edges:
                    yield table.name, code, f"end of {row.name}"

    def _table(self, name: str, tables: Mapping[str, Any]) -> Table:
        """Build a table, the one it is based on first."""
        if name in self.tables:
            return self.tables[name]
        own = tables[name]
        base = self._table(own["based_on"], tables) if "based_on" in own else None
        unknown = own.keys() - {"about", "based_on", "device", "edges", "logs", "row"}
        if unknown:
            raise ValueError(f"table {name!r} has {', '.join(sorted(unknown))}")
        own_rows = {code: row for key, given in own["row"].items() for code, row in self._rows(name, key, given)}
        rows = {**(base.rows if base else {}), **own_rows}
        logs = {**(base.logs if base else {}), **{log: _triple(code) for log, code in own.get("logs", {}).items()}}
        device = own.get("device", base.device if base else ELECTRIC_METER)
        self.tables[name] = Table(name, own["about"], device, own.get("edges", False), logs, rows, frozenset(own_rows))
        return self.tables[name]

    def _rows(self, table: str, key: str, row: Any) -> Iterator[tuple[str, _Row]]:
        """The row of a key, or one for each channel of a key such as "100,110"."""
        try:
            made = self._row(row)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"table {table!r}, row {key}: {error}") from error
        if "," not in key:
            log, _, code = key.rpartition("/")
            yield f"{log}/{_code(code)}" if log else _code(code), made
            return
        for channel, code in enumerate(key.split(","), 1):
            if code:
                details = {**made.details, "channel": str(channel)}
                yield _code(code), _Row(made.name, made.code, made.cleared, made.reason, made.device, details)

    def _row(self, row: Any) -> _Row:
        fields = {"event": row} if isinstance(row, str) else dict(row)
        name, reason = fields.pop("event", ""), fields.pop("none", "")
        under, why = fields.pop("under", None), fields.pop("why", "")
        device = int(fields.pop("device")) if "device" in fields else None
        if bool(name) + bool(reason) + bool(under) != 1 or (under and not why):
            raise ValueError("a row has one of event, none, or under with why")
        if name and name not in self._named:
            raise ValueError(f"no event is called {name!r}")
        details = {key: str(value) for key, value in fields.items()}
        if name:
            return _Row(name, self._named[name].raised, self._named[name].cleared, "", device, details)
        return _Row("", _triple(under) if under else None, None, why or reason, device, details)


@lru_cache(maxsize=1)
def shipped() -> Events:
    """The tables that come with metergate, read once. Raises UsageError."""
    return Events.load()


def _meaning(row: _Row, device: int, raised: bool) -> Meaning:
    if row.code is None:
        return Meaning(None, "", row.reason, row.details)
    if raised:
        return Meaning(EndDeviceEventType(device, *row.code), row.name, row.reason, row.details)
    if row.cleared is None:
        return Meaning(None, row.name, f"no code is agreed for the end of {row.name or row.reason!r}", row.details)
    return Meaning(EndDeviceEventType(device, *row.cleared), f"end of {row.name}", "", row.details)


def _named(code: str | list[str]) -> _Named:
    if isinstance(code, str):
        return _Named(_triple(code), None)
    raised, cleared = code
    return _Named(_triple(raised), _triple(cleared))


def _triple(code: str) -> Triple:
    parts = tuple(int(part) for part in code.split("."))
    if len(parts) != 3:
        raise ValueError(f"{code!r} is no domain.subDomain.eventOrAction")
    return parts


def _code(code: str) -> str:
    """A code as it is looked up: a number, decimal or hexadecimal, in capitals and without leading zeros."""
    text = code.strip()
    return text.upper().lstrip("0") or "0" if _NUMBER.fullmatch(text) else text


def _log(log: str) -> str:
    """The log as the tables write it: C.D.E of its OBIS code."""
    try:
        obis = Obis.parse(log.strip())
    except ValueError:
        return log.strip()
    return f"{obis.c}.{obis.d}.{obis.e}"
