"""What an EndDeviceControl orders: which control, when, until when, and how much; or why it cannot be ordered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from gateway.cim.controls import Control, Controls
from gateway.cim.end_device_code import EndDeviceControlType
from gateway.messages import refusals
from gateway.messages.profiles.end_device_controls import (
    EndDeviceControl,
    EndDeviceControls,
    EndDeviceTiming,
    PanDemandResponse,
    RandomisationKind,
)

#: A control that says no end is not done later than so long after its start: who ordered it has long done something else.
LATE = timedelta(hours=1)
#: A start that is to be random is put off by up to so much, the same way each time.
RANDOM = timedelta(minutes=5)
#: What acts on devices of a home area network, which keep the times themselves.
PAN = (Control.LOAD_CONTROL_START, Control.LOAD_CONTROL_STOP, Control.DISPLAY_MESSAGE, Control.DISPLAY_CANCEL)
_AT_RANDOM = (RandomisationKind.START, RandomisationKind.START_AND_END)


@dataclass(frozen=True, slots=True)
class Meant:
    """A control as it is meant. ``is_pan``: it goes to devices of a home area network."""

    control: Control
    start: datetime
    latest: datetime
    limit: Decimal | None
    revert_s: int | None
    is_pan: bool


def meant(said: EndDeviceControl, whole: EndDeviceControls, controls: Controls, at: datetime) -> Meant:
    """Raises Refusal: 2.29 for a type that is none of ours, 5.2 for what cannot be done as it is said."""
    control = _control(said, whole, controls)
    is_pan = said.pan is not None and control is not Control.LIMIT_INVERTER
    timing = said.primary_device_timing or EndDeviceTiming()
    interval = timing.interval
    start = interval.start if interval is not None and interval.start is not None else at
    latest = interval.end if interval is not None and interval.end is not None else max(start, at) + LATE
    if latest <= start or latest <= at:
        raise refusals.senseless_time("the interval of primaryDeviceTiming is over, or ends before it begins")
    revert_s = _duration(timing, control, is_pan=is_pan)
    if timing.randomisation in _AT_RANDOM and not is_pan:
        start += _random(said, latest - start)
    limit = None
    if isinstance(said.pan, PanDemandResponse) and control is Control.LIMIT_INVERTER:
        limit = said.pan.duty_cycle
        if limit is not None and not 0 <= limit <= 100:
            raise refusals.not_attempted(f"a limit of {limit} % cannot be: it goes from 0 to 100")
    if control is Control.LIMIT_INVERTER and limit is None:
        raise refusals.field_missing("the limit (PanDemandResponse.dutyCycle, in percent)", "/EndDeviceControls")
    return Meant(control, start, latest, limit, revert_s, is_pan)


def _control(said: EndDeviceControl, whole: EndDeviceControls, controls: Controls) -> Control:
    code = said.end_device_control_type
    for kind in whole.end_device_control_type:
        if code in (kind.mrid, *(name.name for name in kind.names)) and kind.type and kind.domain:
            code = ".".join(part or "0" for part in (kind.type, kind.domain, kind.sub_domain, kind.event_or_action))
    try:
        control = controls.control(EndDeviceControlType.parse(code))
    except ValueError as error:
        raise refusals.unknown_control(said.end_device_control_type, str(error)) from None
    if control is None:
        raise refusals.unknown_control(code, "this gateway does no such control")
    return control


def _duration(timing: EndDeviceTiming, control: Control, *, is_pan: bool) -> int | None:
    """Seconds after which the device goes back by itself. A supply is never switched back by the gateway."""
    if timing.duration is None or is_pan:
        return None
    if control is not Control.LIMIT_INVERTER:
        raise refusals.not_attempted(f"{control} has no duration here: order its end as a control of its own")
    return int(timing.duration * 60)


def _random(said: EndDeviceControl, room: timedelta) -> timedelta:
    """By how much this one is put off: the same after a restart, another for each control."""
    key = f"{said.mrid}/{said.issuer_tracking_id}".encode()
    return min(RANDOM, room / 2) * (int.from_bytes(sha256(key).digest()[:4]) / 2**32)
