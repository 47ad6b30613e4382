"""EndDeviceControls: taken as orders, one a device, cancelled, changed and given. ``performing_controls`` does them.

What is answered is that an order was taken. What came of it is told as EndDeviceEvents, with the control's issuerTrackingID
and the CorrelationID of the request.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import uuid5

from gateway.headend.addressing import addressed
from gateway.headend.house import House
from gateway.headend.incoming import Answer, Incoming
from gateway.headend.ordering import Meant, meant
from gateway.headend.places import Place, known_as
from gateway.messages import refusals, replies
from gateway.messages.codec import read, to_bytes
from gateway.messages.envelope import Level, Reply
from gateway.messages.identity import NAMESPACE
from gateway.messages.profiles.end_device_controls import EndDeviceControl, EndDeviceControls
from gateway.messages.profiles.reduced_gets import GetEndDeviceControls
from gateway.messages.refusals import Refusal, identifier
from gateway.store import orders
from gateway.store.connection import Connection
from gateway.store.orders import OPEN, Order, State


@dataclass(frozen=True, slots=True)
class _Ordered:
    """One order that can be taken, and whether another must give it too."""

    order: Order
    held: bool


async def create(house: House, incoming: Incoming) -> Sequence[Answer]:
    """Take orders. Each control of each device is one, and is done or not by itself."""
    ordered, refused = await _ordered(house, incoming)

    def commit(connection: Connection) -> Reply:
        return _reply([_take(connection, one) for one in ordered], refused)

    return [Answer(replies.acknowledged(), commit=commit, then=house.orders_changed)]


async def cancel(house: House, incoming: Incoming) -> Sequence[Answer]:
    """Cancel orders that were not begun; one that was is refused, with what came of it."""
    named = list(_named(incoming))

    def commit(connection: Connection) -> Reply:
        found, problems = _cancel(connection, incoming.source.name, named)
        ids = [identifier(one.id, "EndDeviceControl") for one in found]
        if not problems:
            return replies.done(ids)
        return replies.partly_done(problems, ids=ids) if ids else replies.failed(problems)

    return [Answer(replies.done(), commit=commit, then=house.orders_changed)]


async def change(house: House, incoming: Incoming) -> Sequence[Answer]:
    """Put other orders in the place of those of the same issuerTrackingID or mRID that were not begun."""
    ordered, refused = await _ordered(house, incoming)
    named = list(_named(incoming))

    def commit(connection: Connection) -> Reply:
        _, problems = _cancel(connection, incoming.source.name, named)
        if problems:
            raise problems[0]
        return _reply([_take(connection, one) for one in ordered], refused)

    return [Answer(replies.acknowledged(), commit=commit, then=house.orders_changed)]


async def get(house: House, incoming: Incoming) -> Sequence[Answer]:
    """The orders of this source, with what came of them in ``reason``: by ID, mRID, issuerTrackingID, type or meter."""
    asked = incoming.asked.criteria or GetEndDeviceControls()
    ids = {one.value for one in incoming.asked.ids}
    names = {name for one in asked.end_device_control for name in _names_of(one)}
    types = {name for one in asked.end_device_control_type for name in known_as(one)}
    meters = {name for one in asked.meter for name in known_as(one)}
    kept = await house.read(lambda connection: orders.standing(connection, *State))
    found = []
    for one in kept:
        (said,) = read(one.body).message.end_device_control
        if one.source != incoming.source.name or (
            ids and not ids & {one.id, one.mrid, one.tracking_id, one.request_id}
        ):
            continue
        if (names and not names & {one.mrid, one.tracking_id}) or (meters and one.place not in meters):
            continue
        if not types or said.end_device_control_type in types:
            found.append(replace(said, reason=f"{one.state} {one.outcome}".strip()))
    if not found:
        raise refusals.unknown_request(", ".join(sorted(ids | names)) or "of this kind")
    return [Answer(replies.done(), EndDeviceControls(end_device_control=tuple(found)))]


async def _ordered(house: House, incoming: Incoming) -> tuple[list[_Ordered], list[Refusal]]:
    found: list[_Ordered] = []
    refused: list[Refusal] = []
    for whole in incoming.asked.content:
        for number, said in enumerate(whole.end_device_control):
            try:
                found += await _of(house, incoming, whole, said, f"{number}")
            except Refusal as problem:
                refused.append(problem)
            except _Several as several:
                found += several.found
                refused += several.refused
    if not found and not refused:
        raise refusals.field_missing("EndDeviceControl", "/EndDeviceControls/EndDeviceControl")
    return found, refused


class _Several(Exception):
    """Some devices of a control are taken, and some are not."""

    def __init__(self, found: Sequence[_Ordered], refused: Sequence[Refusal]) -> None:
        super().__init__()
        self.found = found
        self.refused = refused


async def _of(
    house: House, incoming: Incoming, whole: EndDeviceControls, said: EndDeviceControl, number: str
) -> list[_Ordered]:
    what = meant(said, whole, house.controls, incoming.at)
    # A device of a home area network need not be a meter: it is reached through the network, whose devices know it.
    devices = [one for one in said.end_devices if not (what.is_pan and one.is_pan)]
    who = await addressed(
        house,
        incoming,
        devices=devices,
        usage_points=said.usage_points,
        device_groups=said.end_device_groups,
        usage_point_groups=said.usage_point_groups,
        control=str(what.control),
        networks=what.is_pan,
    )
    body = to_bytes(EndDeviceControls(end_device_control=(said,)))
    held = what.control in house.four_eyes
    found = [_Ordered(_order(incoming, said, what, place, number, body, held=held), held) for place in who.places]
    if who.refused:
        raise _Several(found, who.refused)
    return found


def _order(
    incoming: Incoming, said: EndDeviceControl, what: Meant, place: Place, number: str, body: bytes, *, held: bool
) -> Order:
    source, header = incoming.source.name, incoming.header
    user = header.user.user_id if header.user else ""
    return Order(
        # The same request makes the same orders: what is taken twice by a slip of ours is there once.
        id=str(uuid5(NAMESPACE, f"order/{source}/{header.message_id}/{number}/{place.name}")),
        source=source,
        by=f"{source}/{user}",
        request_id=incoming.request_id,
        mrid=said.mrid or "",
        tracking_id=said.issuer_tracking_id or "",
        place=place.name,
        control=str(what.control),
        body=body,
        accepted_at=incoming.at,
        start_at=what.start,
        latest_at=what.latest,
        state=State.HELD if held else State.ACCEPTED,
    )


def _take(connection: Connection, one: _Ordered) -> _Ordered:
    """Keep an order, or let one that was held for a second pair of eyes go."""
    order = one.order
    if one.held and order.tracking_id:
        for other in orders.like(connection, order.tracking_id, order.place, order.control):
            if other.by != order.by and orders.move(connection, other.id, [State.HELD], State.ACCEPTED):
                return _Ordered(other, held=False)
    orders.put(connection, order)
    return one


def _reply(taken: Sequence[_Ordered], refused: Sequence[Refusal]) -> Reply:
    ids = [identifier(one.order.id, "EndDeviceControl") for one in taken]
    if refused:
        return replies.partly_done(refused, ids=ids) if taken else replies.failed(refused)
    reply = replies.acknowledged(ids)
    held = [one.order for one in taken if one.held]
    if not held:
        return reply
    why = f"{len(held)} wait for a second source or user to order the same, by its issuerTrackingID"
    note = replies.error(refusals.on_hold(why), level=Level.INFORM)
    return replace(reply, error=(*reply.error, note))


def _cancel(connection: Connection, source: str, named: Sequence[str]) -> tuple[list[Order], list[Refusal]]:
    if not named:
        raise refusals.field_missing("an ID, an mRID or an issuerTrackingID", "/EndDeviceControls")
    cancelled: list[Order] = []
    problems: list[Refusal] = []
    for name in named:
        found = orders.called(connection, source, name)
        if not found:
            problems.append(refusals.unknown_request(name))
        for one in found:
            if orders.move(connection, one.id, OPEN, State.CANCELLED, "on request"):
                cancelled.append(one)
            elif one.state is not State.CANCELLED:
                said = one.outcome or "it is being done"
                problems.append(refusals.not_attempted(f"{one.control} of {one.place} was begun: {said}"))
    return cancelled, problems


def _named(incoming: Incoming) -> Iterator[str]:
    """What a message means by its IDs, or by the controls in it."""
    yield from (one.value for one in incoming.asked.ids)
    for whole in incoming.asked.content:
        for said in whole.end_device_control:
            yield from filter(None, [said.mrid or said.issuer_tracking_id])


def _names_of(one: object) -> Iterator[str]:
    yield from known_as(one)
    tracking: str | None = getattr(one, "issuer_tracking_id", None)
    if tracking:
        yield tracking
