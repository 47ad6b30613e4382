"""Identifiers of the Metering cluster (0x0702) that readings are made of (SE 1.4, D.3.2.2), and in what order to ask."""

from __future__ import annotations

CLUSTER = 0x0702

DELIVERED, RECEIVED = 0x0000, 0x0001
MAXIMUM_DELIVERED, MAXIMUM_RECEIVED = 0x0002, 0x0003
POWER_FACTOR, SNAPSHOT_TIME = 0x0006, 0x0007
MAXIMUM_DELIVERED_TIME, MAXIMUM_RECEIVED_TIME = 0x0008, 0x0009
SUPPLY_STATUS = 0x0014
FIRST_TIER = 0x0100
#: SE 1.2 and later count to 48 tiers, two attributes each.
TIERS = 48
CRITICAL_PEAK = {0x01FC: "critical peak 1", 0x01FE: "critical peak 2"}
STATUS, BATTERY_LIFE, EXTENDED_STATUS, BATTERY_DAYS = 0x0200, 0x0201, 0x0204, 0x0205
UNIT, MULTIPLIER, DIVISOR = 0x0300, 0x0301, 0x0302
DEVICE_TYPE, SITE_ID, SERIAL = 0x0306, 0x0307, 0x0308
DEMAND = 0x0400
TODAY_DELIVERED, TODAY_RECEIVED, YESTERDAY_DELIVERED, YESTERDAY_RECEIVED = 0x0401, 0x0402, 0x0403, 0x0404
CURRENT_DEMAND_DELIVERED = 0x0600

#: What says how to understand the rest. Without an answer to these nothing is a reading.
FORMAT = (UNIT, MULTIPLIER, DIVISOR, DEVICE_TYPE)
IDENTITY = (SITE_ID, SERIAL)
REGISTERS = (
    DELIVERED, RECEIVED, DEMAND, SNAPSHOT_TIME, STATUS, EXTENDED_STATUS, MAXIMUM_DELIVERED, MAXIMUM_DELIVERED_TIME,
    MAXIMUM_RECEIVED, MAXIMUM_RECEIVED_TIME, POWER_FACTOR, CURRENT_DEMAND_DELIVERED, SUPPLY_STATUS, BATTERY_LIFE,
    BATTERY_DAYS, TODAY_DELIVERED, TODAY_RECEIVED, YESTERDAY_DELIVERED, YESTERDAY_RECEIVED,
)  # fmt: skip


def tier(attribute: int) -> tuple[int, bool] | None:
    """(tier, received) of a tier's register, None for another attribute."""
    number, received = divmod(attribute - FIRST_TIER, 2)
    return (number + 1, bool(received)) if 0 <= number < TIERS else None


def tiers(count: int) -> tuple[int, ...]:
    """The delivered and received registers of tiers 1 to ``count``."""
    return tuple(range(FIRST_TIER, FIRST_TIER + 2 * count))
