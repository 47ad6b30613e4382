"""The view for Home Assistant: each register announced once, its values after it, nothing in doubt, old values expire."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from drivers.reading import Doubt, Meter, Obis, Reading
from gateway.cim.obis_rules import Rules
from gateway.messages import codec
from gateway.messages.compose import meter_readings
from gateway.messages.errors import MessageError
from gateway.messages.exchange import event
from gateway.sinks.home_assistant import HomeAssistantView, Shown

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
METER = Meter("EMH", "40817733")


def message(value: str, at: datetime = AT, code: str = "1.8.1", unit: str = "kWh", *doubts: Doubt) -> bytes:
    reading = Reading(METER.key, Obis.parse(f"1-0:{code}"), "", Decimal(value), unit, at, time=at, doubts=doubts)
    composed = meter_readings([METER, reading], Rules.load())
    return codec.to_bytes(event(composed.message, at=at, source="g"))


@pytest.fixture
def view() -> HomeAssistantView:
    return HomeAssistantView("homeassistant", "metergate/g")


def configs(shown: list[Shown]) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in shown if one.topic.endswith("/config")]


def test_a_total_is_announced_with_all_that_home_assistant_asks_for(view: HomeAssistantView) -> None:
    (announced, value) = view.of(message("7904.126"))
    assert announced.topic == "homeassistant/sensor/EMH-40817733_0_0_0_1_1_1_12_0_0_0_0_1_0_0_0_3_72_0/config"
    assert announced.retain
    config = json.loads(announced.body)
    assert config["state_topic"] == value.topic == "metergate/g/view/EMH-40817733_0_0_0_1_1_1_12_0_0_0_0_1_0_0_0_3_72_0"
    assert (config["unit_of_measurement"], config["device_class"]) == ("kWh", "energy")
    assert config["state_class"] == "total_increasing"
    assert config["availability_topic"] == "metergate/g/status"
    assert config["name"] == "energy forward TOU A"
    assert config["device"]["name"] == "EMH-40817733"
    assert not value.retain
    assert json.loads(value.body) == {"value": "7904.126", "time": "2026-03-01T12:00:00+00:00"}


def test_it_expires_after_three_periods_and_is_announced_anew_only_when_that_changes(view: HomeAssistantView) -> None:
    announced = []
    for number in range(5):
        announced += configs(list(view.of(message(f"{number}", AT + number * timedelta(minutes=15)))))
    assert [config.get("expire_after") for config in announced] == [None, 2700]


def test_a_value_in_doubt_is_not_shown(view: HomeAssistantView) -> None:
    assert list(view.of(message("0", AT, "1.8.1", "kWh", Doubt.SUSPECT))) == []
    assert len(list(view.of(message("1", AT, "1.8.1", "kWh", Doubt.CLOCK_SET)))) == 2


@pytest.mark.parametrize(
    ("code", "unit", "expected"),
    [
        ("16.7.0", "W", ("W", "power", "measurement")),
        ("32.7.0", "V", ("V", "voltage", "measurement")),
        ("14.7.0", "Hz", ("Hz", "frequency", "measurement")),
        ("1.6.0", "kW", ("kW", "power", "measurement")),
    ],
)
def test_units_and_classes(view: HomeAssistantView, code: str, unit: str, expected: tuple[str, str, str]) -> None:
    (config,) = configs(list(view.of(message("1", AT, code, unit))))
    assert (config["unit_of_measurement"], config["device_class"], config.get("state_class")) == expected


def test_what_is_no_message_is_said(view: HomeAssistantView) -> None:
    with pytest.raises(MessageError):
        list(view.of(b"<x/>"))
