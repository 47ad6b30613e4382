"""Data, register, extended register and demand register (classes 1, 3, 4 and 5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from hil.dlms.axdr import UINT8, UINT16, UINT32, Data, octets
from hil.dlms.cosem_object import Attribute, CosemObject, computed, fixed
from hil.dlms.meter_clock import MeterClock
from hil.dlms.quantity import Quantity


def data(name: bytes, value: Attribute) -> CosemObject:
    return CosemObject(1, 0, name, {2: value})


def register(name: bytes, quantity: Quantity, clock: MeterClock) -> CosemObject:
    return CosemObject(
        3,
        0,
        name,
        {2: computed(lambda: quantity.data(clock.now())), 3: fixed(quantity.scaler_unit)},
        {1: _nothing},
    )


def extended_register(
    name: bytes, quantity: Quantity, clock: MeterClock, captured: Callable[[], datetime]
) -> CosemObject:
    """A value with the moment when it was taken, e.g. a maximum of the month."""
    return CosemObject(
        4,
        0,
        name,
        {
            2: computed(lambda: quantity.data(captured())),
            3: fixed(quantity.scaler_unit),
            4: fixed(Data(UINT8, 0)),
            5: computed(lambda: octets(clock.stamp(captured()))),
        },
        {1: _nothing},
    )


def demand_register(name: bytes, quantity: Quantity, clock: MeterClock, period_s: int) -> CosemObject:
    """A sliding mean: that of the period running and that of the last whole one."""

    def period_start() -> datetime:
        now = clock.now()
        return now - timedelta(seconds=now.timestamp() % period_s)

    return CosemObject(
        5,
        0,
        name,
        {
            2: computed(lambda: quantity.data(clock.now())),
            3: computed(lambda: quantity.data(period_start() - timedelta(seconds=1))),
            4: fixed(quantity.scaler_unit),
            5: fixed(Data(UINT8, 0)),
            6: computed(lambda: octets(clock.stamp(period_start()))),
            7: computed(lambda: octets(clock.stamp(period_start()))),
            8: fixed(Data(UINT32, period_s)),
            9: fixed(Data(UINT16, 1)),
        },
        {1: _nothing, 2: _nothing},
    )


def _nothing(_: Data | None) -> None:
    """Reset, accepted: what the meter measures follows from the moment alone."""
