"""What stands in a telegram of mode D: twins of makers, and what they leave out filled in."""

from __future__ import annotations

import tomllib
from decimal import Decimal

import pytest

from drivers.d0.decode import decode, recognises
from drivers.d0.quirks import D0Map, Quirks
from drivers.driver import Context
from drivers.errors import BadFrame
from drivers.reading import Doubt, Meter, NotUnderstood, Reading, Record, Text
from hil import catalogue
from hil.parity import with_even_parity
from hil.push.text import TextMeter


def twin(profile: str) -> bytes:
    return TextMeter(tomllib.loads(catalogue.data_file(f"d0/{profile}").read_text())).telegram(0)


def read(data: bytes, context: Context | None = None) -> list[Record]:
    return list(decode(data, "capture", context or Context()))


def values(records: list[Record]) -> dict[str, tuple[str, str]]:
    return {str(r.obis): (str(r.value), r.unit) for r in records if isinstance(r, Reading)}


@pytest.mark.parametrize("profile", ["easymeter", "ebz", "emh-ehz", "mode-d-2400"])
def test_no_line_of_a_twin_is_lost(profile: str) -> None:
    data = twin(profile)
    assert recognises(with_even_parity(data))
    records = read(with_even_parity(data))
    assert not [record for record in records if isinstance(record, NotUnderstood)]
    raws = [record.raw for record in records if isinstance(record, Reading | Text)]
    assert raws == [line for line in data.decode().splitlines()[2:] if line != "!"]
    assert not any(record.checked for record in records if isinstance(record, Reading | Text))


def test_seven_decimals_and_power_by_phase() -> None:
    records = read(twin("easymeter"))
    assert records[0] == Meter("ESY", "1336007714", "Q3DA1004 V3.04", source="capture")
    assert values(records)["1-0:1.8.0*255"] == ("41207.5061662", "kWh")
    assert values(records)["1-0:61.7.0*255"] == ("260.41", "W")


def test_signed_power_and_a_time_of_operation_in_hexadecimal() -> None:
    records = read(twin("ebz"))
    assert values(records)["1-0:16.7.0*255"] == ("-1204.55", "W")
    assert values(records)["0-0:96.8.0*255"] == (str(0x02A41977), "s")
    digits = read(twin("ebz").replace(b"02A41977", b"02041977"))
    assert values(digits)["0-0:96.8.0*255"] == (str(0x02041977), "s")


def test_units_that_a_maker_leaves_out_are_filled_in_and_the_raw_text_is_not_touched() -> None:
    records = read(twin("emh-ehz"))
    (energy,) = (record for record in records if isinstance(record, Reading))
    assert (energy.value, energy.unit, energy.raw) == (Decimal("28114.0231"), "kWh", "1-0:1.8.1*255(028114.0231)")


def test_a_map_says_what_its_meter_leaves_out() -> None:
    data = twin("emh-ehz").replace(b"/EMH5", b"/ABC5")
    assert values(read(data))["1-0:1.8.1*255"][1] == ""
    library = {"abc/one": D0Map("abc/one", "^ABC5", Quirks(energy_unit="Wh"))}
    assert values(read(data, Context(meter_map=library)))["1-0:1.8.1*255"][1] == "Wh"
    assert values(read(data, Context(meter_map=library["abc/one"])))["1-0:1.8.1*255"][1] == "Wh"


def test_wrong_parity_makes_a_telegram_suspect() -> None:
    wire = bytearray(with_even_parity(twin("easymeter")))
    wire[80] ^= 0x01
    records = read(bytes(wire))
    assert all(record.doubts == (Doubt.SUSPECT,) for record in records if isinstance(record, Reading))
    assert any(isinstance(record, NotUnderstood) and "wrong parity" in record.reason for record in records)


def test_lines_behind_the_end_are_said() -> None:
    records = read(twin("easymeter") + b"  25810000\r\nDE0001\r\n")
    assert records[-1] == NotUnderstood("", "25810000\r\nDE0001", "behind the last telegram")


def test_nothing_of_mode_d_is_refused() -> None:
    with pytest.raises(BadFrame):
        read(b"1-0:1.8.0(1*kWh)\r\n")
