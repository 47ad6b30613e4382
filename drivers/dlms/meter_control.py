"""What changes something at a COSEM meter: its clock, its supply switch, its demand period. Each reads back what it did."""

from __future__ import annotations

from datetime import timedelta

from drivers.dlms import axdr
from drivers.dlms.axdr_encode import integer, long, long_unsigned
from drivers.dlms.cosem import Attribute, ClassId, Method
from drivers.dlms.meter_reading import CLOCK, MeterReading
from drivers.dlms.refusals import Refusal
from drivers.errors import AccessDenied, NotSupported, UsageError
from drivers.reading import Obis

SWITCH = Obis(0, 0, 96, 3, 10)
#: The MDI reset script: end of the billing period and demand reset (IEC 62056-6-1, 6.2.12).
DEMAND_RESET = Obis(0, 0, 10, 0, 1)
#: control_state of class 70, in the words of the Blue Book (4.5.8).
STATES = {0: "disconnected", 1: "connected", 2: "ready for reconnection"}
#: Control modes in which a remote reconnection makes ready and a hand at the meter closes; in 2 and 4 it closes at once, and in 0
#: nothing moves (Blue Book 4.5.8).
_CLOSED_BY_HAND = (1, 3, 5, 6)
#: shift_time takes a long: ±900 s are allowed by the Blue Book (4.5.1).
MOST_SHIFT_S = 900


async def switch_state(reading: MeterReading, switch: Obis = SWITCH) -> str:
    """control_state and output_state, said together where they differ."""
    client = reading.client
    output, control = await client.get_many([Attribute(ClassId.DISCONNECT_CONTROL, switch, n) for n in (2, 3)])
    if isinstance(control, Refusal):
        raise NotSupported(f"the meter shows no supply switch ({control.what})", do="other keys, or another meter")
    state = axdr.decode(control)
    word = STATES.get(state, f"state {state}") if isinstance(state, int) else f"{state}"
    if isinstance(output, bytes) and isinstance(closed := axdr.decode(output), bool) and closed != (state == 1):
        return f"{word}, but its contacts are {'closed' if closed else 'open'}"
    return word


async def switch(reading: MeterReading, connect: bool, of: Obis = SWITCH) -> str:
    """Connect (method 2) or disconnect (method 1). Returns the state read back. Raises AccessDenied."""
    method = Method(ClassId.DISCONNECT_CONTROL, of, 2 if connect else 1)
    result = await reading.client.act(method, integer(0))
    if isinstance(result, Refusal):
        raise AccessDenied(
            f"the meter refuses to {'connect' if connect else 'disconnect'}: {result.what}",
            do="its control mode (attribute 4) may not allow it remotely",
        )
    return await switch_state(reading, of)


async def arm(reading: MeterReading, of: Obis = SWITCH) -> str:
    """Reconnect (method 2) where the control mode leaves the closing to a hand at the meter. Returns the state read back.

    Raises NotSupported, with nothing sent, in a mode where the supply would be closed at once, and where the mode is not told.
    """
    result = await reading.client.get(Attribute(ClassId.DISCONNECT_CONTROL, of, 4))
    mode = axdr.decode(result) if isinstance(result, bytes) else None
    if mode not in _CLOSED_BY_HAND:
        raise NotSupported(
            f"the switch cannot be armed: its control mode is {'not told' if mode is None else mode}, and it might close at once",
            do="set control mode 1, 3, 5 or 6 at the meter",
        )
    return await switch(reading, connect=True, of=of)


async def demand_reset(reading: MeterReading) -> None:
    """End the billing period: run script 1 of the MDI reset table. It cannot be undone. Raises AccessDenied."""
    result = await reading.client.act(Method(ClassId.SCRIPT_TABLE, DEMAND_RESET, 1), long_unsigned(1))
    if isinstance(result, Refusal):
        raise AccessDenied(f"the meter refuses the demand reset: {result.what}")


async def shift_clock(reading: MeterReading, by: timedelta) -> None:
    """Shift the clock by whole seconds (method 6): no interval is cut, as setting does. Raises UsageError, AccessDenied."""
    seconds = round(by.total_seconds())
    if abs(seconds) > MOST_SHIFT_S:
        raise UsageError(f"a shift of {seconds} s; meters take {MOST_SHIFT_S} at most", do="set the clock instead")
    result = await reading.client.act(Method(ClassId.CLOCK, CLOCK, 6), long(seconds))
    if isinstance(result, Refusal):
        raise AccessDenied(f"the meter refuses to shift its clock: {result.what}", do="set the clock instead")
