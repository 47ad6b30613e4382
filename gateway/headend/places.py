"""The meters that can be asked about, by what messages call them: device, usage point, group.

What the configuration file says of a meter wins over what a head end says of it (``gateway.store.belongs``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from drivers.reading import Meter
from gateway.config.model import MeterTable
from gateway.messages import refusals
from gateway.messages.codec import read
from gateway.messages.identity import meter_mrid
from gateway.messages.profiles.parts import Identified, Name
from gateway.messages.refusals import Refusal
from gateway.store import belongs, history, things
from gateway.store.connection import Connection

#: Anything that a message names: Identified, or a class with the same two fields.
_Named = object


@dataclass(frozen=True, slots=True)
class Place:
    """A meter's place in the configuration, the meter that answered there last (None while none has), its usage point, and
    the meters read through it."""

    table: MeterTable
    meter: Meter | None
    usage_point: str = ""
    behind: tuple[Meter, ...] = ()

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def meters(self) -> tuple[Meter, ...]:
        """The meter itself, where it is known, and those behind it."""
        return (*filter(None, [self.meter]), *self.behind)

    def is_called(self, by: str) -> bool:
        """Whether a name or mRID means this one: the place's name, the serial number, the meter's key or mRID."""
        known = {self.name, self.table.serial}
        for meter in self.meters:
            known |= {meter.serial, meter.key, meter_mrid(meter.manufacturer, meter.serial) or ""}
        return bool(by) and by in known


def known_as(thing: object) -> Sequence[str]:
    """What a message calls a thing: its mRID first, then its names."""
    mrid: str | None = getattr(thing, "mrid", None)
    names: Sequence[Name] = getattr(thing, "names", ())
    return [*filter(None, [mrid]), *(name.name for name in names)]


@dataclass(frozen=True, slots=True)
class Places:
    """Everything that is here, as of one moment: read it anew for each request. ``find`` finds a thing of master data."""

    all: tuple[Place, ...]
    find: Callable[[str, Sequence[str]], things.Thing | None] = field(default=lambda kind, called: None)

    @classmethod
    def read(cls, connection: Connection, meters: Mapping[str, MeterTable], at: datetime) -> Places:
        """The places of the configuration, each with who answered there. Use it within the same commit."""
        found = []
        for table in meters.values():
            kept = history.place(connection, table.name)
            point = table.usage_point or belongs.at(connection, table.name, "UsagePoint", at) or ""
            behind = tuple(history.behind(connection, table.name))
            found.append(Place(table, kept.meter if kept else None, point, behind))
        return cls(tuple(found), lambda kind, called: things.find(connection, kind, called))

    def devices(self, wanted: Iterable[_Named]) -> tuple[list[Place], list[Refusal]]:
        """The places of devices, and a refusal (2.4) for each that is not here."""
        return self._each(wanted, self._by_device, refusals.unknown_meter)

    def usage_points(self, wanted: Iterable[_Named]) -> tuple[list[Place], list[Refusal]]:
        """The places at usage points, and a refusal (2.12) for each that has no meter here."""
        return self._each(wanted, self._by_usage_point, refusals.unknown_usage_point)

    def device_groups(self, wanted: Iterable[_Named]) -> tuple[list[Place], list[Refusal]]:
        """The places of the members of EndDeviceGroups, and a refusal (2.4) for each group or member that is not here."""
        return self._members("EndDeviceGroup", "end_device_group", "end_devices", wanted, self.devices)

    def usage_point_groups(self, wanted: Iterable[_Named]) -> tuple[list[Place], list[Refusal]]:
        """The places of the members of UsagePointGroups, and a refusal (2.12) for each group or member not here."""
        return self._members("UsagePointGroup", "usage_point_group", "usage_points", wanted, self.usage_points)

    def _by_device(self, names: Sequence[str]) -> list[Place]:
        return [place for place in self.all if any(place.is_called(name) for name in names)]

    def _by_usage_point(self, names: Sequence[str]) -> list[Place]:
        thing = self.find("UsagePoint", names)
        called = {*names, *((thing.id, *thing.names) if thing else ())}
        return [place for place in self.all if place.usage_point and place.usage_point in called]

    def _each(
        self,
        wanted: Iterable[_Named],
        by: Callable[[Sequence[str]], list[Place]],
        unknown: Callable[[str], Refusal],
    ) -> tuple[list[Place], list[Refusal]]:
        found: list[Place] = []
        refused: list[Refusal] = []
        for one in wanted:
            names = known_as(one)
            here = by(names)
            found += [place for place in here if place not in found]
            if not here:
                refused.append(unknown(names[0] if names else ""))
        return found, refused

    def _members(
        self,
        kind: str,
        element: str,
        members: str,
        wanted: Iterable[_Named],
        resolve: Callable[[Iterable[_Named]], tuple[list[Place], list[Refusal]]],
    ) -> tuple[list[Place], list[Refusal]]:
        found: list[Place] = []
        refused: list[Refusal] = []
        for one in wanted:
            names = known_as(one)
            group = self.find(kind, names)
            if group is None:
                refused.append(refusals.unknown_thing(kind, names[0] if names else ""))
                continue
            (said,) = getattr(read(group.body).message, element)
            here, missing = resolve(getattr(said, members))
            found += [place for place in here if place not in found]
            refused += missing
        return found, refused


def by_name(name: str) -> Identified:
    """A thing as a message names it by one name."""
    return Identified(names=(Name(name=name),))
