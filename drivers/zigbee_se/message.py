"""DisplayMessage and CancelMessage, of the cluster Messaging (0x0703)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from drivers.zigbee_se import instruction_values as values
from drivers.zigbee_se.zcl_time import moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """DisplayMessage. ``urgency`` 0 low to 3 critical; ``transmission`` 0 normal, 1 normal and anonymous, 2 anonymous."""

    cluster: ClassVar[int] = 0x0703
    command: ClassVar[str] = "DisplayMessage"

    issuer_event_id: int
    text: str
    urgency: int = 0
    transmission: int = 0
    confirm: bool = False
    start: datetime | None = None
    duration_min: int | None = None

    def fields(self, now: datetime) -> dict[str, Any]:
        """Raises CannotSay."""
        if len(self.text.encode()) > 254:
            raise values.CannotSay("the text is longer than 254 octets")
        return {
            "messageId": self.issuer_event_id,
            "messageControl": self.transmission | self.urgency << 2 | self.confirm << 7,
            "startTime": values.start(self.start),
            "durationInMinutes": values.duration(self.duration_min),
            "message": self.text,
        }

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        control = fields["messageControl"]
        return cls(
            issuer_event_id=fields["messageId"],
            text=fields["message"] or "",
            urgency=control >> 2 & 3,
            transmission=control & 3,
            confirm=bool(control & 0x80),
            start=moment(fields["startTime"]),
            duration_min=values.minutes(fields["durationInMinutes"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelMessage:
    """CancelMessage, of one text."""

    cluster: ClassVar[int] = 0x0703
    command: ClassVar[str] = "CancelMessage"

    issuer_event_id: int

    def fields(self, now: datetime) -> dict[str, Any]:
        return {"messageId": self.issuer_event_id, "messageControl": 0}
