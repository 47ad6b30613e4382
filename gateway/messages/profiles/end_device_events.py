"""EndDeviceEvents: what happened at meters and other devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.messages.datatypes import STRING_QUANTITY
from gateway.messages.declare import REF, many, optional, required
from gateway.messages.profiles.codes import EndDeviceEventType
from gateway.messages.profiles.parts import Identified, Name, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeviceEventDetail:
    """A name and a value that say more about an event."""

    name: str = required("name")
    value: str | None = optional("value", STRING_QUANTITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeviceEvent:
    """One event. The device is ``assets``; ``created_date_time`` is when it happened, UTC."""

    mrid: str | None = optional("mRID")
    created_date_time: datetime = required("createdDateTime")
    issuer_id: str | None = optional("issuerID")
    issuer_tracking_id: str | None = optional("issuerTrackingID")
    reason: str | None = optional("reason")
    severity: str | None = optional("severity")
    user_id: str | None = optional("userID")
    assets: Identified | None = optional("Assets")
    end_device_event_details: tuple[EndDeviceEventDetail, ...] = many("EndDeviceEventDetails")
    end_device_event_type: str = required("EndDeviceEventType", REF)
    names: tuple[Name, ...] = many("Names")
    status: Status | None = optional("status")
    usage_point: Identified | None = optional("UsagePoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeviceEvents:
    """The message: events, and the types that no standard table holds."""

    end_device_event: tuple[EndDeviceEvent, ...] = many("EndDeviceEvent")
    end_device_event_type: tuple[EndDeviceEventType, ...] = many("EndDeviceEventType")
