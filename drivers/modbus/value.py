"""Registers to one exact value, and a value back to registers. Pure arithmetic; nothing is ever rounded.

A 16-bit register comes most significant byte first (Modbus Application Protocol V1.1b3, 4.2); everything longer is the
maker's choice (``Order``).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow

from drivers.modbus.registers import WIDTH, Form, Order

#: Enough for an unsigned 64-bit value, a float64 and two ratios; a product that needed more would raise, not round.
EXACT = Context(prec=100, traps=[Inexact, InvalidOperation, Overflow])

_SIGNED = (Form.I16, Form.I32, Form.I64)
_FLOATS = (Form.F32, Form.F64)
#: Beyond this many digits an exponent is easier to read than zeros.
_MOST_ZEROS = 20


class Undecodable(ValueError):
    """The bits are none that the form can have; the text says what they are."""


def in_order(words: Sequence[int], order: Order) -> bytes:
    """The bytes of registers as they came, most significant byte of the value first."""
    if order in (Order.CDAB, Order.DCBA):
        words = words[::-1]
    if order in (Order.BADC, Order.DCBA):
        return struct.pack(f"<{len(words)}H", *words)
    return struct.pack(f">{len(words)}H", *words)


def pattern(words: Sequence[int], order: Order = Order.ABCD) -> int:
    """The bits as one unsigned number: what sentinels are compared with, and flags are taken from."""
    return int.from_bytes(in_order(words, order), "big")


def number(words: Sequence[int], form: Form, order: Order = Order.ABCD) -> Decimal | None:
    """The raw number, exactly; None for a NaN. Raises Undecodable: an infinite float, a BCD digit above 9."""
    data = in_order(words, form_order(form, order))
    if form in _FLOATS:
        return shortest(data)
    if form is Form.BCD:
        digits = data.hex()
        if not digits.isdecimal():
            raise Undecodable(f"{digits} is no BCD")
        return Decimal(digits)
    return Decimal(int.from_bytes(data, "big", signed=form in _SIGNED))


def text(words: Sequence[int], order: Order = Order.ABCD) -> str:
    """A string as it is meant to be read: up to the first NUL, with no spaces around. Raises Undecodable."""
    data = in_order(words, order).partition(b"\0")[0].strip()
    try:
        found = data.decode("ascii")
    except UnicodeDecodeError:
        raise Undecodable(f"{data.hex()} is no ASCII") from None
    if not found.isprintable():
        raise Undecodable(f"{data.hex()} is no text")
    return found


def form_order(form: Form, order: Order) -> Order:
    """The order as it applies to a form: one register has no order of registers, and a string keeps theirs."""
    if WIDTH.get(form) == 1:
        return Order.BADC if order in (Order.BADC, Order.DCBA) else Order.ABCD
    return order


def shortest(data: bytes) -> Decimal | None:
    """The shortest decimal that is read back as the same IEEE 754 number; None for a NaN. Raises Undecodable for infinity.

    A counter that shows 12345.67 sends the float next to it; this gives 12345.67 and not 12345.669921875.
    """
    code = ">f" if len(data) == 4 else ">d"
    value = struct.unpack(code, data)[0]
    if math.isnan(value):
        return None
    if math.isinf(value):
        raise Undecodable("the float is infinite")
    return plain(Decimal(_shortest_single(value, data) if code == ">f" else repr(value)))


def _shortest_single(value: float, data: bytes) -> str:
    for digits in range(6, 9):  # every decimal of 6 digits survives a float32, and 9 are always enough
        tried = f"{value:.{digits}g}"
        if _single(tried) == data:
            return tried
        if not int.from_bytes(data, "big") & 0x7FFFFF:
            # At a power of two the numbers below lie closer: a decimal farther away, above, may still be the same float.
            step = Decimal((0, (1,), Decimal(value).adjusted() - digits + 1))
            above = format(EXACT.add(Decimal(tried), step.copy_sign(Decimal(value))), "f")
            if _single(above) == data:
                return above
    return f"{value:.9g}"


def _single(tried: str) -> bytes:
    try:
        return struct.pack(">f", float(tried))
    except OverflowError:
        return b""


def plain(value: Decimal) -> Decimal:
    """The same number without an exponent above 0 where that is readable: 12345671 and not 1.2345671E+7."""
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent > 0 and value.adjusted() <= _MOST_ZEROS:
        return value.quantize(Decimal(1), context=EXACT)
    return value


def encode(value: Decimal, form: Form, order: Order, width: int) -> list[int]:
    """A raw number as registers. Raises ValueError when the form cannot hold it exactly."""
    if form in _FLOATS:
        data = struct.pack(">f" if form is Form.F32 else ">d", float(value))
        if shortest(data) != value:
            raise ValueError(f"{value} is no {form}")
    elif value != value.to_integral_value():
        raise ValueError(f"{value} is no whole number, as a {form} must be")
    elif form is Form.BCD:
        digits = str(int(value)).zfill(4 * width)
        if value < 0 or len(digits) > 4 * width:
            raise ValueError(f"{value} does not fit a {form} of {width} registers")
        data = bytes.fromhex(digits)
    else:
        try:
            data = int(value).to_bytes(2 * width, "big", signed=form in _SIGNED)
        except OverflowError:
            raise ValueError(f"{value} does not fit a {form}") from None
    words = [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]
    back = in_order(words, form_order(form, order))  # every order is its own inverse
    return [int.from_bytes(back[at : at + 2], "big") for at in range(0, len(back), 2)]
