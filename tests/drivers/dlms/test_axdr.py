"""COSEM data: what is written reads back, what is damaged says so, and the fast path agrees with the plain one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.dlms import axdr, axdr_encode
from drivers.dlms.axdr_rows import take_rows
from drivers.dlms.bytes_reader import Damaged, Reader


def _whole(tag: int, low: int, high: int, kind: type[int] = int) -> st.SearchStrategy[tuple[bytes, object]]:
    return st.integers(low, high).map(lambda n: (axdr_encode.whole(tag, n), kind(n)))


_SIMPLE = st.one_of(
    st.just((axdr_encode.NULL_DATA, None)),
    st.booleans().map(lambda b: (axdr_encode.boolean(b), b)),
    _whole(axdr.INTEGER, -128, 127),
    _whole(axdr.LONG, -(2**15), 2**15 - 1),
    _whole(axdr.DOUBLE_LONG, -(2**31), 2**31 - 1),
    _whole(axdr.LONG64, -(2**63), 2**63 - 1),
    _whole(axdr.UNSIGNED, 0, 255),
    _whole(axdr.LONG_UNSIGNED, 0, 2**16 - 1),
    _whole(axdr.DOUBLE_LONG_UNSIGNED, 0, 2**32 - 1),
    _whole(axdr.LONG64_UNSIGNED, 0, 2**64 - 1),
    _whole(axdr.ENUM, 0, 255, axdr.Enum),
    _whole(axdr.BCD, 0, 255, axdr.Bcd),
    _whole(axdr.DELTA_INTEGER, -128, 127, axdr.Delta),
    _whole(axdr.DELTA_LONG, -(2**15), 2**15 - 1, axdr.Delta),
    _whole(axdr.DELTA_DOUBLE_LONG_UNSIGNED, 0, 2**32 - 1, axdr.Delta),
    st.binary(max_size=300).map(lambda b: (axdr_encode.octet_string(b), b)),
    st.text(st.characters(max_codepoint=255), max_size=200).map(lambda t: (axdr_encode.visible_string(t), t)),
    st.text(max_size=50).map(lambda t: (axdr_encode.utf8_string(t), t)),
    st.binary(min_size=12, max_size=12).map(lambda b: (axdr_encode.stamp(axdr.DATE_TIME, b), b)),
    st.binary(min_size=5, max_size=5).map(lambda b: (axdr_encode.stamp(axdr.DATE, b), b)),
    st.binary(min_size=4, max_size=4).map(lambda b: (axdr_encode.stamp(axdr.TIME, b), b)),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda f: (axdr_encode.float64(f), Decimal(repr(f)))),
    st.integers(0, 40).flatmap(lambda n: st.integers(0, 2**n - 1).map(lambda v: axdr.Bits(v, n))).map(
        lambda b: (axdr_encode.bit_string(b), b)
    ),
)  # fmt: skip


def _nested(inner: st.SearchStrategy[tuple[bytes, object]]) -> st.SearchStrategy[tuple[bytes, object]]:
    several = st.lists(inner, max_size=5)
    return st.one_of(
        several.map(lambda parts: (axdr_encode.array(*(p[0] for p in parts)), [p[1] for p in parts])),
        several.map(lambda parts: (axdr_encode.structure(*(p[0] for p in parts)), tuple(p[1] for p in parts))),
    )


DATA = st.recursive(_SIMPLE, _nested, max_leaves=20)


def _reads_back(example: tuple[bytes, object]) -> None:
    encoded, value = example
    assert axdr.decode(encoded) == value
    if len(encoded) > 1:
        with pytest.raises(Damaged):
            axdr.decode(encoded[:-1])


@settings(max_examples=50)
@given(DATA)
def test_what_is_written_reads_back_and_its_truncation_is_damaged(example: tuple[bytes, object]) -> None:
    _reads_back(example)


@pytest.mark.slow
@settings(max_examples=500)
@given(DATA)
def test_what_is_written_reads_back_at_length(example: tuple[bytes, object]) -> None:
    _reads_back(example)


# Any bytes at length, a hundred thousand times, is in test_hostile.
@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_damaged(data: bytes) -> None:
    _read_or_damaged(data)


def _read_or_damaged(data: bytes) -> None:
    try:
        plain: object = axdr.decode(data)
    except Damaged:
        plain = Damaged
    reader = Reader(data)
    try:
        fast: object = take_rows(reader)
    except Damaged:
        fast = Damaged
    if data[:1] == b"\x01" and plain is not Damaged:
        assert fast == [item if type(item) is tuple else (item,) for item in plain]  # type: ignore[attr-defined]


def _row_strategy() -> st.SearchStrategy[bytes]:
    simple = _SIMPLE.map(lambda pair: pair[0])
    common = st.sampled_from(
        [
            axdr_encode.structure(axdr_encode.octet_string(bytes(12)), axdr_encode.double_long_unsigned(7)),
            axdr_encode.structure(axdr_encode.NULL_DATA, axdr_encode.double_long_unsigned(8)),
            axdr_encode.structure(axdr_encode.NULL_DATA, axdr_encode.NULL_DATA),
        ]
    )
    return st.one_of(common, common, simple, st.lists(simple, max_size=4).map(lambda p: axdr_encode.structure(*p)))


@settings(max_examples=50)
@given(st.lists(_row_strategy(), max_size=60))
def test_the_fast_path_gives_what_the_plain_one_gives(rows: list[bytes]) -> None:
    data = axdr_encode.array(*rows)
    plain = axdr.decode(data)
    assert isinstance(plain, list)
    assert take_rows(Reader(data)) == [item if type(item) is tuple else (item,) for item in plain]


def test_a_compact_array_gives_the_rows_of_its_array() -> None:
    description = bytes((axdr.STRUCTURE, 2, axdr.DOUBLE_LONG_UNSIGNED, axdr.UNSIGNED))
    contents = b"".join(n.to_bytes(4, "big") + bytes((n,)) for n in (1, 2, 3))
    data = bytes((axdr.COMPACT_ARRAY,)) + description + bytes((len(contents),)) + contents
    assert axdr.decode(data) == [(1, 1), (2, 2), (3, 3)]
    assert take_rows(Reader(data)) == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.parametrize(
    "data",
    [
        bytes.fromhex("13 01 ffff 00 01 00"),  # an array of 65535 null-data in no bytes
        bytes.fromhex("13 02 02 01 ffff 00 01 ffff 00 02 0000"),
        bytes.fromhex("13 00 01 00"),
        bytes.fromhex("01 84 ffffffff 00"),
        b"\x01\x01" * 5000 + b"\x00",
        bytes.fromhex("13") + b"\x01\x00\x01" * 5000,
    ],
)
def test_promises_beyond_the_data_are_damaged(data: bytes) -> None:
    with pytest.raises(Damaged):
        axdr.decode(data)


def test_a_float32_is_the_shortest_decimal_that_is_the_same() -> None:
    assert axdr.decode(axdr_encode.float32(0.1)) == Decimal("0.1")
    assert axdr.decode(axdr_encode.float32(230.7)) == Decimal("230.7")
    assert axdr.decode(axdr_encode.float32(16777216.0)) == Decimal(16777216)
