"""The block plan is the cheapest there is, and keeps what the map forbids."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.link.link import LineSettings
from drivers.modbus.plan import Cost, Span, cover, plan
from drivers.modbus.registers import Form, Group, Limits, ModbusMap, Range, Register, Table


def partitions(items: list[Span]) -> Iterator[list[list[Span]]]:
    """Every way to put the items into boxes."""
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for boxes in partitions(rest):
        yield [[first], *boxes]
        for number in range(len(boxes)):
            yield [*boxes[:number], [first, *boxes[number]], *boxes[number + 1 :]]


def allowed(box: list[Span], limits: Limits) -> bool:
    """Whether one request may hold these, said again in the plainest words: register by register."""
    start, end = min(one.address for one in box), max(one.end for one in box)
    if len(box) == 1:
        return True
    if end - start > limits.max_registers:
        return False
    used = {address for one in box for address in range(one.address, one.end)}
    hole = 0
    for address in range(start, end):
        hole = 0 if address in used else hole + 1
        if hole > limits.max_gap:
            return False
        if hole and any(area.first <= address <= area.last for area in limits.forbidden):
            return False
    return True


def price(boxes: list[list[Span]], cost: Cost) -> float:
    return sum(
        cost.request + cost.register * (max(one.end for one in box) - min(one.address for one in box)) for box in boxes
    )


def spans(most: int) -> st.SearchStrategy[list[Span]]:
    one = st.builds(lambda at, width: Span(at, at + width), st.integers(0, 40), st.integers(1, 4))
    return st.lists(one, min_size=1, max_size=most)


areas = st.lists(
    st.builds(lambda at, length: Range(Table.INPUT, at, at + length), st.integers(0, 44), st.integers(0, 2)), max_size=2
)
costs = st.builds(Cost, st.integers(1, 30).map(float), st.integers(1, 3).map(float))


def equal_to_brute_force(wanted: list[Span], forbidden: list[Range], most: int, max_gap: int, cost: Cost) -> None:
    clear = [
        area
        for area in forbidden
        if not any(area.first < one.end and one.address <= area.last for one in wanted)  # a map is refused for that
    ]
    limits = Limits(most, max_gap, tuple(clear))
    found = cover(wanted, Table.INPUT, limits, cost)
    best = min(
        price(boxes, cost) for boxes in partitions(sorted(set(wanted))) if all(allowed(box, limits) for box in boxes)
    )
    assert price([[one] for one in found], cost) == best
    for one in wanted:
        assert any(block.address <= one.address and one.end <= block.end for block in found), "a value was split"
    for block in found:
        assert not any(area.first < block.end and block.address <= area.last for area in clear)


@given(spans(4), areas, st.integers(4, 20), st.integers(0, 12), costs)
def test_equal_to_brute_force(wanted: list[Span], forbidden: list[Range], most: int, max_gap: int, cost: Cost) -> None:
    equal_to_brute_force(wanted, forbidden, most, max_gap, cost)


@pytest.mark.slow
@settings(max_examples=2_000)
@given(spans(7), areas, st.integers(4, 20), st.integers(0, 12), costs)
def test_equal_to_brute_force_with_more_values(
    wanted: list[Span], forbidden: list[Range], most: int, max_gap: int, cost: Cost
) -> None:
    equal_to_brute_force(wanted, forbidden, most, max_gap, cost)


def of(*registers: Register, **rest: object) -> ModbusMap:
    return ModbusMap("test/meter", registers, **rest)  # type: ignore[arg-type]


COST = Cost.serial(LineSettings(9600), 0.02)


def test_holes_are_not_crossed_unless_the_map_says_so() -> None:
    registers = (Register("a", 0, Form.F32), Register("b", 4, Form.F32))
    assert len(plan(registers, of(*registers), COST)) == 2
    assert len(plan(registers, of(*registers, limits=Limits(max_gap=2)), COST)) == 1


def test_an_atomic_group_is_one_request_whatever_its_holes() -> None:
    registers = (
        Register("total", 0, Form.U32, group="energy"),
        Register("tariff", 40, Form.U32, group="energy"),
        Register("volt", 20, Form.U16),
    )
    blocks = plan(registers, of(*registers, groups=(Group("energy"),)), COST)
    assert [(block.address, block.count) for block in blocks] == [(0, 42)]


def test_a_scale_register_is_read_with_its_value_and_a_ratio_comes_too() -> None:
    registers = (
        Register("power", 10, Form.I16, scale_from="sf", ratio=("ct",)),
        Register("sf", 30, Form.I16),
        Register("ct", 100, Form.U16),
    )
    blocks = plan(registers[:1], of(*registers), COST)
    assert [(block.address, block.count) for block in blocks] == [(10, 21), (100, 1)]


def test_tables_are_never_mixed() -> None:
    registers = (Register("a", 0, Form.U16), Register("b", 1, Form.U16, Table.INPUT))
    assert len(plan(registers, of(*registers), COST)) == 2
