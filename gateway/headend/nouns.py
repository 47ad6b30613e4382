"""Who does what: the handler of each verb and noun."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from gateway.headend import asked_controls, asked_schedules, master_data
from gateway.headend.asked_events import get_end_device_events
from gateway.headend.asked_linkages import link
from gateway.headend.asked_readings import create_meter_readings, get_meter_readings
from gateway.headend.house import House
from gateway.headend.incoming import Answer, Incoming
from gateway.messages.envelope import Verb

HANDLERS: Mapping[tuple[Verb, str], Callable[[House, Incoming], Awaitable[Sequence[Answer]]]] = {
    (Verb.GET, "MeterReadings"): get_meter_readings,
    (Verb.CREATE, "MeterReadings"): create_meter_readings,
    (Verb.GET, "EndDeviceEvents"): get_end_device_events,
    (Verb.CREATE, "EndDeviceControls"): asked_controls.create,
    (Verb.CHANGE, "EndDeviceControls"): asked_controls.change,
    (Verb.CANCEL, "EndDeviceControls"): asked_controls.cancel,
    (Verb.GET, "EndDeviceControls"): asked_controls.get,
    (Verb.CREATE, "MeterReadSchedule"): asked_schedules.create,
    (Verb.CHANGE, "MeterReadSchedule"): asked_schedules.change,
    (Verb.CANCEL, "MeterReadSchedule"): asked_schedules.cancel,
    (Verb.GET, "MeterReadSchedule"): asked_schedules.get,
    **{
        (verb, noun): do
        for noun in master_data.KINDS
        for verb, do in (
            (Verb.CREATE, master_data.create),
            (Verb.CHANGE, master_data.change),
            (Verb.DELETE, master_data.delete),
            (Verb.GET, master_data.get),
        )
    },
    **{(verb, "MasterDataLinkageConfig"): link for verb in (Verb.CREATE, Verb.CHANGE, Verb.CLOSE)},
}
