"""What is known of a register: of its device map how it counts, and over that what the site says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from drivers.counter import Counter
from drivers.modbus.registers import Form, ModbusMap, Register
from drivers.reading import Doubt, Meter, Obis, Reading
from gateway.acquisition.performing import limits
from gateway.acquisition.validation import Before, validate
from gateway.config.model import LimitTable, MeterTable

ENERGY, OTHER = Obis.parse("1-0:1.8.0"), Obis.parse("1-0:2.8.0")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
KNOWN = ModbusMap(
    "maker/model",
    (
        Register("energy", 0, Form.U32, obis=ENERGY, unit="kWh", counter=Counter(rollover=Decimal(1000000))),
        Register("other", 2, Form.U32, obis=OTHER, unit="kWh"),
    ),
)


def meter(*said: LimitTable) -> MeterTable:
    return MeterTable.model_validate({"name": "m", "url": "modbus://10.0.0.1", "limit": list(said)})


def said(**more: int) -> LimitTable:
    return LimitTable.model_validate({"obis": str(ENERGY), **more})


def doubts(table: MeterTable, before: str, now: str) -> tuple[Doubt, ...]:
    device = Meter("X", "1")

    def reading(value: str, at: datetime) -> Reading:
        return Reading(device.key, ENERGY, value, Decimal(value), "kWh", at, time=at)

    earlier = Before({ENERGY: reading(before, AT - timedelta(hours=1))})
    judged = validate([device, reading(now, AT)], earlier, limits(table, KNOWN))
    return judged[1].doubts  # type: ignore[union-attr]


def test_a_register_rolls_over_where_its_map_says() -> None:
    assert doubts(meter(said(most_per_hour=20)), "999995", "4") == ()


def test_without_a_bound_of_the_connection_it_stays_in_doubt() -> None:
    assert Doubt.SUSPECT in doubts(meter(), "999995", "4")


def test_what_the_site_says_counts_before_the_map() -> None:
    assert limits(meter(said(rollover=100000, most_per_hour=20)), KNOWN)[ENERGY].counter.rollover == 100000
    assert Doubt.SUSPECT in doubts(meter(said(rollover=100000, most_per_hour=20)), "999995", "4")


def test_a_map_without_counters_says_nothing() -> None:
    assert limits(meter(), None) == {}
    assert OTHER not in limits(meter(), KNOWN)
