"""The block plan: which registers to ask for together, so that the whole takes the least time on the wire.

A request costs a fixed time (frames' heads, silences, the meter's turnaround) and each register two characters. Reading
over a hole is worth it while it costs less than another request, if the meter bears it. The plan is the exact optimum,
by dynamic programming over the values in order of address: some optimal plan always takes neighbours together, because a
block that skipped a value and took a later one could give the later one away for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from drivers.link.link import LineSettings
from drivers.modbus.registers import Limits, ModbusMap, Register, Table

#: Characters of a read on a serial line beside its data: 8 of the request, 5 of the response (address, function, count, CRC).
FRAME_CHARACTERS = 13
#: Above 19 200 Bd the silences are fixed (Modbus over Serial Line V1.02, 2.5.1.1).
FIXED_SILENCE_S = 0.00175
#: What a request over TCP costs beside its data, in seconds of a register: a round trip is worth hundreds of registers.
_TCP_REQUEST, _TCP_REGISTER = 2e-3, 1e-6


def silence_s(line: LineSettings) -> float:
    """The 3.5 characters that end a frame (Modbus over Serial Line V1.02, 2.5.1.1), of 11 bits as counted there."""
    return FIXED_SILENCE_S if line.baud > 19200 else 3.5 * line.character_s


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one request, and of each register in it."""

    request: float
    register: float

    @classmethod
    def serial(cls, line: LineSettings, turnaround_s: float) -> Cost:
        """On a serial line: both frames, the silence before each, and how long the meter thinks beyond that silence."""
        thinks = max(turnaround_s, silence_s(line))
        return cls(FRAME_CHARACTERS * line.character_s + silence_s(line) + thinks, 2 * line.character_s)

    @classmethod
    def tcp(cls) -> Cost:
        return cls(_TCP_REQUEST, _TCP_REGISTER)


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """One request: ``count`` registers (or coils) from ``address``."""

    table: Table
    address: int
    count: int

    @property
    def end(self) -> int:
        return self.address + self.count


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Registers that are only worth reading in one request: a value, or a whole atomic group."""

    address: int
    end: int


def spans(registers: Iterable[Register], found: ModbusMap) -> dict[Table, list[Span]]:
    """What must not be split, by table: values, a value with its scale register, atomic groups."""
    wanted = {register.name: register for register in registers}
    for register in list(wanted.values()):
        for name in filter(None, (register.scale_from, *register.ratio)):
            wanted.setdefault(name, found.register(name))
    atomic = {group.name for group in found.groups if group.atomic}
    together: dict[tuple[Table, str], list[Register]] = {}
    for register in wanted.values():
        key = f"group {register.group}" if register.group in atomic else register.name
        together.setdefault((register.table, key), []).append(register)
        scale = wanted.get(register.scale_from)
        if scale is not None and scale.table is register.table:
            together[register.table, key].append(scale)
    result: dict[Table, list[Span]] = {}
    for (table, _), members in together.items():
        span = Span(min(one.address for one in members), max(one.end for one in members))
        result.setdefault(table, []).append(span)
    return result


def plan(registers: Iterable[Register], found: ModbusMap, cost: Cost) -> list[Block]:
    """The requests for ``registers`` and for what they need, in the cheapest way the map's limits allow."""
    return [
        Block(table, span.address, span.end - span.address)
        for table, wanted in sorted(spans(registers, found).items())
        for span in cover(wanted, table, found.limits, cost)
    ]


def cover(wanted: Sequence[Span], table: Table, limits: Limits, cost: Cost) -> list[Span]:
    """The cheapest spans within the limits that hold each of ``wanted`` whole. Spans that are longer than a request stay alone."""
    ordered = _without_nested(wanted)
    fits = _joinable(ordered, table, limits)
    best: list[tuple[float, int]] = [(0.0, 0)]  # for the first n: its cost, and where its last block begins
    for last, span in enumerate(ordered):
        first = last
        cheapest = (best[last][0] + cost.request + cost.register * (span.end - span.address), last)
        while first > 0 and fits(first - 1, first, last):
            first -= 1
            price = best[first][0] + cost.request + cost.register * (span.end - ordered[first].address)
            cheapest = min(cheapest, (price, first))
        best.append(cheapest)
    blocks: list[Span] = []
    end = len(ordered)
    while end:
        first = best[end][1]
        blocks.append(Span(ordered[first].address, ordered[end - 1].end))
        end = first
    return blocks[::-1]


def _without_nested(wanted: Sequence[Span]) -> list[Span]:
    """In order of address, without what lies inside another: then the ends ascend too."""
    ordered: list[Span] = []
    for span in sorted(set(wanted), key=lambda one: (one.address, -one.end)):
        if not ordered or span.end > ordered[-1].end:
            ordered.append(span)
    return ordered


def _joinable(ordered: Sequence[Span], table: Table, limits: Limits) -> Callable[[int, int, int], bool]:
    """Whether a block that begins with span ``after`` and ends with ``last`` may begin with ``before`` instead."""
    forbidden = [(area.first, area.last) for area in limits.forbidden if area.table is table]

    def fits(before: int, after: int, last: int) -> bool:
        gap = ordered[after].address - ordered[before].end
        if gap > limits.max_gap or ordered[last].end - ordered[before].address > limits.max_registers:
            return False
        return not any(low < ordered[after].address and ordered[before].end <= high for low, high in forbidden)

    return fits
