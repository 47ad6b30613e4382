"""MasterDataLinkageConfig: what belongs together from a moment on. ``performing_linkages`` makes it so, at that moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import uuid5

from gateway.headend.house import House
from gateway.headend.incoming import Answer, Incoming
from gateway.headend.places import Place, Places, known_as
from gateway.messages import refusals, replies
from gateway.messages.codec import to_bytes
from gateway.messages.envelope import Reply
from gateway.messages.identity import NAMESPACE
from gateway.messages.profiles.linkage import MasterDataLinkageConfig
from gateway.messages.refusals import identifier
from gateway.store import belongs, linkages, things
from gateway.store.connection import Connection

#: Fields of a linkage and the kinds of what stands in them, the usage point first: it is what readings are said of.
KINDS = {
    "usage_point": "UsagePoint",
    "usage_point_location": "UsagePointLocation",
    "service_location": "ServiceLocation",
    "service_supplier": "ServiceSupplier",
    "customer": "Customer",
    "customer_account": "CustomerAccount",
    "customer_agreement": "CustomerAgreement",
    "auxiliary_agreement": "AuxiliaryAgreement",
    "pricing_structure": "PricingStructure",
    "com_module": "ComModule",
}


async def link(house: House, incoming: Incoming) -> Sequence[Answer]:
    """Take linkages (create, change, close). Raises Refusal for one that names what is not here, or nothing that belongs
    together."""

    def commit(connection: Connection) -> Reply:
        places = Places.read(connection, house.meters, incoming.at)
        ids = []
        for number, said in enumerate(incoming.asked.content):
            at = effective_at(said, incoming.at)
            who = linked_places(connection, places, said, at)
            if not who:
                raise refusals.field_missing(
                    "a Meter, EndDevice or UsagePoint that is here", "/MasterDataLinkageConfig"
                )
            for place in who:
                if not incoming.source.may_touch(incoming.asked.verb, incoming.asked.noun, place.name):
                    raise refusals.device_not_authorized(incoming.source.name, "link", place.name)
            for kind, names in linked_things(said):
                _check_here(connection, places, kind, names)
            name = str(uuid5(NAMESPACE, f"linkage/{incoming.source.name}/{incoming.header.message_id}/{number}"))
            kept = linkages.Linkage(
                name, incoming.source.name, incoming.request_id, str(incoming.asked.verb), at, to_bytes(said)
            )
            linkages.put(connection, kept)
            ids.append(identifier(name, "MasterDataLinkageConfig"))
        return replies.acknowledged(ids)

    return [Answer(replies.acknowledged(), commit=commit, then=house.linkages_changed)]


def effective_at(said: MasterDataLinkageConfig, otherwise: datetime) -> datetime:
    """From when on it counts."""
    event = said.configuration_event
    return event.effective_date_time if event and event.effective_date_time else otherwise


def linked_places(connection: Connection, places: Places, said: MasterDataLinkageConfig, at: datetime) -> list[Place]:
    """The meters of a linkage; without one the meters at its usage points then."""
    devices, refused = places.devices([*said.meter, *said.end_device])
    if refused:
        raise refused[0]
    if devices:
        return devices
    found: list[Place] = []
    for point in said.usage_point:
        names = set(known_as(point))
        thing = things.find(connection, "UsagePoint", list(names))
        names |= {thing.id, *thing.names} if thing else set()
        there = {name for one in names for name in belongs.places_of(connection, "UsagePoint", one, at)}
        found += [place for place in places.all if place.name in there or place.table.usage_point in names]
    return list({place.name: place for place in found}.values())


def linked_things(said: MasterDataLinkageConfig) -> Iterator[tuple[str, Sequence[str]]]:
    """Everything that is linked: its kind, and what it is called."""
    for field, kind in KINDS.items():
        for one in getattr(said, field):
            yield kind, known_as(one)


def _check_here(connection: Connection, places: Places, kind: str, names: Sequence[str]) -> None:
    if things.find(connection, kind, names) is not None:
        return
    if kind == "UsagePoint" and any(place.table.usage_point in names for place in places.all):
        return
    raise refusals.unknown_thing(kind, names[0] if names else "")
