"""EndDeviceControls for a premises area network to what Zigbee Smart Energy says: prices, texts, load controls, cancellations.

CIM has no field for the currency of a price or for the IssuerEventID: the caller gives both.
"""

from __future__ import annotations

from decimal import Decimal

from drivers.errors import NotSupported
from drivers.zigbee_se.instructions import CancelLoadControl, CancelMessage, Instruction, LoadControl, Message, Price
from gateway.messages.profiles import end_device_controls as cim

#: ControlledAppliance in the order of the bits of DeviceClass (SE 1.4, D.2.2.3.1.1.1).
_APPLIANCES = (
    "is_hvac_compressor_or_furnace", "is_strip_and_baseboard_heater", "is_water_heater", "is_pool_pump_spa_jacuzzi",
    "is_smart_appliance", "is_irrigation_pump", "is_managed_commercial_industrial_load", "is_simple_misc_load",
    "is_exterior_lighting", "is_interior_lighting", "is_electric_vehicle", "is_generation_system",
)  # fmt: skip
_ALL_CLASSES = 0x0FFF
_URGENCY = {"low": 0, "medium": 1, "high": 2, "critical": 3}
_TRANSMISSION = {
    cim.TransmissionModeKind.NORMAL: 0,
    cim.TransmissionModeKind.BOTH: 1,
    cim.TransmissionModeKind.ANONYMOUS: 2,
}
#: UnitofMeasure of a price that names none: per kWh.
_KWH = 0
_START = (cim.RandomisationKind.START, cim.RandomisationKind.START_AND_END)
_END = (cim.RandomisationKind.END, cim.RandomisationKind.START_AND_END)


def instructions(control: cim.EndDeviceControl, issuer_event_id: int, currency: int) -> list[Instruction]:
    """What a control says to the devices: one instruction, or one a price, numbered from ``issuer_event_id`` on.

    A cancellation bears the number of what it cancels, which the caller finds by the control's issuerTrackingID. Raises
    NotSupported, naming the element, for what Smart Energy has no field for.
    """
    pan = control.pan
    if isinstance(pan, cim.PanPricing):
        if not pan.pan_pricing_details:
            raise NotSupported("PanPricing has no PanPricingDetails: there is no price in it")
        return [
            _price(pan, detail, issuer_event_id + number, currency)
            for number, detail in enumerate(pan.pan_pricing_details)
        ]
    if isinstance(pan, cim.PanDisplay):
        return [_message(pan, issuer_event_id)]
    if isinstance(pan, cim.PanDemandResponse):
        return [_load_control(pan, control.primary_device_timing, issuer_event_id)]
    raise NotSupported("the EndDeviceControl has none of PanPricing, PanDisplay and PanDemandResponse")


def _price(pan: cim.PanPricing, detail: cim.PanPricingDetail, number: int, currency: int) -> Price:
    if detail.price is None:
        raise NotSupported("PanPricingDetails has no price")
    return Price(
        issuer_event_id=number,
        price=detail.price,
        currency=currency,
        provider_id=pan.provider_id or 0,
        rate_label=detail.rate_label or detail.price_tier_label or "",
        unit=_whole("unitOfMeasure", detail.unit_of_measure, _KWH),
        tier=detail.price_tier or 0,
        tiers=detail.price_tier_count or 0,
        register_tier=_whole("registerTier", detail.register_tier, 0),
        start=pan.start_date_time,
        duration_min=_minutes(pan.duration, pan.duration_indefinite),
        price_ratio=detail.price_ratio,
        generation_price=detail.generation_price,
        generation_price_ratio=detail.generation_price_ratio,
        alternate_cost=detail.alternate_cost_delivered,
        alternate_cost_unit=_whole("alternateCostUnit", detail.alternate_cost_unit, 0)
        if detail.alternate_cost_unit
        else None,
    )


def _message(pan: cim.PanDisplay, number: int) -> Instruction:
    if (pan.command or "").lower() == "cancel":
        return CancelMessage(issuer_event_id=number)
    urgency = _URGENCY.get((pan.priority or "low").lower())
    if urgency is None:
        raise NotSupported(f"PanDisplay.priority {pan.priority!r} is none of {', '.join(_URGENCY)}")
    return Message(
        issuer_event_id=number,
        text=pan.text_message or "",
        urgency=urgency,
        transmission=_TRANSMISSION[pan.transmission_mode or cim.TransmissionModeKind.NORMAL],
        confirm=bool(pan.confirmation_required),
        start=pan.start_date_time,
        duration_min=_minutes(pan.duration, pan.duration_indefinite),
    )


def _load_control(pan: cim.PanDemandResponse, timing: cim.EndDeviceTiming | None, number: int) -> Instruction:
    group = _whole("enrollmentGroup", pan.enrollment_group, 0)
    classes = _classes(pan.appliance)
    random = timing.randomisation if timing is not None else None
    if pan.cancel_now or pan.cancel_date_time is not None:
        return CancelLoadControl(
            issuer_event_id=number,
            device_class=classes,
            group=group,
            randomise=random in _END,
            effective=None if pan.cancel_now else pan.cancel_date_time,
        )
    if pan.duration_indefinite:
        raise NotSupported("PanDemandResponse.durationIndefinite: a load control lasts a day at the most")
    minutes = _minutes(pan.duration, None)
    if minutes is None:
        raise NotSupported("PanDemandResponse has no duration")
    return LoadControl(
        issuer_event_id=number,
        device_class=classes,
        group=group,
        start=pan.start_date_time,
        duration_min=minutes,
        criticality=_whole("criticalityLevel", pan.criticality_level, 1),
        cooling_offset=pan.cooling_offset,
        heating_offset=pan.heating_offset,
        cooling_set_point=pan.cooling_setpoint,
        heating_set_point=pan.heating_setpoint,
        load_adjustment=_integral("avgLoadAdjustment", pan.avg_load_adjustment),
        duty_cycle=_integral("dutyCycle", pan.duty_cycle),
        randomise_start=random in _START,
        randomise_end=random in _END,
    )


def _classes(appliance: cim.ControlledAppliance | None) -> int:
    """The bits of the appliances that are named; every class where none is."""
    if appliance is None:
        return _ALL_CLASSES
    bits = sum(1 << bit for bit, name in enumerate(_APPLIANCES) if getattr(appliance, name))
    if not bits:
        raise NotSupported("ControlledAppliance names no appliance")
    return bits


def _minutes(duration: Decimal | None, indefinite: bool | None) -> int | None:
    return None if indefinite else _integral("duration", duration)


def _integral(name: str, value: Decimal | None) -> int | None:
    if value is None:
        return None
    if value != value.to_integral_value():
        raise NotSupported(f"{name} {value} is not whole: Smart Energy has no field for parts")
    return int(value)


def _whole(name: str, text: str | None, default: int) -> int:
    if not text:
        return default
    try:
        return int(text, 0)
    except ValueError:
        raise NotSupported(f"{name} {text!r} is no number of Smart Energy") from None
