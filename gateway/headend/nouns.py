"""Who does what: the handler of each verb and noun."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from gateway.headend.house import House
from gateway.headend.incoming import Answer, Incoming
from gateway.headend.stored_readings import get_meter_readings
from gateway.messages.envelope import Verb

HANDLERS: Mapping[tuple[Verb, str], Callable[[House, Incoming], Awaitable[Sequence[Answer]]]] = {
    (Verb.GET, "MeterReadings"): get_meter_readings,
}
