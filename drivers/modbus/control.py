"""Writing: only what a map allows, by its name, logged, and read back. There is no way to write an address."""

from __future__ import annotations

import logging
from decimal import Decimal, DecimalException

from drivers.driver import Done
from drivers.errors import MeterError, NotSupported, UsageError
from drivers.modbus import pdu, value
from drivers.modbus.reader import Unit
from drivers.modbus.registers import WIDTH, ModbusMap, Register, Table, Write

log = logging.getLogger(__name__)

#: ``Write.read_back`` of what cannot be read back.
_NOT_READABLE = "-"


async def write(unit: Unit, found: ModbusMap, name: str, asked: Decimal | None) -> Done:
    """Write what the map has under ``name``. Raises UsageError: no such write, or not this value; Refusal, NoAnswer."""
    one = next((each for each in found.writes if each.name == name), None)
    where = f"{unit.bus.name}, unit {unit.number}"
    if one is None:
        offered = ", ".join(each.name for each in found.writes) or "none"
        raise UsageError(f"the map {found.name} allows no {name!r}", where=where, do=f"it allows: {offered}")
    chosen = _allowed(one, asked, where)
    words = _words(one, chosen, where)
    before = await _read_back(
        unit, found, one
    )  # also shows whether the line echoes, before an echo could pass for the answer
    log.warning("%s: writing %s = %s %s, was %s (map %s)", where, name, chosen, one.unit, before, found.name)
    try:
        await unit.write(_request(unit, one, words))
        done = Done(name, chosen, await _read_back(unit, found, one))
    except MeterError as error:
        log.warning("%s: writing %s failed: %s", where, name, error)
        raise
    log.warning("%s: %s is now %s", where, name, "not readable" if done.in_effect is None else done.in_effect)
    return done


async def switch_state(unit: Unit, found: ModbusMap) -> str:
    """The state of the supply switch that the map's writes "connect" and "disconnect" move. Raises NotSupported."""
    moves = {one.name: one for one in found.writes if one.name in ("connect", "disconnect") and one.read_back != "-"}
    if len(moves) < 2:
        raise NotSupported(f"the map {found.name} has no switch that can be read", where=unit.bus.name)
    says = await _read_back(unit, found, moves["connect"])
    for name, one in moves.items():
        if one.fixed == says:
            return f"{name}ed"
    return f"unknown ({says})"


def _allowed(one: Write, asked: Decimal | None, where: str) -> Decimal:
    if one.fixed is not None:
        if asked is not None and asked != one.fixed:
            raise UsageError(f"{one.name} takes no value", where=where)
        return one.fixed
    if asked is None:
        raise UsageError(f"{one.name} needs a value", where=where)
    bounded = one.low is not None or one.high is not None
    inside = bounded and (one.low is None or asked >= one.low) and (one.high is None or asked <= one.high)
    if asked in one.allowed or inside:
        return asked
    said = [str(each) for each in one.allowed] + ([f"{one.low} to {one.high}"] if bounded else [])
    raise UsageError(f"{one.name} = {asked} is not allowed", where=where, do=f"the map allows {', '.join(said)}")


def _words(one: Write, chosen: Decimal, where: str) -> list[int]:
    try:
        raw = value.EXACT.divide(value.EXACT.subtract(chosen, one.offset), one.scale)
        return value.encode(raw, one.form, one.order, WIDTH.get(one.form) or one.registers or 1)
    except (ValueError, DecimalException) as error:
        raise UsageError(f"{one.name} = {chosen} cannot be written exactly ({error})", where=where) from None


def _request(unit: Unit, one: Write, words: list[int]) -> pdu.Request:
    if one.table is Table.COIL:
        return pdu.write_coil(unit.number, one.address, bool(words[-1]))
    if one.single and len(words) == 1:
        return pdu.write_register(unit.number, one.address, words[0])
    return pdu.write_registers(unit.number, one.address, words)


async def _read_back(unit: Unit, found: ModbusMap, one: Write) -> Decimal | None:
    """What the device says: of the register the map names, else of what was written."""
    if one.read_back == _NOT_READABLE:
        return None
    if one.read_back:
        register = found.register(one.read_back)
    else:
        register = Register(
            one.name, one.address, one.form, one.table, one.registers, one.order, scale=one.scale, offset=one.offset
        )
    words = await unit.words(register.table, register.address, register.width)
    raw = value.number(words, register.form, register.order)
    if raw is None:
        return None
    return value.EXACT.add(value.EXACT.multiply(raw, register.scale), register.offset)
