"""The energy services interface's memory: what was told to the devices, for those that ask again after their restart.

Without a wire and without a clock: ``answer`` takes a device's question and gives what to send. What is over goes after a
day; the list is bounded, the oldest goes first and is counted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from drivers.errors import BadFrame
from drivers.reading import MeterEvent
from drivers.zigbee_se import payload, reports
from drivers.zigbee_se.definitions import definitions
from drivers.zigbee_se.instructions import CancelLoadControl, CancelMessage, Instruction, LoadControl, Message, Price
from drivers.zigbee_se.zcl_time import moment

PRICE, LOAD_CONTROL, MESSAGING = 0x0700, 0x0701, 0x0703
#: Enough for a day of half-hourly prices and what else there is.
_MOST = 200
_KEEP = timedelta(days=1)
_KINDS: dict[str, type[Price] | type[LoadControl] | type[Message]] = {
    kind.command: kind for kind in (Price, LoadControl, Message)
}


class Reply(NamedTuple):
    """A command to send back, or nothing that fits (NOT_FOUND) where ``fields`` is None."""

    cluster: int
    name: str
    fields: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Told:
    """One instruction, when it was given, and what its sender tracks it by."""

    instruction: Price | LoadControl | Message
    at: datetime
    tracking: str = ""

    @property
    def start(self) -> datetime:
        return self.instruction.start or self.at

    @property
    def end(self) -> datetime | None:
        minutes = self.instruction.duration_min
        return None if minutes is None else self.start + timedelta(minutes=minutes)


class Esi:
    """What was told. ``file`` keeps it over a restart; None keeps it in memory only.

    A file that cannot be read is put aside: the network goes on, and ``damaged`` says what was lost, for whoever opens it.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._told: dict[int, Told] = {}
        #: Whom an event belongs to, also after its cancellation: issuerEventId -> tracking.
        self._tracking: dict[int, str] = {}
        self.dropped = 0
        self.damaged = ""
        if file is not None and file.exists():
            try:
                self._load(json.loads(file.read_text()))
            except (ValueError, KeyError, TypeError, AttributeError, BadFrame):
                self._told, self._tracking = {}, {}
                aside = file.replace(file.with_name(f"{file.name}.damaged"))
                self.damaged = f"what devices were told could not be read and is lost to them; it is kept as {aside}"

    def tell(self, instruction: Instruction, now: datetime, tracking: str = "") -> dict[str, Any]:
        """Remember an instruction, or forget the one it cancels; returns the fields to send. Raises CannotSay."""
        fields = instruction.fields(now)
        if isinstance(instruction, CancelLoadControl | CancelMessage):
            self._told.pop(instruction.issuer_event_id, None)
        else:
            # "now" of later answers is the now of today.
            kept = replace(instruction, start=instruction.start or now)
            self._told[instruction.issuer_event_id] = Told(kept, now, tracking)
        if tracking:
            self._tracking.setdefault(instruction.issuer_event_id, tracking)
        self._tidy(now)
        self._save()
        return fields

    def event_id_of(self, tracking: str) -> int | None:
        """The number of the newest instruction with this tracking, None where there is none."""
        return max((number for number, one in self._tracking.items() if one == tracking), default=None)

    @property
    def newest(self) -> int:
        """The highest issuerEventId that is remembered, 0 where there is none."""
        return max((*self._told, *self._tracking), default=0)

    def current(self, kind: type[Price] | type[LoadControl] | type[Message], now: datetime) -> list[Told]:
        """Those that are not over, by their start."""
        found = [one for one in self._told.values() if isinstance(one.instruction, kind)]
        return sorted((one for one in found if one.end is None or one.end > now), key=lambda one: one.start)

    def answer(self, cluster: int, name: str, fields: Mapping[str, Any], now: datetime) -> list[Reply] | None:
        """What a device's question gets; None for a command that is no question to this list."""
        if (cluster, name) == (PRICE, "GetCurrentPrice"):
            running = [one for one in self.current(Price, now) if one.start <= now]
            return self._replies(cluster, Price.command, running[-1:], now)
        if (cluster, name) == (PRICE, "GetScheduledPrices"):
            return self._scheduled(cluster, Price, fields, now)
        if (cluster, name) == (LOAD_CONTROL, "GetScheduledEvents"):
            return self._scheduled(cluster, LoadControl, fields, now)
        if (cluster, name) == (MESSAGING, "GetLastMessage"):
            newest = sorted(self.current(Message, now), key=lambda one: one.instruction.issuer_event_id)
            return self._replies(cluster, Message.command, newest[-1:], now)
        if (cluster, name) == (MESSAGING, "GetMessageCancellation"):
            return [Reply(cluster, "CancelAllMessages", None)]
        return None

    def reported(
        self, device: str, cluster: int, name: str, fields: Mapping[str, Any], now: datetime
    ) -> MeterEvent | None:
        """A device's report or confirmation as an event with its tracking; None for another command."""
        if (cluster, name) == (LOAD_CONTROL, "ReportEventStatus"):
            return reports.event_status(device, fields, self._tracking.get(fields["issuerEventId"], ""), now)
        if (cluster, name) == (MESSAGING, "MessageConfirmation"):
            return reports.confirmation(device, fields, self._tracking.get(fields["messageId"], ""), now)
        return None

    def _scheduled(
        self, cluster: int, kind: type[Price] | type[LoadControl], fields: Mapping[str, Any], now: datetime
    ) -> list[Reply]:
        """Those that end after a time (0: now), so many at the most (0: all)."""
        found = self.current(kind, max(now, moment(fields.get("startTime")) or now))
        most = fields.get("numberOfEvents", 0)
        return self._replies(cluster, kind.command, found[: most or None], now)

    def _replies(self, cluster: int, name: str, found: list[Told], now: datetime) -> list[Reply]:
        if not found:
            return [Reply(cluster, name, None)]
        return [Reply(cluster, name, one.instruction.fields(now)) for one in found]

    def _tidy(self, now: datetime) -> None:
        over = [number for number, one in self._told.items() if one.end is not None and one.end + _KEEP < now]
        for number in over:
            del self._told[number]
        while len(self._told) > _MOST:
            del self._told[min(self._told)]
            self.dropped += 1
        while len(self._tracking) > 4 * _MOST:
            del self._tracking[min(self._tracking)]

    def _save(self) -> None:
        if self._file is None:
            return
        told = [
            {
                "command": one.instruction.command,
                "payload": _payload(one).hex(),
                "at": one.at.isoformat(),
                "tracking": one.tracking,
            }
            for one in self._told.values()
        ]
        text = json.dumps({"told": told, "tracking": self._tracking}, indent=1)
        fresh = self._file.with_name(self._file.name + ".new")
        fresh.write_text(text)
        fresh.replace(self._file)

    def _load(self, content: Mapping[str, Any]) -> None:
        for one in content["told"]:
            kind = _KINDS[one["command"]]
            _, command = definitions().clusters[kind.cluster].command(kind.command)
            instruction = kind.of(payload.decode(command, bytes.fromhex(one["payload"])))
            at = datetime.fromisoformat(one["at"]).astimezone(UTC)
            self._told[instruction.issuer_event_id] = Told(instruction, at, one["tracking"])
        self._tracking = {int(number): tracking for number, tracking in content["tracking"].items()}


def _payload(one: Told) -> bytes:
    instruction = one.instruction
    _, command = definitions().clusters[instruction.cluster].command(instruction.command)
    return payload.encode(command, instruction.fields(one.at))
