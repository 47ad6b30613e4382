"""What devices answer to the energy services interface, as events with the tracking of the instruction they answer.

The statuses are those of the event tables ``zigbee.load_control`` and ``zigbee.message``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from drivers.reading import MeterEvent
from drivers.zigbee_se.zcl_time import moment

#: The detail under which an event carries what its instruction was tracked by.
TRACKING = "issuerTrackingID"
_NO_SET_POINT = 0x8000
_UNUSED8, _NO_ADJUSTMENT = 0xFF, -0x80


def event_status(device: str, fields: Mapping[str, Any], tracking: str, read_at: datetime) -> MeterEvent:
    """ReportEventStatus: what a device does with a load control (D.2.3.3.1). A signature is not checked, and said so."""
    details = {"event": str(fields["issuerEventId"]), **_tracked(tracking)}
    applied = {
        "criticality": (fields["criticalityLevelApplied"], None),
        "cooling set point": (fields["coolingTemperatureSetPointApplied"], _NO_SET_POINT),
        "heating set point": (fields["heatingTemperatureSetPointApplied"], _NO_SET_POINT),
        "load adjustment": (fields["averageLoadAdjustmentPercentageApplied"], _NO_ADJUSTMENT),
        "duty cycle": (fields["dutyCycleApplied"], _UNUSED8),
    }
    details |= {name: str(value) for name, (value, unused) in applied.items() if value != unused}
    if fields.get("signatureType"):
        details["signature"] = "not checked"
    status = fields["eventStatus"]
    # The tables write small codes in decimal digits and those from 0A on in hexadecimal.
    code = f"{status:X}" if status < 10 else f"{status:02X}"
    at = moment(fields["eventStatusTime"])
    return MeterEvent(device, at, "ReportEventStatus", code, read_at, "zigbee.load_control", details)


def confirmation(device: str, fields: Mapping[str, Any], tracking: str, read_at: datetime) -> MeterEvent:
    """MessageConfirmation: a person has seen the text, and may have answered (D.4.3.3.2)."""
    details = {"event": str(fields["messageId"]), **_tracked(tracking)}
    control = fields.get("messageConfirmationControl")
    if control is not None:
        details["answer"] = "no" if control & 1 else "yes"
    response = fields.get("messageResponse")
    if response:
        details["response"] = response.decode("utf-8", "replace")
    at = moment(fields["confirmationTime"])
    return MeterEvent(device, at, "MessageConfirmation", "1", read_at, "zigbee.message", details)


def _tracked(tracking: str) -> dict[str, str]:
    return {TRACKING: tracking} if tracking else {}
