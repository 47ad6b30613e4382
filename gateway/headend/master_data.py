"""Master data: what the utility says of its meters, usage points, groups, customers and agreements, kept and given.

The configuration file says how a meter is reached, and what it says of one wins over what comes this way. A create of
what is here, a change or delete of what is not, and a delete of what another thing needs are refused, each by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

from drivers.errors import UsageError
from gateway.headend.house import House
from gateway.headend.incoming import Answer, Incoming
from gateway.headend.places import Places, known_as
from gateway.messages import refusals, replies
from gateway.messages.codec import read, to_bytes
from gateway.messages.envelope import Reply, Verb
from gateway.messages.profiles.end_device_config import EndDevice
from gateway.messages.refusals import Refusal, identifier
from gateway.store import belongs, things
from gateway.store.connection import Connection
from gateway.store.things import Thing

#: noun -> the field of its message that holds the things, and their element. What else is in a message (reading types,
#: functions) stays with each thing that came with it.
KINDS: Mapping[str, tuple[str, str]] = {
    "MeterConfig": ("meter", "Meter"),
    "EndDeviceConfig": ("end_device", "EndDevice"),
    "ComModuleConfig": ("com_module", "ComModule"),
    "UsagePointConfig": ("usage_point", "UsagePoint"),
    "UsagePointLocationConfig": ("usage_point_location", "UsagePointLocation"),
    "UsagePointGroups": ("usage_point_group", "UsagePointGroup"),
    "EndDeviceGroups": ("end_device_group", "EndDeviceGroup"),
    "CustomerConfig": ("customer", "Customer"),
    "CustomerAccountConfig": ("customer_account", "CustomerAccount"),
    "CustomerAgreementConfig": ("customer_agreement", "CustomerAgreement"),
    "AuxiliaryAgreementConfig": ("auxiliary_agreement", "AuxiliaryAgreement"),
    "PricingStructureConfig": ("pricing_structure", "PricingStructure"),
    "ServiceCategoryConfig": ("service_category", "ServiceCategory"),
    "ServiceLocationConfig": ("service_location", "ServiceLocation"),
    "ServiceSupplierConfig": ("service_supplier", "ServiceSupplier"),
}

#: Fields by which a thing names another that must be here, and of which kind that is.
_NEEDS: Mapping[str, str] = {
    "customer": "Customer",
    "customer_account": "CustomerAccount",
    "customer_agreement": "CustomerAgreement",
    "customer_agreements": "CustomerAgreement",
    "usage_points": "UsagePoint",
    "service_locations": "ServiceLocation",
    "service_supplier": "ServiceSupplier",
    "usage_point_location": "UsagePointLocation",
    "pricing_structures": "PricingStructure",
    "end_devices": "EndDevice",
}
#: A thing with more than these in one message is to be split.
_MOST = 5000


async def create(house: House, incoming: Incoming) -> Sequence[Answer]:
    """Keep things that are not here yet."""
    return [_answer(house, incoming, _create)]


async def change(house: House, incoming: Incoming) -> Sequence[Answer]:
    """What a thing says anew takes the place of what it said; what it does not say stays."""
    return [_answer(house, incoming, _change)]


async def delete(house: House, incoming: Incoming) -> Sequence[Answer]:
    """Forget things, by their names in the payload or by IDs."""
    return [_answer(house, incoming, _delete)]


async def get(house: House, incoming: Incoming) -> Sequence[Answer]:
    """Things by ID, or by the things of their kind in the Get payload; all of the kind where none is named."""
    noun = incoming.asked.noun
    field, kind = KINDS[noun]
    criteria = getattr(incoming.asked.criteria, field, ())
    wanted = [[one.value] for one in incoming.asked.ids] + [list(known_as(one)) for one in criteria]

    def work(connection: Connection) -> tuple[list[Thing], list[Refusal]]:
        if not wanted:
            return list(things.every(connection, kind)), []
        found, missing = [], []
        for names in wanted:
            thing = things.find(connection, kind, names)
            found += [thing] if thing else []
            missing += [] if thing else [refusals.unknown_thing(kind, names[0] if names else "")]
        return found, missing

    found, missing = await house.read(work)
    if len(found) > _MOST:
        raise refusals.too_many_items(len(found), _MOST, kind)
    if not found and not missing:
        missing = [refusals.unknown_thing(kind, "at all")]
    content = _together([read(thing.body).message for thing in found]) if found else None
    return [Answer(replies.outcome(missing, Verb.GET, anything_done=bool(found)), content)]


def _answer(house: House, incoming: Incoming, do: Any) -> Answer:
    """Each thing of the message is done or refused by itself, all in one commit."""

    def commit(connection: Connection) -> Reply:
        done: list[str] = []
        refused: list[Refusal] = []
        kind = KINDS[incoming.asked.noun][1]
        for one in _things(incoming):
            try:
                _check_install_code(one[0])
                done.append(do(house, incoming, connection, one))
                told.append(one[0])
            except Refusal as problem:
                refused.append(problem)
        ids = [identifier(name, kind) for name in done]
        if refused:
            return replies.partly_done(refused, ids=ids) if done else replies.failed(refused)
        return replies.done(ids)

    told: list[Any] = []
    return Answer(replies.done(), commit=commit, then=partial(_let_in, house, incoming, told))


def _things(incoming: Incoming) -> Iterator[tuple[Any, Any]]:
    """Each thing with a message that holds it alone; IDs alone as a name with no message."""
    field, kind = KINDS[incoming.asked.noun]
    count = 0
    for message in incoming.asked.content:
        for one in getattr(message, field):
            count += 1
            yield one, replace(message, **{field: (one,)})
    for identity in incoming.asked.ids if not incoming.asked.content else ():
        count += 1
        yield identity.value, None
    if not count:
        raise refusals.field_missing(kind, f"/{incoming.asked.noun}/{kind}")
    if count > _MOST:
        raise refusals.too_many_items(count, _MOST, kind)


def _create(house: House, incoming: Incoming, connection: Connection, one: tuple[Any, Any]) -> str:
    kind = KINDS[incoming.asked.noun][1]
    names = _names(one[0], kind)
    if things.find(connection, kind, names) is not None:
        raise refusals.known_thing(kind, names[0])
    _check_needs(house, incoming, connection, one[0])
    things.put(connection, _thing(incoming, one[1], names))
    return names[0]


def _change(house: House, incoming: Incoming, connection: Connection, one: tuple[Any, Any]) -> str:
    field, kind = KINDS[incoming.asked.noun]
    kept, names = _kept(connection, kind, one[0])
    before = read(kept.body).message
    (old,) = getattr(before, field)
    merged = _merged(old, one[0])
    _check_needs(house, incoming, connection, merged)
    message = replace(one[1], **{field: (merged,)})
    for other in fields(message):
        if other.name != field and not getattr(message, other.name):
            message = replace(message, **{other.name: getattr(before, other.name)})
    things.put(connection, replace(_thing(incoming, message, _names(merged, kind)), id=kept.id))
    return names[0]


def _delete(house: House, incoming: Incoming, connection: Connection, one: tuple[Any, Any]) -> str:
    kind = KINDS[incoming.asked.noun][1]
    kept, names = _kept(connection, kind, one[0])
    for identity in (kept.id, *kept.names):
        if used := belongs.places_of(connection, kind, identity, incoming.at):
            raise refusals.thing_in_use(kind, names[0], f"meter {used[0]} is linked to it")
    for holder in _holders(connection, kind, {kept.id, *kept.names}):
        raise refusals.thing_in_use(kind, names[0], holder)
    things.remove(connection, kind, kept.id)
    return names[0]


def _kept(connection: Connection, kind: str, one: Any) -> tuple[Thing, list[str]]:
    names = [one] if isinstance(one, str) else _names(one, kind)
    kept = things.find(connection, kind, names)
    if kept is None:
        raise refusals.unknown_thing(kind, names[0])
    return kept, names


def _names(one: Any, kind: str) -> list[str]:
    names = list(known_as(one))
    if kind == "ServiceCategory" and one.kind is not None:
        names.append(str(one.kind))
    if not names:
        raise refusals.field_missing(f"an mRID or a name of {kind}", f"/{kind}/mRID")
    return names


def _thing(incoming: Incoming, message: Any, names: Sequence[str]) -> Thing:
    noun = incoming.asked.noun
    kind = KINDS[noun][1]
    return Thing(
        kind, names[0], noun, tuple(names[1:]), to_bytes(_without_secrets(message)), incoming.source.name, incoming.at
    )


def _without_secrets(message: Any) -> Any:
    """An install code opens a network: it is used, and neither kept nor given."""
    devices = getattr(message, "end_device", ())
    if not devices:
        return message
    return replace(message, end_device=tuple(replace(one, install_code=None) for one in devices))


def _merged(old: Any, new: Any) -> Any:
    said = {one.name: getattr(new, one.name) for one in fields(new) if getattr(new, one.name) not in (None, ())}
    return replace(old, **said)


def _check_needs(house: House, incoming: Incoming, connection: Connection, one: Any) -> None:
    """Raises Refusal with the code of its kind for the first thing that this one names and that is not here."""
    places: Places | None = None
    for field in fields(one):
        kind = _NEEDS.get(field.name)
        said = getattr(one, field.name)
        for other in (said if isinstance(said, tuple) else filter(None, [said])) if kind else ():
            names = known_as(other)
            if not names or things.find(connection, kind or "", names) is not None:
                continue
            places = places or Places.read(connection, house.meters, incoming.at)
            here = {"EndDevice": places.devices, "UsagePoint": places.usage_points}.get(kind or "")
            if here is not None and not here([other])[1]:
                continue
            if kind == "EndDevice" and things.find(connection, "Meter", names) is not None:
                continue
            raise refusals.unknown_thing(kind or "", names[0])


def _holders(connection: Connection, kind: str, called: set[str]) -> Iterator[str]:
    """The things that name one of this kind."""
    for noun, (field, element) in KINDS.items():
        needing = [
            name for name, needed in _NEEDS.items() if needed == kind or (kind == "Meter" and needed == "EndDevice")
        ]
        if not needing or noun.removesuffix("Config") == kind:
            continue
        for thing in things.every(connection, element):
            (one,) = getattr(read(thing.body).message, field)
            for name in needing:
                said = getattr(one, name, None)
                named = said if isinstance(said, tuple) else filter(None, [said])
                if any(called & set(known_as(other)) for other in named):
                    yield f"{element} {thing.id} names it"


def _together(messages: Sequence[Any]) -> Any:
    """One message of many of a noun: its lists one after the other, what stands in several once."""
    first, *rest = messages
    for field in fields(first):
        every = dict.fromkeys(one for message in (first, *rest) for one in getattr(message, field.name))
        first = replace(first, **{field.name: tuple(every)})
    return first


def _check_install_code(one: Any) -> None:
    """Raises Refusal for a PAN device whose install code cannot let it in. Nothing of the code is said."""
    if not _is_let_in(one):
        return
    from drivers.zigbee_se.install_code import InstallCode, device_of

    names = known_as(one)
    try:
        device_of(InstallCode.parse(one.install_code), names)
    except UsageError as error:
        raise refusals.unfit_install_code(names[0] if names else "a device", error.what) from None


def _is_let_in(one: Any) -> bool:
    return isinstance(one, EndDevice) and bool(one.is_pan and one.install_code)


def _let_in(house: House, incoming: Incoming, told: Sequence[Any]) -> None:
    """PAN devices with an install code: the network opens for each of them."""
    if incoming.asked.verb is Verb.DELETE:
        return
    for one in filter(_is_let_in, told):
        house.open_pan(known_as(one), one.install_code, incoming.request_id)
