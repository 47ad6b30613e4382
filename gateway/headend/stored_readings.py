"""``get MeterReadings`` from the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from drivers.reading import Record
from gateway.headend.house import House
from gateway.headend.incoming import Answer, Incoming
from gateway.headend.places import Place
from gateway.messages import refusals, replies
from gateway.messages.compose import MeterFacts, meter_readings
from gateway.messages.profiles.get_meter_readings import GetMeterReadings
from gateway.messages.profiles.parts import Identified
from gateway.messages.refusals import Refusal
from gateway.store import history
from gateway.store.connection import Connection

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


async def get_meter_readings(house: House, incoming: Incoming) -> Sequence[Answer]:
    """Registers that were kept of the devices, in the time of the request."""
    criteria = incoming.asked.criteria or GetMeterReadings()
    places, refused = (await house.places()).devices(criteria.end_device)
    request = incoming.request
    since = (request.start_time if request else None) or _EVER
    until = (request.end_time if request else None) or incoming.at
    records = await house.read(lambda connection: _kept(connection, places, since, until))
    facts = {
        place.meter.key: MeterFacts(usage_point=Identified(mrid=place.table.usage_point))
        for place in places
        if place.meter and place.table.usage_point
    }
    message = meter_readings(records, house.rules, facts=facts).message
    problems: list[Refusal] = list(refused)
    if not message.meter_reading and not problems:
        problems.append(refusals.unavailable_data("nothing is kept of this time"))
    reply = replies.outcome(problems, incoming.asked.verb, anything_done=bool(message.meter_reading))
    return [Answer(reply, message if message.meter_reading else None)]


def _kept(connection: Connection, places: Sequence[Place], since: datetime, until: datetime) -> list[Record]:
    found: list[Record] = []
    for place in places:
        if place.meter is not None:
            found.append(place.meter)
            found += [kept.reading for kept in history.readings(connection, place.meter.key, since, until)]
    return found
