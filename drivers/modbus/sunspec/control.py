"""Immediate controls of a DER by SunSpec: connect, limit active power, set the power factor; for a time if wanted.

By model 704 where the device has it, else by model 123. The order matters: the time after which the device goes back by itself
is written first, the set point next, and only then is the control enabled; so nothing is ever in effect for longer than was asked.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, DecimalException

from drivers.driver import Done
from drivers.errors import MeterError, NotSupported, UsageError
from drivers.modbus import pdu, value
from drivers.modbus.decode import Decoding, NoValue
from drivers.modbus.image import Image
from drivers.modbus.reader import Unit
from drivers.modbus.registers import ModbusMap, Register
from drivers.modbus.sunspec.device import Model, SunspecDevice
from drivers.modbus.sunspec.models import as_map

log = logging.getLogger(__name__)

_OFF, _ON = Decimal(0), Decimal(1)
#: Values for control carry no time.
_NO_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Control:
    """A control of one model, by the names of its points. ``switch``: the point that has it take effect, and the value that does.

    ``before``: points written first, with their values. ``sign``: the point with the side of the power factor (704).
    """

    model: int
    what: str
    switch: tuple[str, Decimal]
    point: str = ""
    revert: str = ""
    low: Decimal = _OFF
    high: Decimal = _ON
    sign: str = ""
    before: tuple[tuple[str, Decimal], ...] = ()


_LIMIT = "limit active power to so many per cent of its maximum"
_LIMIT_OFF = "take the limit of active power away"
_FACTOR = "set the power factor: 1 to -1, negative under-excited"
_FACTOR_OFF = "take the set power factor away"
_HUNDRED = Decimal(100)

#: Name -> the control in each model that has it, the first that the device has is taken.
CONTROLS: dict[str, tuple[Control, ...]] = {
    "connect": (Control(123, "connect to the grid", ("Conn", _ON), revert="Conn_RvrtTms"),),
    "disconnect": (Control(123, "disconnect from the grid", ("Conn", _OFF), revert="Conn_RvrtTms"),),
    "active-power-limit": (
        Control(
            704, _LIMIT, ("WMaxLimPctEna", _ON), "WMaxLimPct", "WMaxLimPctRvrtTms", high=_HUNDRED,
            before=(("WMaxLimPctEnaRvrt", _OFF),),
        ),
        Control(123, _LIMIT, ("WMaxLim_Ena", _ON), "WMaxLimPct", "WMaxLimPct_RvrtTms", high=_HUNDRED),
    ),
    "active-power-limit-off": (
        Control(704, _LIMIT_OFF, ("WMaxLimPctEna", _OFF)),
        Control(123, _LIMIT_OFF, ("WMaxLim_Ena", _OFF)),
    ),
    "power-factor": (
        Control(
            704, _FACTOR, ("PFWInjEna", _ON), "PFWInj.PF", "PFWInjRvrtTms", low=-_ON, sign="PFWInj.Ext",
            before=(("PFWInjEnaRvrt", _OFF),),
        ),
        Control(123, _FACTOR, ("OutPFSet_Ena", _ON), "OutPFSet", "OutPFSet_RvrtTms", low=-_ON),
    ),
    "power-factor-off": (
        Control(704, _FACTOR_OFF, ("PFWInjEna", _OFF)),
        Control(123, _FACTOR_OFF, ("OutPFSet_Ena", _OFF)),
    ),
}  # fmt: skip


def offered(device: SunspecDevice) -> Mapping[str, str]:
    """The controls that the device's models have: name -> what it does."""
    return {name: one.what for name in CONTROLS if (one := _chosen(device, name)) is not None}


async def control(unit: Unit, device: SunspecDevice, name: str, asked: Decimal | None, revert_s: int | None) -> Done:
    """Do what ``name`` says and read back what is in effect. ``revert_s`` None: until it is taken away.

    Raises UsageError for a name or value that does not exist, NotSupported where the device has not what it takes.
    """
    where = f"{unit.bus.name}, unit {unit.number}"
    if name not in CONTROLS:
        raise UsageError(f"there is no control {name!r}", where=where, do=f"there are {', '.join(CONTROLS)}")
    one = _chosen(device, name)
    if one is None:
        raise NotSupported(f"the device has no SunSpec model for {name}", where=where)
    model = device.model(one.model)
    assert model is not None  # noqa: S101 - _chosen has found it
    return await _Writing(unit, one, model, where).run(name, _checked(one, name, asked, where), revert_s)


