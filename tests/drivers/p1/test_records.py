"""What stands in a telegram: twins of each country's, and the forms that no emulator sends."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from drivers.driver import Context
from drivers.iec62056_21.readings import Circumstances
from drivers.p1.decode import decode, recognises
from drivers.p1.records import _by_grammar, _by_lines
from drivers.reading import Doubt, Meter, MeterEvent, NotUnderstood, Obis, Reading, Record, Series, Text
from hil import catalogue
from hil.push.text import TextMeter

AMSTERDAM = Context(zone=ZoneInfo("Europe/Amsterdam"))


def twin(profile: str) -> bytes:
    return TextMeter(tomllib.loads(catalogue.data_file(f"p1/{profile}").read_text())).telegram(0)


def read(data: bytes, context: Context = AMSTERDAM) -> list[Record]:
    return list(decode(data, "capture", context))


def readings(records: list[Record]) -> dict[str, Reading]:
    return {str(record.obis): record for record in records if isinstance(record, Reading)}


def texts(records: list[Record]) -> dict[str, str]:
    return {str(record.obis): record.value for record in records if isinstance(record, Text)}


def telegram(*lines: str) -> bytes:
    return "\r\n".join(["/XYZ5\\2Twin", "", *lines, "!", ""]).encode()


@pytest.mark.parametrize("profile", ["be-e-mucs", "dsmr-2.2", "dsmr-4", "dsmr-5", "hu", "se"])
def test_no_line_of_a_twin_is_lost_or_not_understood(profile: str) -> None:
    data = twin(profile)
    records = read(data)
    assert recognises(data)
    assert not [record for record in records if isinstance(record, NotUnderstood)]
    raws = [record.raw for record in records if isinstance(record, Reading | Text)]
    raws += [str(record.profile)[:-4] for record in records if isinstance(record, Series)]
    raws += [record.log[:-4] for record in records if isinstance(record, MeterEvent)]
    lines = [line for line in data.decode().splitlines()[2:] if line[:1] not in "!("]
    assert all(any(raw.startswith(line) or line.startswith(raw) for raw in raws) for line in lines)
    checked = profile != "dsmr-2.2"
    assert all(record.checked is checked for record in records if isinstance(record, Reading | Text | Series))


def test_a_register_is_exact_and_has_the_time_of_the_telegram() -> None:
    energy = readings(read(twin("dsmr-5")))["1-0:1.8.1*255"]
    assert energy.value == Decimal("3306.441")
    assert str(energy.value) == "3306.441"
    assert energy.unit == "kWh"
    assert energy.raw == "1-0:1.8.1(003306.441*kWh)"
    assert energy.time == datetime(2026, 4, 12, 8, 15, tzinfo=UTC)
    assert energy.meter == "ISK-E0044007390041176"


def test_without_a_zone_there_is_no_time() -> None:
    assert all(reading.time is None for reading in readings(read(twin("dsmr-5"), Context())).values())


def test_the_letter_of_a_stamp_holds_in_the_hour_that_comes_twice() -> None:
    for letter, hour in (("S", 0), ("W", 1)):
        records = read(telegram(f"0-0:1.0.0(261025023000{letter})", "1-0:1.8.0(1*kWh)"))
        assert readings(records)["1-0:1.8.0*255"].time == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)


def test_m_bus_devices_are_meters_of_their_own_behind_this_one() -> None:
    records = read(twin("be-e-mucs"))
    main, gas, water = (record for record in records if isinstance(record, Meter))
    assert (main.manufacturer, main.serial, main.behind) == ("FLU", "1SAG3104009127", None)
    assert (gas.manufacturer, gas.serial, gas.behind) == ("FLO", "7FLO2119041028", main.key)
    assert water.behind == main.key
    volume = readings(records)["0-1:24.2.3*255"]
    assert (volume.meter, volume.value, volume.unit) == (gas.key, Decimal("418.204"), "m3")
    assert volume.time == datetime(2026, 4, 12, 8, 10, tzinfo=UTC)
    place = [record for record in records if isinstance(record, Meter) or getattr(record, "meter", "") == gas.key]
    assert place.index(gas) < place.index(volume)


def test_a_device_without_a_number_is_known_by_its_channel_and_its_value_without_a_time_is_doubted() -> None:
    records = read(twin("dsmr-5"))
    value = readings(records)["0-1:24.2.1*255"]
    assert value.meter == "ISK-E0044007390041176/M-Bus 1"
    assert value.time is None
    assert value.doubts == (Doubt.SUSPECT,)


def test_the_hour_of_a_gas_meter_over_two_lines() -> None:
    volume = readings(read(twin("dsmr-2.2")))["0-1:24.2.1*255"]
    assert (volume.value, volume.unit) == (Decimal("131.906"), "m3")
    assert volume.time == datetime(2026, 4, 12, 8, 0, tzinfo=UTC)
    assert volume.doubts == (Doubt.DAYLIGHT_SAVING,)
    assert volume.raw.endswith("(m3)(00131.906)")


def test_the_log_of_power_failures() -> None:
    events = [record for record in read(twin("dsmr-4")) if isinstance(record, MeterEvent)]
    assert [event.at for event in events] == [
        datetime(2025, 3, 11, 7, 14, 2, tzinfo=UTC),
        datetime(2025, 9, 4, 20, 30, 10, tzinfo=UTC),
    ]
    assert events[1].log == "1-0:99.97.0*255"
    assert (events[1].code, events[1].table) == ("96.7.19", "p1.failures")
    assert events[1].details["duration"] == "0000003607*s"
    assert events[1].details["start"] == "2025-09-04T19:30:03+00:00"


@pytest.mark.parametrize(
    ("line", "events", "said"),
    [
        ("1-0:99.97.0()", 0, ""),
        ("1-0:99.97.0(0)(0-0:96.7.19)", 0, "0"),
        ("1-0:99.97.0(1)(0:96.7.19)(000101000006W)(2147483647*s)", 1, None),
        ("1-0:99:97.0(1)(0-0:96.7.19)(250311081402W)(0000000421*s)", 1, None),
    ],
)
def test_logs_of_other_forms(line: str, events: int, said: str | None) -> None:
    records = read(telegram(line))
    assert len([record for record in records if isinstance(record, MeterEvent)]) == events
    assert not [record for record in records if isinstance(record, NotUnderstood)]
    assert texts(records).get("1-0:99.97.0*255") == said


def test_an_entry_that_is_cut_or_miscounted_is_said() -> None:
    records = read(telegram("1-0:99.97.0(3)(0-0:96.7.19)(250311081402W)(0000000421*s)(250904223010S)"))
    assert len([record for record in records if isinstance(record, MeterEvent)]) == 1
    reasons = [record.reason for record in records if isinstance(record, NotUnderstood)]
    assert "a further value: its meaning is the maker's" in reasons
    assert "1 entries where 3 are told" in reasons


def test_month_peaks_of_belgium_are_a_series() -> None:
    (peaks,) = (record for record in read(twin("be-e-mucs")) if isinstance(record, Series))
    assert peaks.profile == Obis(0, 0, 98, 1, 0)
    assert [(str(column.obis), column.unit) for column in peaks.columns] == [
        ("1-0:1.6.0*255", ""),
        ("1-0:1.6.0*255", "kW"),
    ]
    assert len(peaks.rows) == 3
    assert peaks.rows[0].time == datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
    assert peaks.rows[0].values == ("260318191500W", Decimal("4.410"))


def test_the_peak_of_the_month_has_its_own_time() -> None:
    peak = readings(read(twin("be-e-mucs")))["1-0:1.6.0*255"]
    assert (peak.value, peak.time) == (Decimal("3.122"), datetime(2026, 4, 5, 16, 45, tzinfo=UTC))


def test_last_months_values_of_hungary_keep_their_units_and_time() -> None:
    (month,) = (record for record in read(twin("hu")) if isinstance(record, Series))
    assert [column.unit for column in month.columns] == ["kWh"] * 4 + ["kW"] * 2
    assert month.rows[0].time == datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
    assert month.rows[0].values[-1] == Decimal("2.007")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("0-0:96.13.0(4D6574657267617465)", "Metergate"),
        ("0-0:96.13.0(hello/there)", "hello/there"),
        ("0-0:96.13.0(4D65746572676174)", "Metergat"),
        ("0-0:96.13.0(4D657)", "4D657"),
        ("0-0:96.13.0(00FF)", "00FF"),
        ("0-0:96.13.0()", ""),
    ],
)
def test_messages_are_the_characters_their_digits_stand_for(line: str, value: str) -> None:
    assert texts(read(telegram(line)))["0-0:96.13.0*255"] == value


@pytest.mark.parametrize(
    ("line", "obis", "value", "unit"),
    [
        ("1-0:1.7.0(000000286*W)", "1-0:1.7.0*255", "286", "W"),
        ("1-0:3.8.0(00001234.432*kVArh)", "1-0:3.8.0*255", "1234.432", "kvarh"),
        ("1-0:13.7.0(4.556)", "1-0:13.7.0*255", "4.556", ""),
        ("1-0:1.8.0( 001.67*kWh)", "1-0:1.8.0*255", "1.67", "kWh"),
        ("1-0:1.8.0(001,67*kWh)", "1-0:1.8.0*255", "1.67", "kWh"),
        ("1 -0:1.8.0(1*kWh)", "1-0:1.8.0*255", "1", "kWh"),
        ("1-0:16.7.0(-00.286*kW)", "1-0:16.7.0*255", "-0.286", "kW"),
        ("7-0:23.1.0(110403140000)(000008)", "7-0:23.1.0*255", "8", ""),
        ("0-1:24.2.1(101209112500W)(12785.123*m3)", "0-1:24.2.1*255", "12785.123", "m3"),
    ],
)
def test_numbers_as_they_are_written(line: str, obis: str, value: str, unit: str) -> None:
    found = readings(read(telegram(line)))[obis]
    assert (found.value, found.unit, found.raw) == (Decimal(value), unit, line)


@pytest.mark.parametrize(
    "line", ["1-0:1.8.0(1*kWh)(2*kWh)(3)", "0-0:96.14.0(0001)(7)", "(7)", "hello", "1-0:99.1.0((ER1))", "x.y(1)"]
)
def test_what_is_not_understood_is_said(line: str) -> None:
    records = read(telegram("1-0:1.7.0(1*kW)", line))
    said = "".join(getattr(record, "raw", "") for record in records)
    assert line in said


def test_a_wrong_check_makes_everything_suspect_and_no_event() -> None:
    records = read(twin("dsmr-4").replace(b"001892.334", b"001892.335"))
    doubted = [record for record in records if isinstance(record, Reading | Text)]
    assert all(Doubt.SUSPECT in record.doubts and not record.checked for record in doubted)
    assert not [record for record in records if isinstance(record, MeterEvent)]
    assert any(isinstance(record, NotUnderstood) and "the CRC is wrong" in record.reason for record in records)


def test_a_meter_that_computes_the_other_check_is_told_how_to_be_read() -> None:
    data = twin("hu").replace(b"/HOL5", b"/SAG5")
    from hil.push.checks import CRCS

    end = data.rindex(b"!") + 1
    data = data[:end] + f"{CRCS['x25'](data[:end]):04X}\r\n".encode()
    complaint = next(record for record in read(data) if isinstance(record, NotUnderstood))
    assert "it would be right with check=x25" in complaint.reason


def test_line_ends_that_an_editor_took_away_and_a_check_without_leading_zero() -> None:
    data = twin("dsmr-5")
    assert all(reading.checked for reading in readings(read(data.replace(b"\r\n", b"\n"))).values())
    for number in range(3000):
        text = telegram(f"1-0:1.8.0({number}*kWh)")
        from drivers.crc16 import arc

        check = arc(text[: text.rindex(b"!") + 1])
        if check < 0x1000:
            records = read(text.rstrip() + f"{check:X}\r\n".encode())
            assert all(reading.checked for reading in readings(records).values())
            break
    else:
        pytest.fail("no number gives a check below 1000")


@pytest.mark.parametrize("profile", ["be-e-mucs", "dsmr-2.2", "dsmr-4", "dsmr-5", "hu", "se"])
def test_the_short_way_by_lines_gives_the_same_as_the_grammar(profile: str) -> None:
    around = Circumstances("twin", datetime(2026, 4, 12, tzinfo=UTC), AMSTERDAM.zone)
    head, _, body = twin(profile).rpartition(b"!")[0].decode().partition("\n")
    pieces = [
        "",
        "(",
        ")",
        "*",
        "\r\n",
        ")(",
        "(1)",
        ".",
        "5.",
        "1.2.3",
        " ",
        "260412101500S)(",
        "1-0:2.8.0(1*kWh)",
        "()",
    ]
    short = 0
    for at in range(0, len(body), 11):
        changed = body[:at] + pieces[at // 11 % len(pieces)] + body[at + at % 4 :]
        by_lines = _by_lines(head, changed, around, ())
        short += bool(by_lines)
        # A value on a line of its own: only the line end between is not kept.
        said = [repr(record).replace("\\r\\n", "") for record in _by_grammar(head, changed, around, ())]
        assert not by_lines or [repr(record) for record in by_lines] == said, at
    assert short > len(body) // 44
    assert _by_lines(head, body, around, ())
