"""The logical device: everything one profile describes, as COSEM objects, and the ways in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hil.dlms.cosem_object import CosemObject
from hil.dlms.meter_clock import MeterClock
from hil.dlms.view import AssociationRule


@dataclass(slots=True)
class Meter:
    """``max_pdu`` is the longest APDU it takes and sends. ``rules`` are the associations by client SAP."""

    logical_device: int
    system_title: bytes
    clock: MeterClock
    objects: list[CosemObject]
    rules: Mapping[int, AssociationRule]
    max_pdu: int = 1024