async def connected(unit: Unit, device: SunspecDevice) -> bool | None:
    """Whether an inverter is connected to the grid, None where it does not say. Raises NotSupported without model 123."""
    one = _chosen(device, "connect")
    if one is None or (model := device.model(one.model)) is None:
        raise NotSupported("the device has no SunSpec model for connecting")
    state = await _Writing(unit, one, model, unit.bus.name).state()
    return None if state is None else state == _ON


def _chosen(device: SunspecDevice, name: str) -> Control | None:
    return next((one for one in CONTROLS[name] if device.model(one.model) is not None), None)


def _checked(one: Control, name: str, asked: Decimal | None, where: str) -> Decimal | None:
    if not one.point:
        if asked is not None:
            raise UsageError(f"{name} takes no value", where=where)
        return None
    if asked is None or not one.low <= asked <= one.high:
        raise UsageError(f"{name} needs a value from {one.low} to {one.high}", where=where)
    return asked


class _Writing:
    """One control on one model: the model is read, written point by point, and read again."""

    def __init__(self, unit: Unit, one: Control, model: Model, where: str) -> None:
        self._unit = unit
        self._one = one
        self._found: ModbusMap = as_map(model.id, model.address, model.length)
        self._model = model
        self._where = where

    async def run(self, name: str, asked: Decimal | None, revert_s: int | None) -> Done:
        one = self._one
        state = await self._state()
        steps: list[tuple[str, Decimal]] = list(self._revert(state, revert_s))
        steps += [(point, given) for point, given in one.before if self._has(state, point)]
        if asked is not None:
            steps.append((one.point, abs(asked) if one.sign else asked))
            if one.sign:
                steps.append((one.sign, _ON if asked < 0 else _OFF))
        steps.append(one.switch)
        words = [(point, self._words(state, point, given)) for point, given in steps]
        said = ", ".join(f"{point} = {given}" for point, given in steps)
        log.warning("%s: SunSpec model %d, %s: writing %s", self._where, self._model.id, name, said)
        try:
            for point, raw in words:
                address = self._found.register(point).address
                await self._unit.write(pdu.write_registers(self._unit.number, address, raw))
            done = self._done(await self._state(), name, asked)
        except MeterError as error:
            log.warning("%s: %s failed: %s", self._where, name, error)
            raise
        log.warning("%s: %s is now %s", self._where, name, done.in_effect)
        return done

    def _revert(self, state: Image, revert_s: int | None) -> list[tuple[str, Decimal]]:
        point = self._one.revert
        if point and self._has(state, point):
            return [(point, Decimal(revert_s or 0))]
        if revert_s is not None:
            raise NotSupported("the device cannot take this control back by itself", where=self._where)
        return []

    def _done(self, state: Image, name: str, asked: Decimal | None) -> Done:
        """What is in effect: the set point while the switch stands as it should; of a mere switch, the switch."""
        point, wanted = self._one.switch
        switched = self._value(state, point)
        if asked is None:
            return Done(name, wanted, switched)
        if switched != wanted:
            return Done(name, asked, None)
        effective = self._value(state, self._one.point)
        if effective is not None and self._one.sign and self._value(state, self._one.sign) == _ON:
            effective = -effective
        return Done(name, asked, effective)

    async def state(self) -> Decimal | None:
        """What the switch says now."""
        return self._value(await self._state(), self._one.switch[0])

    async def _state(self) -> Image:
        image = Image()
        first = self._model.address
        table = self._found.registers[0].table
        image.put(table, first, await self._unit.words(table, first, 2 + self._model.length))
        return image

    def _register(self, point: str) -> Register:
        try:
            return self._found.register(point)
        except KeyError:
            raise NotSupported(f"the device's model {self._model.id} has no {point}", where=self._where) from None

    def _has(self, state: Image, point: str) -> bool:
        try:
            return self._value(state, point) is not None
        except NotSupported:
            return False

    def _value(self, state: Image, point: str) -> Decimal | None:
        try:
            return Decoding(self._found, state, _NO_TIME).value(self._register(point))
        except NoValue:
            return None

    def _words(self, state: Image, point: str, given: Decimal) -> list[int]:
        register = self._register(point)
        exponent = self._value(state, register.scale_from) if register.scale_from else _OFF
        if exponent is None:
            raise NotSupported(f"{point} has no scale factor", where=self._where)
        try:
            raw = value.EXACT.scaleb(given, -int(exponent))
            return value.encode(raw, register.form, register.order, register.width)
        except (ValueError, DecimalException) as error:
            raise UsageError(f"{point} = {given} cannot be written exactly ({error})", where=self._where) from None
