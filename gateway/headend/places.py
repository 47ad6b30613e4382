"""The meters that can be asked about: by the names and mRIDs that messages call them by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from drivers.reading import Meter
from gateway.config.model import MeterTable
from gateway.messages import refusals
from gateway.messages.identity import meter_mrid
from gateway.messages.profiles.parts import Identified
from gateway.messages.refusals import Refusal
from gateway.store import history
from gateway.store.connection import Connection


@dataclass(frozen=True, slots=True)
class Place:
    """A meter's place in the configuration, and the meter that answered there last, None while none has."""

    table: MeterTable
    meter: Meter | None

    @property
    def name(self) -> str:
        return self.table.name

    def is_called(self, by: str) -> bool:
        """Whether a name or mRID in a message means this one: the place's name, the serial number, the meter's key or mRID."""
        known = {self.name, self.table.serial}
        if self.meter is not None:
            known |= {self.meter.serial, self.meter.key, meter_mrid(self.meter.manufacturer, self.meter.serial) or ""}
        return bool(by) and by in known


def known_as(thing: Identified) -> Sequence[str]:
    """What a message calls a thing: its mRID first, then its names."""
    return [*filter(None, [thing.mrid]), *(name.name for name in thing.names)]


class Places:
    """Everything that is here, as of one moment: read it anew for each request."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.all = tuple(places)

    @classmethod
    def read(cls, connection: Connection, meters: Mapping[str, MeterTable]) -> Places:
        """The places of the configuration, each with who answered there."""
        found = []
        for table in meters.values():
            kept = history.place(connection, table.name)
            found.append(Place(table, kept.meter if kept else None))
        return cls(found)

    def devices(self, wanted: Iterable[Identified]) -> tuple[list[Place], list[Refusal]]:
        """The places of devices, and a refusal (2.4) for each that is not here."""
        found: list[Place] = []
        refused: list[Refusal] = []
        for one in wanted:
            names = known_as(one)
            here = [place for place in self.all if any(place.is_called(name) for name in names)]
            found += [place for place in here if place not in found]
            if not here:
                refused.append(refusals.unknown_meter(names[0] if names else ""))
        return found, refused

    def usage_points(self, wanted: Iterable[Identified]) -> tuple[list[Place], list[Refusal]]:
        """The places at usage points, and a refusal (2.12) for each that is not here."""
        found: list[Place] = []
        refused: list[Refusal] = []
        for one in wanted:
            names = known_as(one)
            here = [place for place in self.all if place.table.usage_point and place.table.usage_point in names]
            found += [place for place in here if place not in found]
            if not here:
                refused.append(refusals.unknown_usage_point(names[0] if names else ""))
        return found, refused
