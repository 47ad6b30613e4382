"""``get EndDeviceEvents``: what was told of the meters, from the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from gateway.headend.addressing import addressed
from gateway.headend.house import House
from gateway.headend.incoming import Answer, Incoming
from gateway.headend.places import Place, known_as
from gateway.messages import refusals, replies
from gateway.messages.codec import read
from gateway.messages.envelope import Request
from gateway.messages.profiles.end_device_events import EndDeviceEvent, EndDeviceEvents
from gateway.messages.profiles.get_configurations import EventCriterion, GetEndDeviceEvents
from gateway.store import history
from gateway.store.connection import Connection

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
#: More events in one answer are to be asked for in parts.
_MOST = 10_000


async def get_end_device_events(house: House, incoming: Incoming) -> Sequence[Answer]:
    """Events by meter, usage point, group, type, time and their own names. Raises Refusal, StoreError."""
    asked = incoming.asked.criteria or GetEndDeviceEvents()
    found = await addressed(
        house,
        incoming,
        devices=asked.meter,
        usage_points=asked.usage_point,
        device_groups=asked.end_device_group,
        usage_point_groups=asked.usage_point_group,
        everyone=True,
    )
    spans = list(_spans(asked, incoming.request, incoming.at))
    kept = await house.read(lambda connection: _kept(connection, found.places, spans))
    types = {name for kind in asked.end_device_event_type for name in known_as(kind)}
    chosen = tuple(
        one
        for one in kept
        if (not types or one.end_device_event_type in types)
        and (not asked.end_device_event or any(_is(one, which) for which in asked.end_device_event))
    )
    if len(chosen) > _MOST:
        raise refusals.too_many_items(len(chosen), _MOST, "events")
    # That nothing happened is an answer too: an empty message says so.
    done = bool(found.places)
    reply = replies.outcome(list(found.refused), incoming.asked.verb, anything_done=done)
    return [Answer(reply, EndDeviceEvents(end_device_event=chosen) if done else None)]


def _spans(asked: GetEndDeviceEvents, request: Request | None, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    said = [(one.schedule_interval.start, one.schedule_interval.end) for one in asked.time_schedule]
    if request is not None and (request.start_time or request.end_time):
        said.append((request.start_time, request.end_time))
    for start, end in said or [(None, None)]:
        yield start or _EVER, end or now


def _kept(
    connection: Connection, places: Sequence[Place], spans: Sequence[tuple[datetime, datetime]]
) -> list[EndDeviceEvent]:
    meters = [name for place in places for name in (place.name, *(meter.key for meter in place.meters))]
    bodies = dict.fromkeys(body for since, until in spans for body in history.events(connection, meters, since, until))
    return [one for body in bodies for one in read(body.encode()).message.end_device_event]


def _is(one: EndDeviceEvent, which: EventCriterion) -> bool:
    wanted = known_as(which)
    named = not wanted or one.mrid in wanted or any(name.name in wanted for name in one.names)
    return named and all(
        said is None or said == has
        for said, has in (
            (which.issuer_id, one.issuer_id),
            (which.issuer_tracking_id, one.issuer_tracking_id),
            (which.reason, one.reason),
            (which.severity, one.severity),
        )
    )
