"""Meter events to EndDeviceEvents, in the order they were read.

The raw code and its log stand in the details, so that no event loses what the meter said; a row of the tables that is no
event is handed back with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from drivers.reading import Meter, MeterEvent, NotUnderstood, Record
from gateway.cim.events import Events, Meaning, shipped
from gateway.messages.datatypes import sayable
from gateway.messages.identity import event_mrid, meter_mrid, meter_names
from gateway.messages.profiles import end_device_events as cim
from gateway.messages.profiles.parts import Identified

#: The detail that carries what a control was tracked by, where the event answers one (drivers.zigbee_se.reports).
_TRACKING = "issuerTrackingID"

#: The detail that says whose time createdDateTime is, where it is not the meter's.
GATEWAY_TIME = "time of the gateway; the meter gave none"


@dataclass(frozen=True, slots=True)
class ComposedEvents:
    """The message, and what is no event, each with the reason."""

    message: cim.EndDeviceEvents
    left_out: tuple[NotUnderstood, ...]


def end_device_events(
    records: Iterable[Record], tables: Events | None = None, devices: Mapping[str, int] | None = None
) -> ComposedEvents:
    """Make EndDeviceEvents of the events among the records. ``devices`` gives the kind of device (the first part of an
    EndDeviceEventType) by meter key, where it is not what the table says.
    """
    tables = tables or shipped()
    meters: dict[str, Meter] = {}
    made, left_out = [], []
    for record in records:
        if isinstance(record, Meter):
            meters[record.key] = record
        elif isinstance(record, MeterEvent):
            meaning = tables.of(record, (devices or {}).get(record.meter))
            if meaning.event_type is None:
                left_out.append(NotUnderstood(record.meter, f"{record.log} {record.code}".strip(), meaning.reason))
            else:
                made.append(_event(record, meaning, meters.get(record.meter, Meter(source=record.meter))))
    return ComposedEvents(cim.EndDeviceEvents(end_device_event=tuple(made)), tuple(left_out))


def _event(event: MeterEvent, meaning: Meaning, meter: Meter) -> cim.EndDeviceEvent:
    stamp = event.at or event.read_at
    names = meter_names(meter) or meter_names(Meter(serial=event.meter))
    return cim.EndDeviceEvent(
        mrid=event_mrid(event.meter, event.log, event.code, stamp.isoformat()),
        created_date_time=stamp,
        issuer_tracking_id=event.details.get(_TRACKING),
        reason=meaning.name or meaning.reason,
        assets=Identified(mrid=meter_mrid(meter.manufacturer, meter.serial), names=names),
        end_device_event_details=tuple(_details(event, meaning)),
        end_device_event_type=str(meaning.event_type),
    )


def _details(event: MeterEvent, meaning: Meaning) -> Iterator[cim.EndDeviceEventDetail]:
    """The meter's own words first, then what the tables say beside the code."""
    said = {"log": event.log, "code": event.code, **event.details, **meaning.details}
    if event.at is None:
        said["createdDateTime"] = GATEWAY_TIME
    for name, value in said.items():
        if value:
            yield cim.EndDeviceEventDetail(name=sayable(name), value=sayable(value))
