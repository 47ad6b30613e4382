"""LoadControlEvent and CancelLoadControlEvent, of the cluster Demand Response and Load Control (0x0701)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Self

from drivers.zigbee_se import instruction_values as values
from drivers.zigbee_se.zcl_time import moment

#: Minutes (D.2.2.3.1).
_LONGEST_LOAD_CONTROL = 1440


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadControl:
    """LoadControlEvent. ``device_class`` has the bits of ``DEVICE_CLASSES``; temperatures in degC; adjustments in per cent.

    ``criticality`` 1 green, 2 to 6 levels 1 to 5, 7 emergency, 8 planned outage, 9 service disconnect, 10 to 15 the
    utility's own.
    """

    cluster: ClassVar[int] = 0x0701
    command: ClassVar[str] = "LoadControlEvent"

    issuer_event_id: int
    device_class: int
    duration_min: int
    criticality: int
    group: int = 0
    start: datetime | None = None
    cooling_offset: Decimal | None = None
    heating_offset: Decimal | None = None
    cooling_set_point: Decimal | None = None
    heating_set_point: Decimal | None = None
    load_adjustment: int | None = None
    duty_cycle: int | None = None
    randomise_start: bool = False
    randomise_end: bool = False

    def fields(self, now: datetime) -> dict[str, Any]:
        """Raises CannotSay."""
        if not 1 <= self.duration_min <= _LONGEST_LOAD_CONTROL:
            raise values.CannotSay(
                f"a load control lasts 1 to {_LONGEST_LOAD_CONTROL} minutes, not {self.duration_min}"
            )
        if not 1 <= self.criticality <= 15:
            raise values.CannotSay(f"criticality {self.criticality} is none of 1 to 15")
        adjustment = self.load_adjustment
        if adjustment is not None and not -100 <= adjustment <= 100:
            raise values.CannotSay(f"an average load adjustment of {adjustment} % is none of -100 to 100")
        if self.duty_cycle is not None and not 0 <= self.duty_cycle <= 100:
            raise values.CannotSay(f"a duty cycle of {self.duty_cycle} % is none of 0 to 100")
        return {
            "issuerEventId": self.issuer_event_id,
            "deviceClass": values.within("device class", self.device_class, 0x10000),
            "utilityEnrollmentGroup": values.within("enrollment group", self.group, 0x100),
            "startTime": values.start(self.start),
            "durationInMinutes": self.duration_min,
            "criticalityLevel": self.criticality,
            "coolingTemperatureOffset": values.tenths("cooling offset", self.cooling_offset),
            "heatingTemperatureOffset": values.tenths("heating offset", self.heating_offset),
            "coolingTemperatureSetPoint": values.set_point("cooling set point", self.cooling_set_point),
            "heatingTemperatureSetPoint": values.set_point("heating set point", self.heating_set_point),
            "averageLoadAdjustmentPercentage": values.NO_ADJUSTMENT if adjustment is None else adjustment,
            "dutyCycle": values.UNUSED8 if self.duty_cycle is None else self.duty_cycle,
            "eventControl": self.randomise_start | self.randomise_end << 1,
        }

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        return cls(
            issuer_event_id=fields["issuerEventId"],
            device_class=fields["deviceClass"],
            group=fields["utilityEnrollmentGroup"],
            start=moment(fields["startTime"]),
            duration_min=fields["durationInMinutes"],
            criticality=fields["criticalityLevel"],
            cooling_offset=values.from_tenths(fields["coolingTemperatureOffset"]),
            heating_offset=values.from_tenths(fields["heatingTemperatureOffset"]),
            cooling_set_point=values.from_set_point(fields["coolingTemperatureSetPoint"]),
            heating_set_point=values.from_set_point(fields["heatingTemperatureSetPoint"]),
            load_adjustment=values.used(fields["averageLoadAdjustmentPercentage"], values.NO_ADJUSTMENT),
            duty_cycle=values.used(fields["dutyCycle"], values.UNUSED8),
            randomise_start=bool(fields["eventControl"] & 1),
            randomise_end=bool(fields["eventControl"] & 2),
        )


#: DeviceClass, bits 0 to 11 (D.2.2.3.1.1.1).
DEVICE_CLASSES = (
    "HVAC compressor or furnace", "strip and baseboard heater", "water heater", "pool pump, spa, jacuzzi",
    "smart appliance", "irrigation pump", "managed commercial and industrial load", "simple miscellaneous load",
    "exterior lighting", "interior lighting", "electric vehicle", "generation system",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelLoadControl:
    """CancelLoadControlEvent. ``effective`` None is now; ``randomise`` keeps the event's own random end."""

    cluster: ClassVar[int] = 0x0701
    command: ClassVar[str] = "CancelLoadControlEvent"

    issuer_event_id: int
    device_class: int = 0x0FFF
    group: int = 0
    randomise: bool = False
    effective: datetime | None = None

    def fields(self, now: datetime) -> dict[str, Any]:
        return {
            "issuerEventId": self.issuer_event_id,
            "deviceClass": self.device_class,
            "utilityEnrollmentGroup": self.group,
            "cancelControl": int(self.randomise),
            "effectiveTime": values.start(self.effective),
        }

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        return cls(
            issuer_event_id=fields["issuerEventId"],
            device_class=fields["deviceClass"],
            group=fields["utilityEnrollmentGroup"],
            randomise=bool(fields["cancelControl"] & 1),
            effective=moment(fields["effectiveTime"]),
        )
