"""Bad input is normal: any bytes end in readings or one typed error, and a good check never covers a wrong value."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.driver import Context
from drivers.errors import MeterError
from drivers.iec62056_21 import parity
from drivers.iec62056_21.block import frame
from drivers.iec62056_21.decode import decode
from drivers.reading import Meter, NotUnderstood, Reading, Record, Text

AT = datetime(2026, 11, 24, tzinfo=UTC)
CONTEXT = Context(now=lambda: AT)
CAPTURES = [
    "els_as_meter_live_block_bcc3d.txt",
    "elster_as1440_ack.txt",
    "heat_lguht550_dummy_utf8.txt",
    "heat_lugcuh50_dummy_utf8.txt",
    "heat_lugcuh50_dummy_utf8_kwh.txt",
    "itron_ace3000_260.txt",
    "itron_ace3000_garbled_unit.txt",
    "landis_e350_zmf100_m27.txt",
]
#: A capture whose every truncation takes minutes: 9.5 kB of history.
LONG = "iskra_mt174_modeC_full_history.txt"

#: What readouts are made of, so that mutations reach past the first character.
PIECES = st.sampled_from(
    [
        b"/EMH4\\2@01LZQJ0014F\r\n", b"/ABC5\r\n", b"/", b"\x06050\r\n", b"\x02", b"\x03", b"\x04", b"!\r\n", b"!",
        b"1.8.0(0012345.678*kWh)\r\n", b"1-0:1.8.0*255(", b"1.6.0(3.482*kW)(2604011015)\r\n", b"1.8.0*04(1.0)", b")",
        b"(", b"*kWh", b"((ER11))", b"F.F(00000000)", b"0.0.0(12345678)", b"6.8(0326062*MWh)", b"&", b"999", b"\r\n", b"\x7f\x00",
        b"0.9.1(101502)", b"0.1.2*04(2604010000)", b"9" * 40 + b"(" + b"9" * 40 + b")", b"32.7(", b"\xb1\xae",
    ]
)  # fmt: skip
WIRE = st.one_of(st.binary(max_size=400), st.lists(st.one_of(PIECES, st.binary(max_size=3)), max_size=30).map(b"".join))


def read(data: bytes) -> list[Record] | MeterError:
    try:
        return list(decode(data, "capture", CONTEXT))
    except MeterError as error:
        return error


def vouched(records: list[Record] | MeterError) -> set[tuple[str, str]]:
    """The values that a check vouches for and nothing is doubted of: these a reader takes as the meter's."""
    if isinstance(records, MeterError):
        return set()
    good = [one for one in records if isinstance(one, Reading | Text) and one.checked and not one.doubts]
    return {(str(one.obis), f"{one.value} {one.unit if isinstance(one, Reading) else ''}") for one in good}


def all_bytes_end_well(data: bytes) -> None:
    result = read(data)
    if isinstance(result, MeterError):
        assert result.what
        return
    assert isinstance(result[0], Meter)
    for one in result:
        assert isinstance(one, Meter | Reading | Text | NotUnderstood)
        if isinstance(one, Reading):
            assert one.value.is_finite()
            assert one.read_at == AT


@given(WIRE)
def test_any_bytes(data: bytes) -> None:
    all_bytes_end_well(data)


@pytest.mark.slow
@settings(max_examples=20_000)
@given(WIRE)
def test_any_bytes_at_length(data: bytes) -> None:
    all_bytes_end_well(data)


def whole_blocks() -> list[bytes]:
    """Our own readout as a meter sends it, with and without parity bits, so that the flips need no capture."""
    sets = b"0.0.0(12345678)\r\n1.8.0(0012345.678*kWh)\r\n1.8.0*04(0012101.42)\r\n1.6.0(3.482*kW)(2604011015)\r\nC.1(7C)\r\n"
    plain = b"/ABC5TWIN\r\n" + frame(sets + b"!\r\n")
    return [plain, parity.add(plain)]


@pytest.mark.parametrize("plain", whole_blocks(), ids=["7 bits", "with parity bits"])
def test_every_bit_flip_and_truncation_of_a_block(plain: bytes) -> None:
    truth = vouched(read(plain))
    assert len(truth) >= 4
    for at in range(len(plain)):
        assert vouched(read(plain[:at])) <= truth
        for bit in range(8):
            flipped = bytearray(plain)
            flipped[at] ^= 1 << bit
            wrong = vouched(read(bytes(flipped))) - truth
            assert not wrong, f"byte {at} bit {bit}: {wrong}"


@pytest.mark.slow
@pytest.mark.parametrize("name", [*CAPTURES, LONG])
def test_every_truncation_of_a_capture(captures: Path, name: str) -> None:
    data = (captures / "iec62056_21" / name).read_bytes()
    truth = vouched(read(data))
    for at in range(0, len(data), 1 if name != LONG else 29):
        assert vouched(read(data[:at])) <= truth, f"cut after {at} bytes"


@pytest.mark.slow
@pytest.mark.parametrize("name", CAPTURES)
def test_every_bit_flip_of_a_small_capture(captures: Path, name: str) -> None:
    data = bytearray((captures / "iec62056_21" / name).read_bytes())
    truth = vouched(read(bytes(data)))
    for at in range(len(data)):
        for bit in range(8):
            data[at] ^= 1 << bit
            wrong = vouched(read(bytes(data))) - truth
            assert not wrong, f"byte {at} bit {bit}: {wrong}"
            data[at] ^= 1 << bit
