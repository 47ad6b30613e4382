"""A control done at an open driver, and what the device says of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from drivers.driver import ArmsSwitch, Controls, Driver, KeepsClock, ResetsDemand, Switches, TellsDevices
from drivers.errors import NotSupported
from drivers.meter_url import MeterUrl
from gateway.acquisition.job import Command, Outcome
from gateway.cim.controls import Control

#: The states of a supply switch, in the words of COSEM, that a control ends in.
_ENDS_IN: Mapping[Control, str] = {
    Control.CONNECT: "connected",
    Control.DISCONNECT: "disconnected",
    Control.ARM_FOR_CLOSURE: "ready for reconnection",
}
#: A clock that was set is right when it is no further off: a second of its own, and the way there.
_RIGHT = timedelta(seconds=5)
#: What an inverter's limit is called where a map or SunSpec allows it.
_LIMIT = "active-power-limit"
_PAN = (Control.LOAD_CONTROL_START, Control.LOAD_CONTROL_STOP, Control.DISPLAY_MESSAGE, Control.DISPLAY_CANCEL)


async def command(driver: Driver, what: Command, url: MeterUrl, now: datetime) -> Outcome:
    """Do it, or with ``check`` only read back. Raises MeterError; NotSupported before anything was sent."""
    if what.said is not None and (what.control in _PAN or what.said.pan is not None):
        return await _tell(driver, what, url)
    if what.control in _ENDS_IN:
        return await _switch(driver, what, url)
    if what.control is Control.SET_CLOCK:
        return await _set_clock(driver, what, url, now)
    if what.control is Control.DEMAND_RESET and isinstance(driver, ResetsDemand):
        if what.check:
            return Outcome(None, "whether the demand was reset is not known: a meter does not say")
        await driver.demand_reset()
        return Outcome(True, "the meter has taken the demand reset")
    if what.control is Control.LIMIT_INVERTER and isinstance(driver, Controls):
        return await _limit(driver, what, url)
    raise NotSupported(f"this driver cannot {what.control}", where=str(url))


async def _switch(driver: Driver, what: Command, url: MeterUrl) -> Outcome:
    if not isinstance(driver, Switches):
        raise NotSupported("this driver switches nothing", where=str(url))
    if what.check:
        state = await driver.switch_state()
    elif what.control is Control.DISCONNECT:
        state = await driver.disconnect()
    elif what.control is Control.ARM_FOR_CLOSURE:
        # Never by a connect: whether that closes at once or waits for a hand at the meter is the switch's own control mode.
        if not isinstance(driver, ArmsSwitch):
            raise NotSupported("this driver's switch cannot be armed", where=str(url))
        state = await driver.arm()
    else:
        state = await driver.connect()
    return Outcome(state == _ENDS_IN[what.control], f"the switch is {state}")


async def _set_clock(driver: Driver, what: Command, url: MeterUrl, now: datetime) -> Outcome:
    if not isinstance(driver, KeepsClock):
        raise NotSupported("this driver keeps no clock", where=str(url))
    reading = await (driver.clock() if what.check else driver.set_clock(now))
    if reading.time is None:
        return Outcome(None, f"the clock says {reading.raw}, of no known zone")
    off = reading.time - reading.read_at
    return Outcome(abs(off) <= _RIGHT, f"the clock is {off.total_seconds():+.0f} s off")


async def _limit(driver: Controls, what: Command, url: MeterUrl) -> Outcome:
    if _LIMIT not in await driver.controls():
        raise NotSupported("this device has no limit of its active power", where=str(url))
    if what.limit is None:
        raise NotSupported(
            "the control names no limit", where=str(url), do="give PanDemandResponse.dutyCycle, in percent"
        )
    if what.check:
        return Outcome(None, "what limit is in effect is read when it is written")
    done = await driver.control(_LIMIT, what.limit, what.revert_s)
    said = "nothing" if done.in_effect is None else f"{done.in_effect} %"
    return Outcome(done.confirmed, f"asked {done.asked} %, the device says {said}")


async def _tell(driver: Driver, what: Command, url: MeterUrl) -> Outcome:
    """Prices, texts and load controls: the devices answer in their own time, each with an event."""
    assert what.said is not None  # noqa: S101 - the caller has looked
    if not isinstance(driver, TellsDevices):
        raise NotSupported("there is no home area network behind this meter", where=str(url))
    if what.check:
        return Outcome(driver.event_id_of(what.tracking) is not None, "the network knows it")
    earlier = driver.event_id_of(what.tracking)
    number = earlier if earlier is not None and _cancels(what) else driver.next_event_id()
    told: dict[str, None] = {}
    from gateway.pan_controls import instructions  # most gateways have no radio

    for instruction in instructions(what.said, number, what.currency):
        told |= dict.fromkeys(await driver.tell_devices(instruction, what.tracking, what.devices))
    return Outcome(True, f"told {', '.join(told)}" if told else "kept for the devices that ask")


def _cancels(what: Command) -> bool:
    pan = what.said.pan if what.said is not None else None
    if what.control in (Control.LOAD_CONTROL_STOP, Control.DISPLAY_CANCEL):
        return True
    return bool(getattr(pan, "cancel_now", None) or getattr(pan, "cancel_date_time", None)) or (
        (getattr(pan, "command", None) or "").lower() == "cancel"
    )


def percent(value: Decimal | None) -> Decimal | None:
    """A limit as it may be asked for. Raises NotSupported outside 0 to 100."""
    if value is not None and not 0 <= value <= 100:
        raise NotSupported(f"{value} % is no limit: it goes from 0 to 100")
    return value
