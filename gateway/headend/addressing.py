"""Whom a request is for: devices, usage points and groups, of which some may not be here, or not for this source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.headend.house import House
from gateway.headend.incoming import Incoming
from gateway.headend.places import Place, Places
from gateway.messages import refusals
from gateway.messages.refusals import Refusal
from gateway.store.connection import Connection

#: A request for more meters than these is to be split.
MOST_METERS = 2000
#: What a home area network speaks.
_NETWORK = "zigbee"


@dataclass(frozen=True, slots=True)
class Addressed:
    """Who is here and may be touched, and a refusal for each other."""

    places: tuple[Place, ...]
    refused: tuple[Refusal, ...]


async def addressed(
    house: House,
    incoming: Incoming,
    *,
    devices: Iterable[object] = (),
    usage_points: Iterable[object] = (),
    device_groups: Iterable[object] = (),
    usage_point_groups: Iterable[object] = (),
    everyone: bool = False,
    networks: bool = False,
    control: str = "",
) -> Addressed:
    """Find them all. ``everyone``: who names nobody means every meter that it may touch; ``networks``: every home area network.

    Raises Refusal (3.1) for too many, (5.8) where nobody is named and must be.
    """
    named = [list(one) for one in (devices, usage_points, device_groups, usage_point_groups)]
    nobody_named = (everyone or networks) and not any(named)

    def work(connection: Connection) -> tuple[list[Place], list[Refusal]]:
        places = Places.read(connection, house.meters, incoming.at)
        ways = (places.devices, places.usage_points, places.device_groups, places.usage_point_groups)
        if nobody_named:
            return [place for place in places.all if everyone or place.table.url.scheme == _NETWORK], []
        found: list[Place] = []
        refused: list[Refusal] = []
        for way, some in zip(ways, named, strict=True):
            here, missing = way(some)
            found += [place for place in here if place not in found]
            refused += missing
        return found, refused

    found, refused = await house.read(work)
    if not found and not refused:
        raise refusals.field_missing("a device, a usage point or a group", f"/{incoming.asked.noun}")
    if len(found) > MOST_METERS:
        raise refusals.too_many_items(len(found), MOST_METERS, "meters")
    asked, source = incoming.asked, incoming.source
    may = [place for place in found if source.may_touch(asked.verb, asked.noun, place.name, control)]
    if not nobody_named:
        what = f"{asked.verb} {control or asked.noun}"
        refused += [refusals.device_not_authorized(source.name, what, one.name) for one in found if one not in may]
    return Addressed(tuple(may), tuple(refused))
