"""OBIS code, unit and capture period give the ReadingType of the rules, or no type and the reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from drivers.reading import Obis

Mapped = Callable[..., str]

ANCHORS = [
    ("1-0:1.8.0", "kWh", None, "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"),
    ("1-0:2.8.0", "Wh", None, "0.0.0.1.19.1.12.0.0.0.0.0.0.0.0.0.72.0"),
    ("1-0:1.8.2", "kWh", None, "0.0.0.1.1.1.12.0.0.0.0.2.0.0.0.3.72.0"),
    ("1-0:1.6.0", "kW", None, "8.8.0.6.1.1.8.0.0.0.0.0.0.0.0.3.38.0"),
    ("1-0:32.7.0", "V", None, "0.0.0.12.0.1.54.0.0.0.0.0.0.0.129.0.29.0"),
    ("1-0:16.7.0", "kW", None, "0.0.0.12.4.1.37.0.0.0.0.0.0.0.0.3.38.0"),
    ("1-0:1.29.0", "kWh", 900, "0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0"),
    ("1-0:1.8.0", "kWh", 900, "0.0.2.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"),
    ("1-0:1.5.0", "kW", 900, "0.2.2.6.1.1.8.0.0.0.0.0.0.0.0.3.38.0"),
    ("7-0:3.0.0", "m3", None, "0.0.0.1.1.7.58.0.0.0.0.0.0.0.0.0.42.0"),
    ("8-0:1.0.0", "m3", None, "0.0.0.1.1.9.58.0.0.0.0.0.0.0.0.0.42.0"),
]


@pytest.mark.parametrize(("obis", "unit", "period", "name"), ANCHORS)
def test_anchors_of_the_default_dialect(mapped: Mapped, obis: str, unit: str, period: int | None, name: str) -> None:
    assert mapped(obis, unit, period) == name


@pytest.mark.parametrize(
    ("obis", "unit", "name"),
    [
        ("1-0:3.8.0", "kvarh", "0.0.0.1.2.1.12.0.0.0.0.0.0.0.0.3.73.0"),
        ("1-0:4.7.0", "kvar", "0.0.0.12.3.1.37.0.0.0.0.0.0.0.0.3.63.0"),
        ("1-0:5.8.0", "kvarh", "0.0.0.1.15.1.12.0.0.0.0.0.0.0.0.3.73.0"),
        ("1-0:8.8.1", "kvarh", "0.0.0.1.18.1.12.0.0.0.0.1.0.0.0.3.73.0"),
        ("1-0:17.8.0", "kWh", "0.0.0.1.15.1.12.0.0.0.0.0.0.0.0.3.72.0"),
        ("1-0:20.8.0", "kWh", "0.0.0.1.18.1.12.0.0.0.0.0.0.0.0.3.72.0"),
        ("1-0:9.8.0", "kVAh", "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.71.0"),
        ("1-0:10.7.0", "VA", "0.0.0.12.19.1.37.0.0.0.0.0.0.0.0.0.61.0"),
        ("1-0:15.8.0", "kWh", "0.0.0.1.20.1.12.0.0.0.0.0.0.0.0.3.72.0"),
        ("1-0:21.7.0", "W", "0.0.0.12.1.1.37.0.0.0.0.0.0.0.128.0.38.0"),
        ("1-0:42.7.0", "kW", "0.0.0.12.19.1.37.0.0.0.0.0.0.0.64.3.38.0"),
        ("1-0:70.8.0", "kVAh", "0.0.0.1.19.1.12.0.0.0.0.0.0.0.32.3.71.0"),
        ("1-0:76.7.0", "kW", "0.0.0.12.4.1.37.0.0.0.0.0.0.0.32.3.38.0"),
        ("1-0:80.8.0", "kWh", "0.0.0.1.18.1.12.0.0.0.0.0.0.0.32.3.72.0"),
        ("1-0:31.7.0", "A", "0.0.0.12.0.1.4.0.0.0.0.0.0.0.128.0.5.0"),
        ("1-0:91.7.0", "A", "0.0.0.12.0.1.4.0.0.0.0.0.0.0.16.0.5.0"),
        ("1-0:52.7.0", "V", "0.0.0.12.0.1.54.0.0.0.0.0.0.0.65.0.29.0"),
        ("1-0:72.7.0", "V", "0.0.0.12.0.1.54.0.0.0.0.0.0.0.33.0.29.0"),
        ("1-0:124.7.0", "V", "0.0.0.12.0.1.54.0.0.0.0.0.0.0.132.0.29.0"),
        ("1-0:14.7.0", "Hz", "0.0.0.12.0.1.15.0.0.0.0.0.0.0.0.0.33.0"),
        ("1-0:13.7.0", "", "0.0.0.12.0.1.38.0.0.0.0.0.0.0.0.0.65.0"),
        ("1-0:84.7.0", "", "0.0.0.12.19.1.38.0.0.0.0.0.0.0.0.0.65.0"),
        ("1-0:87.7.0", "", "0.0.0.12.19.1.38.0.0.0.0.0.0.0.32.0.65.0"),
        ("1-0:1.9.0", "kWh", "8.0.0.9.1.1.12.0.0.0.0.0.0.0.0.3.72.0"),
        ("1-0:1.4.0", "kW", "0.2.15.6.1.1.8.0.0.0.0.0.0.0.0.3.38.0"),
        ("1-0:1.5.0", "kW", "0.2.16.6.1.1.8.0.0.0.0.0.0.0.0.3.38.0"),
        ("1-0:1.3.0", "kW", "8.9.0.6.1.1.8.0.0.0.0.0.0.0.0.3.38.0"),
        ("1-0:1.2.1", "kW", "8.8.0.3.1.1.8.0.0.0.0.1.0.0.0.3.38.0"),
        ("1-0:32.32.0", "", "0.0.0.0.0.1.41.0.0.0.0.0.0.0.129.0.111.0"),
        ("1-0:72.36.0", "", "0.0.0.0.0.1.42.0.0.0.0.0.0.0.33.0.111.0"),
        ("1-0:31.7.5", "A", "0.0.0.12.0.1.4.5.1.0.0.0.0.0.128.0.5.0"),
        ("1-0:32.7.124", "%", "0.0.0.12.0.1.47.0.0.0.0.0.0.0.129.-2.0.0"),
        ("1-0:81.7.1", "deg", "0.0.0.12.0.1.55.0.0.0.0.0.0.0.72.0.9.0"),
        ("1-0:81.7.4", "deg", "0.0.0.12.0.1.5.0.0.0.0.0.0.0.136.0.9.0"),
        ("1-1:1.8.0", "kWh", "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"),
        ("7-0:3.1.0", "m3", "0.0.0.1.1.7.58.0.0.0.0.0.0.0.0.0.167.0"),
        ("7-0:43.0.0", "m3/h", "0.0.0.0.0.7.155.0.0.0.0.0.0.0.0.0.125.0"),
        ("7-0:41.0.0", "degC", "0.0.0.0.0.7.46.0.0.0.0.0.0.0.0.0.23.0"),
        ("9-0:1.0.0", "m3", "0.0.0.1.1.9.58.0.0.0.0.0.0.0.0.0.42.0"),
        ("8-0:2.0.0", "m3/h", "0.0.0.0.0.9.155.0.0.0.0.0.0.0.0.0.125.0"),
        ("6-0:1.0.0", "MWh", "0.0.0.1.1.12.12.0.0.0.0.0.0.0.0.6.72.0"),
        ("6-0:1.0.0", "GJ", "0.0.0.1.1.12.12.0.0.0.0.0.0.0.0.9.31.0"),
        ("6-0:2.0.0", "m3", "0.0.0.1.1.12.58.0.0.0.0.0.0.0.0.0.42.0"),
        ("5-0:1.0.0", "kWh", "0.0.0.1.1.13.12.0.0.0.0.0.0.0.0.3.72.0"),
    ],
)
def test_every_kind_of_rule(mapped: Mapped, obis: str, unit: str, name: str) -> None:
    assert mapped(obis, unit) == name


@pytest.mark.parametrize(
    ("device_type", "unit", "name"),
    [
        (3, "m3", "0.0.0.1.1.7.58.0.0.0.0.0.0.0.0.0.42.0"),
        (7, "m3", "0.0.0.1.1.9.58.0.0.0.0.0.0.0.0.0.42.0"),
        (4, "GJ", "0.0.0.1.1.12.12.0.0.0.0.0.0.0.0.9.31.0"),
        (2, "kWh", "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"),
        (40, "m3", "0.0.0.1.1.11.58.0.0.0.0.0.0.0.0.0.42.0"),
        (None, "m3", "the device type of M-Bus channel 2 (0-2:24.1.0) is not known"),
        (8, "m3", "no commodity for M-Bus device type 8"),
        (3, "kW", "unit 'kW' is of none of thermal energy, volume, volume flow"),
    ],
)
def test_an_m_bus_device_has_the_kind_of_its_unit(
    mapped: Mapped, device_type: int | None, unit: str, name: str
) -> None:
    assert mapped("0-2:24.2.1", unit, device_type=device_type) == name


@pytest.mark.parametrize(
    ("obis", "unit", "reason"),
    [
        ("1-0:1.7.0", "kWh", "unit kWh (active energy) contradicts 1-0:1.7.0*255, which is active power"),
        ("1-0:3.8.0", "kWh", "unit kWh (active energy) contradicts 1-0:3.8.0*255, which is reactive energy"),
        ("1-0:1.8.0", "", "no unit, and active energy needs one"),
        ("1-0:1.8.0", "furlong", "unit 'furlong' is in no table"),
        ("1-0:1.31.0", "kW", "no rule for D=31 of active power"),
        ("1-0:32.8.0", "V", "D=8 (time integral 1) is not defined for voltage"),
        ("1-0:1.32.0", "", "D=32 (number of sags) is not defined for active power"),
        ("1-0:1.8.64", "kWh", "no rule for E=64 under C=1, D=8"),
        ("1-0:1.8.16", "kWh", "tou 16: unknown [not in the table] may not be sent"),
        ("1-0:1.7.1", "kW", "no rule for E=1 under C=1, D=7"),
        ("1-0:32.7.121", "V", "no rule for E=121 under C=32, D=7"),
        ("1-0:90.7.0", "A", "no rule for 1-0:90.7.0"),
        ("1-0:81.7.3", "deg", "no rule for 1-0:81.7.3"),
        ("1-0:1.29.0", "kWh", "D=29 (time integral 5, over the capture period) needs the capture period of a profile"),
        ("1-0:1.8.0*3", "kWh", "period unknown: stored value 3 names no end of its period"),
        ("1-0:1.8.0*101", "kWh", "no rule for F=101: only the device map can say which period it is of"),
        ("1-65:1.8.0", "kWh", "B=65 is a utility's or a maker's own channel"),
        ("4-0:1.0.0", "count", "a heat cost allocator counts units of its own, which no ReadingType names"),
        ("0-0:96.7.21", "", "identity, status and error objects are no readings: they become names, facts, qualities or events"),
        ("7-0:42.0.0", "kPa", "no rule for 7-0:42.0.0"),
        ("8-0:3.0.0", "m3", "no rule for 8-0:3.0.0"),
        ("0-1:24.3.0", "m3", "no rule for 0-1:24.3.0"),
    ],
)  # fmt: skip
def test_what_no_rule_maps_says_why(mapped: Mapped, obis: str, unit: str, reason: str) -> None:
    assert mapped(obis, unit) == reason


@pytest.mark.parametrize(
    ("seconds", "measuring"),
    [(60, 3), (120, 10), (180, 14), (300, 6), (600, 1), (900, 2), (1200, 31), (1800, 5), (3600, 7), (86400, 4)],
)
def test_the_capture_period_is_the_measuring_period(mapped: Mapped, seconds: int, measuring: int) -> None:
    assert mapped("1-0:1.8.0", "kWh", seconds) == f"0.0.{measuring}.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"


def test_other_capture_periods_are_not_mapped(mapped: Mapped) -> None:
    assert mapped("1-0:1.8.0", "kWh", 450) == "no measuringPeriod for a capture period of 450 s"


@pytest.mark.parametrize("profile", ["1-0:98.1.0", "0-0:98.1.0", "1-0:99.2.0"])
def test_a_daily_billing_profile_has_a_macro_period(mapped: Mapped, profile: str) -> None:
    name = mapped("1-0:1.8.0", "kWh", 86400, profile=Obis.parse(profile))
    assert name == "11.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"


def test_a_billing_profile_captured_on_reset(mapped: Mapped) -> None:
    billing = Obis.parse("0-0:98.1.0")
    assert mapped("1-0:1.8.0", "kWh", 0) == "8.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"
    assert mapped("1-0:1.8.0", "kWh", 0, profile=billing) == "8.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"
    assert mapped("1-0:1.8.0", "kWh", 0, profile=billing, calendar_month=True).startswith("13.0.0.1.")
    assert "is no billing profile" in mapped("1-0:1.8.0", "kWh", 0, profile=Obis.parse("1-0:99.97.0"))


def test_a_captured_average_of_the_running_period_stays_present(mapped: Mapped) -> None:
    assert mapped("1-0:1.4.0", "kW", 900) == "0.2.15.6.1.1.8.0.0.0.0.0.0.0.0.3.38.0"


def test_a_stored_value_is_mapped_when_its_period_is_known(mapped: Mapped) -> None:
    assert mapped("1-0:1.8.0*3", "kWh", period_known=True) == "8.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"


def test_transformer_ratios_already_applied_is_commodity_2(mapped: Mapped) -> None:
    assert mapped("1-0:1.8.0", "kWh", primary=True) == "0.0.0.1.1.2.12.0.0.0.0.0.0.0.0.3.72.0"
    assert mapped("7-0:3.0.0", "m3", primary=True) == "0.0.0.1.1.7.58.0.0.0.0.0.0.0.0.0.42.0"
