"""What a device can be asked to do, and the EndDeviceControlType that asks for it (IEC 61968-9, annex F).

The device is the first part of a code; where it is given as 0, or as another kind than the one at hand, the rest decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gateway.cim.end_device_code import EndDeviceControlType


class Control(StrEnum):
    """What can be asked of a device."""

    CONNECT = "connect"
    DISCONNECT = "disconnect"
    ARM_FOR_CLOSURE = "arm for closure"
    ARM_FOR_OPENING = "arm for opening"
    DEMAND_RESET = "demand reset"
    LOAD_CONTROL_START = "start load control"
    LOAD_CONTROL_STOP = "stop load control"
    DISPLAY_MESSAGE = "show a text"
    DISPLAY_CANCEL = "take a text back"
    SET_CLOCK = "set the clock"
    LIMIT_INVERTER = "limit an inverter"


#: The code of each control as it is sent and expected; any kind of device may stand for the first part.
DEFAULTS: Mapping[Control, EndDeviceControlType] = {
    Control.CONNECT: EndDeviceControlType(3, 31, 0, 18),
    Control.DISCONNECT: EndDeviceControlType(3, 31, 0, 23),
    Control.ARM_FOR_CLOSURE: EndDeviceControlType(3, 31, 0, 5),
    Control.ARM_FOR_OPENING: EndDeviceControlType(3, 31, 0, 6),
    Control.DEMAND_RESET: EndDeviceControlType(3, 8, 0, 214),
    Control.LOAD_CONTROL_START: EndDeviceControlType(16, 15, 0, 54),
    Control.LOAD_CONTROL_STOP: EndDeviceControlType(16, 15, 0, 55),
    Control.DISPLAY_MESSAGE: EndDeviceControlType(15, 13, 112, 77),
    Control.DISPLAY_CANCEL: EndDeviceControlType(15, 13, 112, 8),
    Control.SET_CLOCK: EndDeviceControlType(3, 36, 114, 13),
    Control.LIMIT_INVERTER: EndDeviceControlType(16, 15, 101, 13),
}

#: Controls of which no public code is known: the default is of published parts, and the configuration may say another.
UNPUBLISHED = frozenset({Control.SET_CLOCK, Control.LIMIT_INVERTER})


class Controls:
    """Which control a code asks for. ``configured`` replaces defaults."""

    def __init__(self, configured: Mapping[Control, EndDeviceControlType] | None = None) -> None:
        self._codes = {**DEFAULTS, **(configured or {})}
        self._by_rest: dict[tuple[int, int, int], Control] = {}
        for control, code in self._codes.items():
            other = self._by_rest.setdefault(_rest(code), control)
            if other is not control:
                raise ValueError(f"{code} would ask for both {other!r} and {control!r}")

    def code(self, control: Control, device: int | None = None) -> EndDeviceControlType:
        """The code that asks for ``control``, of a kind of device where it is given."""
        code = self._codes[control]
        return code if device is None else EndDeviceControlType(device, *_rest(code))

    def control(self, code: EndDeviceControlType) -> Control | None:
        """What ``code`` asks for, whatever the kind of device; None where it is none of these."""
        return self._by_rest.get(_rest(code))


def _rest(code: EndDeviceControlType) -> tuple[int, int, int]:
    return code.domain, code.sub_domain, code.event_or_action
