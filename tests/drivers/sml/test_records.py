"""What stands in a list: twins of makers, their quirks undone, and what a meter keeps back said."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.driver import Context
from drivers.errors import BadFrame
from drivers.reading import Doubt, Meter, NotUnderstood, Reading, Record, Text
from drivers.sml import message
from drivers.sml.decode import decode, recognises
from drivers.sml.quirks import Quirks, ShortPower, SmlMap
from hil import catalogue
from hil.push.sml import SmlMeter, integer, octets, sequence, unsigned


def meter(profile: str, **changed: Any) -> SmlMeter:
    return SmlMeter({**tomllib.loads(catalogue.data_file(f"sml/{profile}").read_text()), **changed})


def read(data: bytes, context: Context | None = None) -> list[Record]:
    return list(decode(data, "capture", context or Context()))


def values(records: list[Record]) -> dict[str, tuple[str, str]]:
    return {str(r.obis): (f"{r.value:f}", r.unit) for r in records if isinstance(r, Reading)}


def reasons(records: list[Record]) -> list[str]:
    return [record.reason for record in records if isinstance(record, NotUnderstood)]


def test_a_household_meter() -> None:
    data = meter("ehz").telegram(0)
    assert recognises(data)
    records = read(data)
    assert records[0] == Meter("EMH", "1EMH0010597059", source="capture")
    assert values(records) == {
        "0-0:96.8.0*255": ("1000000", "s"),
        "1-0:1.8.0*255": ("21407731.8", "Wh"),
        "1-0:1.8.1*255": ("21407731.8", "Wh"),
        "1-0:1.8.2*255": ("0.0", "Wh"),
        "1-0:16.7.0*255": ("521.8", "W"),
    }
    texts = {str(record.obis): record.value for record in records if isinstance(record, Text)}
    assert texts["129-129:199.130.3*255"] == "EMH"
    assert texts["1-0:0.0.9*255"] == "1EMH0010597059"
    assert len(texts["129-129:199.130.5*255"]) == 80
    assert all(record.checked for record in records if isinstance(record, Reading | Text))
    assert not reasons(records)
    energy = next(record for record in records if str(getattr(record, "obis", "")) == "1-0:1.8.0*255")
    assert isinstance(energy, Reading)
    assert energy.raw == "214077318E-1 status 0x182"


def test_escaped_bytes_and_negative_power() -> None:
    records = read(meter("two-way").telegram(0))
    # The number is no decimal one of eight digits: it stays as it is on the wire.
    assert records[0] == Meter("ISA", "0A01495341001B1B1B1B", source="capture")
    assert values(records)["1-0:16.7.0*255"] == ("-1842", "W")
    assert values(records)["1-0:14.7.0*255"] == ("49.9", "Hz")
    texts = [record.raw for record in records if isinstance(record, Text)]
    assert "0a01495341001b1b1b1b" in texts


def test_the_other_check_the_missing_choice_of_the_time_and_the_direction_in_the_status_word() -> None:
    records = read(meter("kermit").telegram(0))
    assert not reasons(records)
    assert values(records)["1-0:16.7.0*255"] == ("-733", "W")
    assert values(records)["0-0:96.8.0*255"] == ("1000000", "s")
    power = next(record for record in records if str(getattr(record, "obis", "")) == "1-0:16.7.0*255")
    assert isinstance(power, Reading)
    assert power.raw == "733"
    assert power.checked


def test_the_status_word_of_another_maker_turns_no_sign() -> None:
    profile = tomllib.loads(catalogue.data_file("sml/kermit").read_text())
    records = read(SmlMeter({**profile, "server_id": "0A01454D480000A1B2C3"}).telegram(0))
    assert values(records)["1-0:16.7.0*255"] == ("733", "W")


@pytest.mark.parametrize(
    ("profile", "meter_map", "power"),
    [
        ("short-signed", None, "451.25"),
        ("short-signed", SmlMap("new", quirks=Quirks()), "-204.11"),
        ("short-signed", {"x/y": SmlMap("x/y", "^0A01445A47", Quirks())}, "-204.11"),
        ("short-unsigned", None, "451.25"),
        ("short-unsigned", SmlMap("x", quirks=Quirks(short_power=ShortPower.UNSIGNED_IS_SIGNED)), "-204.11"),
    ],
)
def test_power_in_too_few_bytes(profile: str, meter_map: object, power: str) -> None:
    records = read(meter(profile).telegram(0), Context(meter_map=meter_map))
    assert values(records)["1-0:16.7.0*255"] == (power, "W")


def test_a_power_in_bytes_enough_is_as_sent() -> None:
    entry = {"obis": "0100100700FF", "unit": 27, "scaler": -2, "value": -126061, "bytes": 4, "signed": True}
    records = read(meter("short-signed", entry=[entry]).telegram(0))
    assert values(records)["1-0:16.7.0*255"] == ("-1260.61", "W")


def test_a_meter_that_keeps_its_data_back_is_said_to() -> None:
    records = read(meter("locked").telegram(0))
    assert values(records)["1-0:1.8.0*255"] == ("20418000", "Wh")
    assert any("until its PIN is entered" in reason for reason in reasons(records))
    small = [{"obis": "0100010800FF", "unit": 30, "scaler": -1, "value": 204180000, "bytes": 8}]
    assert any("PIN" in reason for reason in reasons(read(meter("locked", entry=small).telegram(0))))
    full = [{"obis": "0100010800FF", "unit": 30, "scaler": -1, "value": 204180001, "bytes": 8}]
    assert not reasons(read(meter("locked", entry=full).telegram(0)))


def listed(time: bytes, *entries: bytes, server: bytes = bytes(10)) -> bytes:
    """A frame with a list of these entries."""
    made = meter("ehz")
    made._server = server
    made._list = lambda number: sequence(b"\x01", octets(server), b"\x01", time, sequence(*entries), b"\x01", b"\x01")  # type: ignore[method-assign]
    return made.telegram(0)


def entry(value: bytes, *, time: bytes = b"\x01", scaler: bytes = b"\x01", unit: bytes = b"\x62\x1e") -> bytes:
    return sequence(octets(bytes.fromhex("0100010800ff")), b"\x01", time, unit, scaler, value, b"\x01")


SECONDS = sequence(unsigned(1, 1), unsigned(77, 4))
STAMP = sequence(unsigned(2, 1), unsigned(1_776_000_000, 4))
LOCAL = sequence(unsigned(3, 1), sequence(unsigned(1_776_000_000, 4), integer(60, 2), integer(60, 2)))
MOMENT = datetime(2026, 4, 12, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "own", "expected"),
    [
        (SECONDS, b"\x01", None),
        (STAMP, b"\x01", MOMENT),
        (LOCAL, b"\x01", MOMENT),
        (STAMP, SECONDS, MOMENT),
        (SECONDS, LOCAL, MOMENT),
        (b"\x01", b"\x01", None),
    ],
)
def test_times(time: bytes, own: bytes, expected: datetime | None) -> None:
    records = read(listed(time, entry(unsigned(1, 1), time=own)))
    energy = next(record for record in records if isinstance(record, Reading) and record.unit == "Wh")
    assert energy.time == expected


@pytest.mark.parametrize(
    ("value", "scaler", "said"),
    [
        (unsigned(2**64 - 1, 8), b"\x52\xff", "1844674407370955161.5"),
        (integer(-(2**63), 8), b"\x52\x03", "-9223372036854775808000"),
        (integer(-1, 3), b"\x01", "-1"),
        (unsigned(7, 5), b"\x62\x02", "700"),
        (sequence(unsigned(1, 1), SECONDS), b"\x01", "77"),
    ],
)
def test_numbers_of_every_size_are_exact(value: bytes, scaler: bytes, said: str) -> None:
    records = read(listed(SECONDS, entry(value, scaler=scaler)))
    assert values(records)["1-0:1.8.0*255"][0] == said


@pytest.mark.parametrize(
    "value", [b"\x42\x01", octets(b"02.007"), octets(b"\x00\xff"), b"\x01", sequence(unsigned(9, 1), b"\x01")]
)
def test_what_is_no_number_is_kept(value: bytes) -> None:
    records = read(listed(SECONDS, entry(value)))
    assert any(str(getattr(record, "obis", "")) == "1-0:1.8.0*255" for record in records)


def test_a_damaged_entry_is_said_and_the_others_are_doubted() -> None:
    broken = b"\x77\x07\x01\x00\x02\x08\x00\xff\x01\x01\x62\x1e\x52\xff\x10\x22\x01"
    records = read(listed(SECONDS, entry(unsigned(1, 1)), broken, entry(unsigned(3, 1))))
    found = [record for record in records if isinstance(record, Reading) and record.unit == "Wh"]
    assert [record.value for record in found] == [Decimal(1), Decimal(3)]
    assert any(reason.startswith("no entry of a list") for reason in reasons(records))


def test_lists_without_end_and_nothing_at_all_are_refused() -> None:
    for data in (b"", b"\x76" * 5000, bytes.fromhex("1b1b1b1b01010101") + b"\x71" * 3000):
        with pytest.raises(BadFrame):
            read(data)


def test_a_wrong_check_makes_everything_suspect_unless_the_messages_own_holds() -> None:
    data = bytearray(meter("ehz").telegram(0))
    data[-1] ^= 1
    whole = read(bytes(data))
    assert all(record.checked for record in whole if isinstance(record, Reading))
    assert "the CRC of the frame is wrong" in reasons(whole)
    data = bytearray(meter("ehz").telegram(0))
    data[data.index(b"\x01\x00\x10\x07\x00\xff") + 15] ^= 1
    damaged = read(bytes(data))
    assert all(
        record.doubts == (Doubt.SUSPECT,) and not record.checked for record in damaged if isinstance(record, Reading)
    )


@given(
    st.sampled_from([b"\x01", b"\x62\x05", b"\x65\x00\x1c\x01\x04", b"\x69" + bytes(8), b"\x55abcd"]),
    st.sampled_from([b"\x01", b"\x65abcd", b"\x72\x62\x01\x65abcd", b"\x72\x62\x02\x65abcd"]),
    st.sampled_from([b"\x01", b"\x62\x1e", b"\x62\x1b"]),
    st.sampled_from([b"\x01", b"\x52\xff", b"\x52\x02", b"\x62\x02"]),
    st.one_of(
        st.builds(unsigned, st.integers(0, 255), st.integers(1, 8)),
        st.builds(integer, st.integers(-128, 127), st.integers(1, 8)),
        st.builds(octets, st.binary(max_size=20)),
    ),
    st.sampled_from([b"\x01", b"\x03ab"]),
)
def test_the_short_way_through_an_entry_gives_the_same_as_the_long_one(
    status: bytes, time: bytes, unit: bytes, scaler: bytes, value: bytes, signature: bytes
) -> None:
    data = sequence(octets(bytes.fromhex("0100010800ff")), status, time, unit, scaler, value, signature)
    assert message._entry(data, 0) == message._any_entry(data, 0)
