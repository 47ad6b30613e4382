"""Registers to exact values: nothing is rounded on the way, in any order of bytes."""

from __future__ import annotations

import struct
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus import value
from drivers.modbus.registers import WIDTH, Form, Order

ORDERS = list(Order)
INTEGERS = {
    Form.U16: (0, 2**16 - 1),
    Form.I16: (-(2**15), 2**15 - 1),
    Form.U32: (0, 2**32 - 1),
    Form.I32: (-(2**31), 2**31 - 1),
    Form.U64: (0, 2**64 - 1),
    Form.I64: (-(2**63), 2**63 - 1),
}


def words(data: bytes) -> list[int]:
    return list(struct.unpack(f">{len(data) // 2}H", data))


@pytest.mark.parametrize(
    ("order", "wire"),
    [
        (Order.ABCD, "01020304"),
        (Order.CDAB, "03040102"),
        (Order.BADC, "02010403"),
        (Order.DCBA, "04030201"),
    ],
)
def test_the_four_orders_of_bytes(order: Order, wire: str) -> None:
    assert value.number(words(bytes.fromhex(wire)), Form.U32, order) == 0x01020304


@pytest.mark.parametrize(
    ("order", "wire"),
    [
        (Order.ABCD, "0102030405060708"),
        (Order.CDAB, "0708050603040102"),
        (Order.BADC, "0201040306050807"),
        (Order.DCBA, "0807060504030201"),
    ],
)
def test_four_registers_in_the_same_sense(order: Order, wire: str) -> None:
    assert value.number(words(bytes.fromhex(wire)), Form.U64, order) == 0x0102030405060708


@given(st.sampled_from(list(INTEGERS)), st.sampled_from(ORDERS), st.data())
def test_every_integer_survives(form: Form, order: Order, data: st.DataObject) -> None:
    number = Decimal(data.draw(st.integers(*INTEGERS[form])))
    sent = value.encode(number, form, order, WIDTH[form])
    assert value.number(sent, form, order) == number


def test_u64_above_2_to_the_53_keeps_every_digit() -> None:
    number = 2**53 + 1
    assert float(number) != number
    assert value.number(words(number.to_bytes(8, "big")), Form.U64) == Decimal(number)
    assert value.number([0xFFFF] * 4, Form.U64) == Decimal(2**64 - 1)


@pytest.mark.slow
def test_scale_001_over_200_000_integers_is_exact() -> None:
    scaled_exactly(range(200_000))


def test_scale_001_is_exact() -> None:
    """Some of them; binary floats are wrong for one in seven."""
    assert sum(str(raw * 0.01) != f"{raw / 100:.2f}" for raw in range(0, 200_000, 97)) > 100
    scaled_exactly(range(0, 200_000, 97))


def scaled_exactly(integers: range) -> None:
    scale = Decimal("0.01")
    for raw in integers:
        exact = value.number([raw >> 16, raw & 0xFFFF], Form.U32)
        assert exact is not None
        product = value.EXACT.multiply(exact, scale)
        assert str(product) == f"{raw // 100}.{raw % 100:02}"


@pytest.mark.parametrize(
    "text", ["12345.67", "0.1", "230.4", "50.01", "1E-7", "99999.9", "131072.1", "-0.98", "16777216"]
)
def test_a_float_gives_the_shortest_decimal(text: str) -> None:
    assert value.shortest(struct.pack(">f", float(text))) == Decimal(text)
    assert value.shortest(struct.pack(">d", float(text))) == Decimal(text)


def shortest_by_search(data: bytes) -> int:
    """How many digits the shortest decimal has that is this float32: by trying all near it, of each length."""
    exact = Fraction(struct.unpack(">f", data)[0])
    for digits in range(1, 10):
        exponent = Decimal(struct.unpack(">f", data)[0]).adjusted() - digits + 1
        unit = Fraction(10) ** exponent
        below = exact // unit
        for candidate in (below, below + 1):
            try:
                again = struct.pack(">f", float(candidate * unit))
            except OverflowError:
                continue
            if again == data:
                return digits
    raise AssertionError("nine digits are always enough")


@given(st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False).filter(lambda x: x != 0))
def test_no_shorter_decimal_is_the_same_float32(number: float) -> None:
    data = struct.pack(">f", number)
    found = value.shortest(data)
    assert found is not None
    assert struct.pack(">f", float(found)) == data
    assert len(found.normalize().as_tuple().digits) <= shortest_by_search(data)


def test_powers_of_two_are_shortest_too() -> None:
    for power in range(-126, 128):
        data = struct.pack(">f", 2.0**power)
        found = value.shortest(data)
        assert found is not None
        assert struct.pack(">f", float(found)) == data
        assert len(found.normalize().as_tuple().digits) <= shortest_by_search(data)


@given(st.binary(min_size=4, max_size=4))
def test_any_four_bytes_are_a_value_missing_or_refused(data: bytes) -> None:
    try:
        found = value.shortest(data)
    except value.Undecodable:
        assert data[0] & 0x7F == 0x7F
        return
    assert found is None or found.is_finite()


@pytest.mark.parametrize("nan", ["7fc00000", "ffffffff", "7f800001"])
def test_a_nan_is_no_value(nan: str) -> None:
    assert value.number(words(bytes.fromhex(nan)), Form.F32) is None


def test_infinity_is_refused() -> None:
    with pytest.raises(value.Undecodable, match="infinite"):
        value.number([0x7F80, 0], Form.F32)


def test_bcd() -> None:
    assert value.number([0x1234, 0x5678], Form.BCD) == 12345678
    assert value.number([0x5678, 0x1234], Form.BCD, Order.CDAB) == 12345678
    with pytest.raises(value.Undecodable, match="BCD"):
        value.number([0x123A], Form.BCD)


def test_a_text_ends_at_its_first_nul() -> None:
    assert value.text(words(b"SDM630\0\0junk")) == "SDM630"
    assert value.text(words(b"DSU63M06"), Order.BADC) == "SD6UM360"
    with pytest.raises(value.Undecodable, match="ASCII"):
        value.text([0xFFFF, 0xFFFF])


@pytest.mark.parametrize(
    ("number", "form"), [("1.5", Form.U16), ("65536", Form.U16), ("-1", Form.U32), ("0.1234567891", Form.F32)]
)
def test_what_does_not_fit_is_not_written(number: str, form: Form) -> None:
    with pytest.raises(ValueError, match=number):
        value.encode(Decimal(number), form, Order.ABCD, WIDTH[form])
