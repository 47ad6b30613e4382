"""What contradicts itself in a map of registers, beyond what its file's schema can say."""

from __future__ import annotations

from collections.abc import Mapping

from drivers.modbus.registers import WIDTH, Form, Group, Limits, ModbusMap, Register


def problems(found: ModbusMap) -> list[tuple[str, str]]:
    """What contradicts itself in a map, as (name of the register, guard or write; what is wrong). Empty when all is well."""
    wrong: list[tuple[str, str]] = []
    known = {register.name for register in found.registers}
    groups = {group.name: group for group in found.groups}
    seen: set[str] = set()
    for register in found.registers:
        wrong += [(register.name, what) for what in _register_problems(register, found, known, groups)]
        if register.name in seen:
            wrong.append((register.name, "is named twice"))
        seen.add(register.name)
    for group in found.groups:
        members = [register for register in found.registers if register.group == group.name]
        if not members:
            wrong.append((group.name, "is a group without registers"))
        elif group.atomic:
            wrong += [(group.name, what) for what in _atomic_problems(members, found.limits)]
    for guard in found.guards:
        wrong += [
            (guard.register, f"no register {name!r}") for name in (guard.register, *guard.affects) if name not in known
        ]
        if not guard.cases:
            wrong.append((guard.register, "is a guard that allows no value"))
    for name in (found.identity.serial_from, found.identity.model_from, found.identity.firmware_from):
        if name and name not in known:
            wrong.append((name, "is an identity register that does not exist"))
    for write in found.writes:
        if write.fixed is None and not write.allowed and write.low is None and write.high is None:
            wrong.append((write.name, "says nothing about which values may be written"))
        if write.read_back not in ("", "-") and write.read_back not in known:
            wrong.append((write.name, f"no register {write.read_back!r} to read back"))
    return wrong


def _register_problems(register: Register, found: ModbusMap, known: set[str], groups: Mapping[str, Group]) -> list[str]:
    wrong = [f"no register {name!r}" for name in (register.scale_from, *register.ratio) if name and name not in known]
    if register.form not in WIDTH and not register.registers:
        wrong.append(f"a {register.form} needs its number of registers")
    if register.form in WIDTH and register.registers not in (0, WIDTH[register.form]):
        wrong.append(f"a {register.form} takes {WIDTH[register.form]} registers, not {register.registers}")
    if not 0 <= register.address <= 65536 - register.width:
        wrong.append("lies outside the addresses 0 to 65535")
    if register.width > found.limits.max_registers:
        wrong.append(f"is longer than a request may be ({found.limits.max_registers} registers)")
    if register.scale == 0:
        wrong.append("a scale of 0 leaves nothing")
    if register.group and register.group not in groups:
        wrong.append(f"no group {register.group!r}")
    if register.bits and register.form is not Form.BITS:
        wrong.append("only a bits register has events")
    if any(bit.number >= 16 * register.width for bit in register.bits):
        wrong.append("has an event for a bit that it does not have")
    wrong += [
        f"lies in the forbidden range {area.first} to {area.last}"
        for area in found.limits.forbidden
        if area.table is register.table and area.first < register.end and register.address <= area.last
    ]
    return wrong


def _atomic_problems(members: list[Register], limits: Limits) -> list[str]:
    wrong = []
    first, end = min(one.address for one in members), max(one.end for one in members)
    if len({one.table for one in members}) > 1:
        wrong.append("is atomic and lies in two tables")
    if end - first > limits.max_registers:
        wrong.append(f"is atomic and spans {end - first} registers; a request may be {limits.max_registers}")
    wrong += [
        f"is atomic and spans the forbidden range {area.first} to {area.last}"
        for area in limits.forbidden
        if area.table is members[0].table and area.first < end and first <= area.last
    ]
    return wrong
