"""Reads what a map wants of one unit: planned blocks, refused ones taken apart, and what was learned remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from drivers.modbus import pdu, value
from drivers.modbus.bus import Bus
from drivers.modbus.exchange import Refusal
from drivers.modbus.image import Image
from drivers.modbus.memory import Memory
from drivers.modbus.plan import Block, Cost, Span, plan, spans
from drivers.modbus.registers import Form, Limits, ModbusMap, Register, Table, Timing
from drivers.reading import Obis

#: Exceptions that say "not these registers": illegal data address, illegal data value (a count that is too high).
_NOT_THESE = (2, 3)
#: An exception that says "not this table": illegal function.
_NOT_THIS_TABLE = 1
#: Twice-read counters may have gone on between; a carry caught between two registers is off by 65 536.
_TORN = 1 << 15
#: Questions with a plan of their own that a device is asked: all, each class of registers, the second reading of a group.
_MOST_PLANS = 16


@dataclass(slots=True)
class Unit:
    """One unit id on a bus, as a source of registers."""

    bus: Bus
    number: int
    timing: Timing
    patient: bool = False

    async def words(self, table: Table, address: int, count: int) -> list[int]:
        """``count`` registers from ``address``. Raises Refusal, NoAnswer, BadFrame, LinkLost."""
        request = pdu.read(self.number, table, address, count)
        return pdu.words(request, await self.bus.ask(request, self.timing, patient=self.patient))

    async def write(self, request: pdu.Request) -> None:
        """Send a write once and no more: a device may have done what its answer was lost of, and a second demand reset is one
        too many. Raises Refusal, NoAnswer, BadFrame, LinkLost."""
        await self.bus.ask(request, replace(self.timing, retries=0), patient=self.patient)


def cost(bus: Bus, timing: Timing) -> Cost:
    """What requests cost on this bus."""
    return Cost.serial(bus.line, timing.turnaround_s) if bus.serial else Cost.tcp()


def needed(found: ModbusMap, wanted: Sequence[Obis]) -> list[Register]:
    """The registers to read for these OBIS codes (none: for all): with them their guards, and who the meter is."""
    values = [
        register
        for register in found.registers
        if (register.obis in wanted if wanted else register.obis is not None or register.bits)
    ]
    names = {register.name for register in values}
    helpers = {guard.register for guard in found.guards if not guard.affects or not names.isdisjoint(guard.affects)} | {
        found.identity.serial_from,
        found.identity.model_from,
        found.identity.firmware_from,
    }
    return values + [register for register in found.registers if register.name in helpers - names]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A plan and what it was made for."""

    found: ModbusMap
    limits: Limits
    price: Cost
    requests: list[tuple[Table, list[Span]]]


