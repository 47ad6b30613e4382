"""The logical device: everything one profile describes, as COSEM objects, and the ways in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hil.dlms.cosem_object import CosemObject
from hil.dlms.event_log import EventLog
from hil.dlms.meter_clock import MeterClock
from hil.dlms.security import Keys
from hil.dlms.view import AssociationRule

_ANY = {"priority-mgmt", "block-transfer-with-get-or-read", "block-transfer-with-set-or-write", "multiple-references"}
_LN = {"block-transfer-with-action", "get", "set", "selective-access", "action"}
_SN = {"read", "write", "parameterized-access"}


@dataclass(slots=True)
class Meter:
    """``max_pdu`` is the longest APDU it takes and sends. ``rules`` are the associations by client SAP. ``offers`` are
    conformance bits beyond the services: "general-protection", "general-block-transfer"; ``lacks`` those it has not.
    ``block_window`` is the window of its general block transfer. ``logs`` are its event logs by kind."""

    logical_device: int
    system_title: bytes
    clock: MeterClock
    objects: list[CosemObject]
    rules: Mapping[int, AssociationRule]
    keys: Keys
    max_pdu: int = 1024
    offers: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    block_window: int = 1
    logs: Mapping[str, EventLog] = field(default_factory=dict)
    held_by: object | None = None
    held_since: float = 0

    def enter(self, kind: str, code: int, at: datetime | None = None) -> None:
        """An event in the log of that kind, where the meter has it; ``at`` None is now."""
        if kind in self.logs:
            self.logs[kind].enter(code, at)

    def hold(self, session: object) -> None:
        """A session has an association; it keeps it until it is released."""
        self.held_by, self.held_since = session, time.monotonic()

    def is_held(self, session: object, seconds: float) -> bool:
        """Whether another session's association, not released, still stands."""
        return self.held_by not in (None, session) and time.monotonic() - self.held_since < seconds

    def conformance(self, rule: AssociationRule) -> frozenset[str]:
        """What the meter is able to on an association."""
        return frozenset(_ANY | (_SN if rule.short_names else _LN) | self.offers) - self.lacks
