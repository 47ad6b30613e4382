"""MeterReadSchedule: kept, given, changed and cancelled. ``performing_schedules`` does what they say.

A schedule is known by the MessageID of its create, by which the sender also finds what is read for it; it is cancelled or
changed by that, in an ID of the request, or by the CorrelationID of the create.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.headend import moments
from gateway.headend.addressing import addressed
from gateway.headend.house import House
from gateway.headend.incoming import Answer, Incoming
from gateway.headend.places import known_as
from gateway.headend.reading_criteria import check_type
from gateway.messages import refusals, replies
from gateway.messages.codec import read, to_bytes
from gateway.messages.envelope import Reply
from gateway.messages.profiles.meter_read_schedule import MeterReadSchedule
from gateway.messages.profiles.reduced_gets import GetMeterReadSchedule
from gateway.messages.refusals import identifier
from gateway.store import schedules
from gateway.store.connection import Connection

#: Schedules that one source may have at a time.
_MOST = 500


async def create(house: House, incoming: Incoming) -> Sequence[Answer]:
    """Keep a schedule. Raises Refusal for one that cannot be performed: nobody to read, no moment, no such type."""
    wanted = await _checked(house, incoming)
    name, request_id = incoming.header.message_id or "", incoming.request_id

    def commit(connection: Connection) -> Reply:
        own = [one for one in schedules.every(connection) if one.source == incoming.source.name]
        if len(own) >= _MOST:
            raise refusals.too_many_items(len(own) + 1, _MOST, "schedules")
        kept = schedules.Kept(name, incoming.source.name, request_id, incoming.at, to_bytes(wanted), incoming.at)
        schedules.put(connection, kept)
        return replies.done([identifier(name, "MeterReadSchedule")])

    return [Answer(replies.done(), commit=commit, then=house.schedules_changed)]


async def change(house: House, incoming: Incoming) -> Sequence[Answer]:
    """Put another in the place of a schedule."""
    wanted = await _checked(house, incoming)

    def commit(connection: Connection) -> Reply:
        (kept,) = _found(connection, incoming)
        schedules.put(connection, replace(kept, body=to_bytes(wanted), done_until=incoming.at))
        return replies.done([identifier(kept.id, "MeterReadSchedule")])

    return [Answer(replies.done(), commit=commit, then=house.schedules_changed)]


async def cancel(house: House, incoming: Incoming) -> Sequence[Answer]:
    """Forget schedules."""

    def commit(connection: Connection) -> Reply:
        found = _found(connection, incoming)
        for one in found:
            schedules.remove(connection, one.id)
        return replies.done([identifier(one.id, "MeterReadSchedule") for one in found])

    return [Answer(replies.done(), commit=commit, then=house.schedules_changed)]


async def get(house: House, incoming: Incoming) -> Sequence[Answer]:
    """The schedules of this source, by ID, device or usage point; all of them where none is named. Each is an answer."""
    asked = incoming.asked.criteria or GetMeterReadSchedule()
    ids = {one.value for one in incoming.asked.ids}
    devices = {name for one in (*asked.end_device, *asked.meter) for name in known_as(one)}
    points = {name for one in asked.usage_point for name in known_as(one)}
    found: list[Answer] = []
    for kept in await house.read(schedules.every):
        said: MeterReadSchedule = read(kept.body).message
        if kept.source != incoming.source.name or (ids and not ids & {kept.id, kept.request_id}):
            continue
        if devices and not devices & {name for one in said.end_device for name in known_as(one)}:
            continue
        if points and not points & {name for one in said.usage_point for name in known_as(one)}:
            continue
        found.append(Answer(replies.done([identifier(kept.id, "MeterReadSchedule")]), said))
    if not found:
        raise refusals.unknown_request(", ".join(sorted(ids)) or "of this kind")
    if len(found) > 1 and not incoming.may_follow:
        # The schema has room for one schedule in a message, whose parts are lists.
        raise refusals.too_many_items(len(found), 1, "schedules, and a message holds one: ask by the ID of each")
    *before, last = found
    return [*(replace(one, reply=replies.partly_done(more_follows=True, ids=one.reply.id)) for one in before), last]


async def _checked(house: House, incoming: Incoming) -> MeterReadSchedule:
    if len(incoming.asked.content) != 1:
        raise refusals.too_many_items(len(incoming.asked.content), 1, "schedules")
    wanted: MeterReadSchedule = incoming.asked.content[0]
    if not wanted.time_schedule:
        raise refusals.field_missing("TimeSchedule", "/MeterReadSchedule/TimeSchedule")
    for one in wanted.time_schedule:
        moments.check(one, house.zone)
    for kind in wanted.reading_type:
        for code in known_as(kind):
            check_type(code)
    found = await addressed(
        house,
        incoming,
        devices=wanted.end_device,
        usage_points=wanted.usage_point,
        device_groups=wanted.end_device_group,
        usage_point_groups=wanted.usage_point_group,
    )
    if found.refused:
        raise found.refused[0]
    return wanted


def _found(connection: Connection, incoming: Incoming) -> list[schedules.Kept]:
    """The schedules that the message means. Raises Refusal (2.15) for one that is not here."""
    named = [one.value for one in incoming.asked.ids] or [incoming.header.correlation_id or ""]
    own = [one for one in schedules.every(connection) if one.source == incoming.source.name]
    found = []
    for name in named:
        here = [one for one in own if name in (one.id, one.request_id)]
        if not name or not here:
            raise refusals.unknown_request(name or "without an ID")
        found += here
    return found
