"""Every field of the PAN profiles reaches its field of Smart Energy; what has none is refused by name."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from drivers.errors import NotSupported
from drivers.reading import MeterEvent
from drivers.zigbee_se.instructions import CancelLoadControl, LoadControl, Message, Price
from gateway.messages.compose_events import end_device_events
from gateway.messages.profiles import end_device_controls as cim
from gateway.pan_controls import _APPLIANCES, instructions

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def control(pan: Any, **more: Any) -> cim.EndDeviceControl:
    return cim.EndDeviceControl(end_device_control_type="16.15.0.54", pan=pan, **more)


def test_a_price() -> None:
    detail = cim.PanPricingDetail(
        price=Decimal("0.2431"), rate_label="PEAK", price_tier=2, price_tier_count=4, register_tier="2"
    )
    pan = cim.PanPricing(provider_id=7, start_date_time=NOW, duration=Decimal(60), pan_pricing_details=(detail,))
    (made,) = instructions(control(pan), 5, 978)
    assert isinstance(made, Price)
    fields = made.fields(NOW)
    assert (fields["price"], fields["priceTrailingDigitAndPriceTier"], fields["currency"]) == (2431, 0x42, 978)
    assert (fields["durationInMinutes"], fields["providerId"], fields["rateLabel"]) == (60, 7, b"PEAK")


def test_a_text() -> None:
    pan = cim.PanDisplay(
        text_message="Peak today", priority="high", confirmation_required=True, duration_indefinite=True
    )
    (made,) = instructions(control(pan), 5, 978)
    assert isinstance(made, Message)
    assert (made.fields(NOW)["messageControl"], made.fields(NOW)["durationInMinutes"]) == (0x88, 0xFFFF)


@pytest.mark.parametrize("bit", range(12))
def test_each_appliance_is_its_device_class(bit: int) -> None:
    appliance = cim.ControlledAppliance(**{_APPLIANCES[bit]: True})
    pan = cim.PanDemandResponse(duration=Decimal(30), criticality_level="4", appliance=appliance)
    (made,) = instructions(control(pan), 5, 978)
    assert isinstance(made, LoadControl)
    assert made.device_class == 1 << bit


def test_randomisation_offsets_and_cancellation() -> None:
    timing = cim.EndDeviceTiming(randomisation=cim.RandomisationKind.START_AND_END)
    pan = cim.PanDemandResponse(
        duration=Decimal(30), criticality_level="2", cooling_offset=Decimal("1.5"), heating_setpoint=Decimal("18.25"),
        avg_load_adjustment=Decimal(-20), duty_cycle=Decimal(50),
    )  # fmt: skip
    (made,) = instructions(control(pan, primary_device_timing=timing), 5, 978)
    fields = made.fields(NOW)
    assert (fields["eventControl"], fields["coolingTemperatureOffset"], fields["heatingTemperatureSetPoint"]) == (
        3,
        15,
        1825,
    )
    assert (fields["averageLoadAdjustmentPercentage"], fields["dutyCycle"]) == (-20, 50)
    (cancel,) = instructions(control(cim.PanDemandResponse(cancel_now=True)), 5, 978)
    assert isinstance(cancel, CancelLoadControl)


@pytest.mark.parametrize(
    "pan",
    [
        None,
        cim.PanPricing(),
        cim.PanDemandResponse(criticality_level="1"),
        cim.PanDemandResponse(duration=Decimal("1.5")),
        cim.PanDemandResponse(duration=Decimal(5), criticality_level="severe"),
        cim.PanDisplay(priority="loud"),
    ],
)
def test_what_has_no_field_is_refused(pan: Any) -> None:
    with pytest.raises(NotSupported):
        instructions(control(pan), 5, 978)


def test_a_report_carries_the_tracking_of_its_control() -> None:
    details = {"issuerTrackingID": "DR-1"}
    event = MeterEvent("0022a30000000401", NOW, "ReportEventStatus", "4", NOW, "zigbee.load_control", details)
    (made,) = end_device_events([event]).message.end_device_event
    assert (made.issuer_tracking_id, made.end_device_event_type) == ("DR-1", "16.15.43.81")