class Reader:
    """One map on one unit."""

    def __init__(self, unit: Unit, found: ModbusMap, memory: Memory) -> None:
        self._unit = unit
        self._found = found
        self._memory = memory
        self._fresh: dict[tuple[Table, int], int] = {}  # refused in this reading
        self._answered = False

    async def image(self, registers: Iterable[Register]) -> tuple[Image, frozenset[str]]:
        """The registers as they are now, and the names of those in doubt because they did not read the same twice."""
        registers = list(registers)
        image = await self._read(registers)
        doubted = await self._again(registers, image)
        return image, doubted

    async def _read(self, registers: list[Register]) -> Image:
        memory = self._memory
        now = asyncio.get_running_loop().time()
        memory.forget_old(now)
        image = Image()
        image.refused.update(memory.refused)
        asked = [one for one in registers if image.refusal(one) is None]
        self._fresh, self._answered = {}, False
        for table, inside in self._planned(asked):
            await self._block(table, inside, image)
        if self._answered:  # a meter that refuses everything says nothing of its registers
            memory.refusals(self._fresh, now)
        return image

    def _planned(self, asked: list[Register]) -> list[tuple[Table, list[Span]]]:
        """The requests, each as the spans it is for. The plan for the same question is made once: it is half the work."""
        limits = self._memory.limits(self._found.limits)
        price = cost(self._unit.bus, self._unit.timing)
        names = tuple(register.name for register in asked)
        known = self._memory.plans.get(names)
        if isinstance(known, _Plan) and known.found is self._found and (known.limits, known.price) == (limits, price):
            return known.requests
        limited = replace(self._found, limits=limits)
        pieces = spans(asked, limited)
        requests = []
        for block in plan(asked, limited, price):
            inside = {one for one in pieces[block.table] if block.address <= one.address and one.end <= block.end}
            requests.append((block.table, sorted(inside)))
        if len(self._memory.plans) >= _MOST_PLANS:
            self._memory.plans.clear()
        self._memory.plans[names] = _Plan(self._found, limits, price, requests)
        return requests

    async def _block(self, table: Table, inside: list[Span], image: Image) -> bool:
        """One request for these spans, or, when it is refused, several. Whether all of them were given."""
        block = Block(table, inside[0].address, max(one.end for one in inside) - inside[0].address)
        try:
            image.put(table, block.address, await self._unit.words(table, block.address, block.count))
        except Refusal as refusal:
            apart = _apart(inside) if refusal.code in _NOT_THESE else None
            if apart is None:
                image.refuse(block, refusal.code)
                if refusal.code in (*_NOT_THESE, _NOT_THIS_TABLE):
                    self._fresh.update({(table, at): refusal.code for at in range(block.address, block.end)})
                return False
            return await self._halves(table, *apart, image)
        self._answered = True
        return True

    async def _halves(self, table: Table, first: list[Span], second: list[Span], image: Image) -> bool:
        """A refused block in two. Where both are given the hole between them was the reason, or the length of the whole."""
        one = await self._block(table, first, image)
        two = await self._block(table, second, image)
        if one and two:
            end, start = max(span.end for span in first), second[0].address
            if start > end:
                self._memory.holes.add((table, end, start - 1))
            else:
                longest = max(end - first[0].address, max(span.end for span in second) - start)
                self._memory.most = min(self._memory.most or longest, longest)
            self._memory.learn(asyncio.get_running_loop().time())
        return one and two

    async def _again(self, registers: list[Register], image: Image) -> frozenset[str]:
        """Read the groups that are to be read twice once more; the later values are kept."""
        twice = {group.name for group in self._found.groups if group.twice}
        members = [one for one in registers if one.group in twice and image.of(one) is not None]
        if not members:
            return frozenset()
        before = {one.name: image.of(one) for one in members}
        later = await self._read(members)
        doubted = {one.name for one in members if not _agree(one, before[one.name], later.of(one))}
        image.words.update(later.words)
        return frozenset(doubted)


def _apart(inside: list[Span]) -> tuple[list[Span], list[Span]] | None:
    """Two parts that do not overlap, cut at a hole if there is one, else in the middle; None when they hang together."""
    cuts = []
    end = inside[0].end
    for number in range(1, len(inside)):
        if inside[number].address >= end:
            cuts.append((-(inside[number].address - end), abs(2 * number - len(inside)), number))
        end = max(end, inside[number].end)
    if not cuts:
        return None
    cut = min(cuts)[2]
    return inside[:cut], inside[cut:]


def _agree(register: Register, first: list[int] | None, second: list[int] | None) -> bool:
    """Whether two readings of a register within a moment are the same counter going on."""
    if first is None or second is None:
        return False
    if first == second:
        return True
    if register.form in (Form.STRING, Form.BITS):
        return False
    try:
        before = value.number(first, register.form, register.order)
        after = value.number(second, register.form, register.order)
    except value.Undecodable:
        return False
    if before is None or after is None:
        return False
    if register.form in (Form.F32, Form.F64):
        return before <= after <= before + abs(before) / 1000 + 1
    return before <= after < before + _TORN
