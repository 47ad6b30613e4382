"""What is read and written in programming mode: who it is, load profiles, archives, logs and the clock.

One ``MeterSession`` is one stay in programming mode. It knows the meter's map and says everything in records; what goes
over the line is the affair of ``programming``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, tzinfo

from drivers.driver import Context
from drivers.errors import AccessDenied, BadFrame, KeyRejected, NotSupported, UsageError
from drivers.iec62056_21 import archive, load_profile, log
from drivers.iec62056_21.address import normalise
from drivers.iec62056_21.clock import stamp, zone_of
from drivers.iec62056_21.data_set import DataSet
from drivers.iec62056_21.data_set import parse as parse_sets
from drivers.iec62056_21.learned import Learned
from drivers.iec62056_21.load_profile import Found
from drivers.iec62056_21.meter_clock import MeterClock
from drivers.iec62056_21.meter_map import Archive, MeterMap
from drivers.iec62056_21.password import algorithm
from drivers.iec62056_21.programming import ProgrammingMode
from drivers.reading import ClockReading, Meter, MeterEvent, NotUnderstood, Obis

#: A longer span is asked for in pieces: what is lost on the line is then read again, and not all of it.
_PIECE = timedelta(days=7)
#: An operand that holds the serial number is one; shorter numbers stand in anything.
_SHORTEST_SERIAL = 5


class MeterSession:
    """One stay in programming mode. ``known`` is the meter's map."""

    def __init__(self, mode: ProgrammingMode, known: MeterMap, context: Context, learned: Learned, source: str) -> None:
        self._mode = mode
        self._map = known
        self._context = context
        self._learned = learned
        self._source = source
        self._allowed = False
        self.zone = zone_of(known.clock, context.zone)

    async def meter(self) -> Meter:
        """Who is there. The serial number is asked for, unless the operand of P0 has told it."""
        identification = self._mode.identification
        who = (identification.raw, self._mode.operand)
        serial = self._learned.serials.get(who, "")
        if not serial:
            serial = await self._serial()
            if len(serial) >= _SHORTEST_SERIAL and serial in self._mode.operand:
                self._learned.serials[who] = serial
        return Meter(identification.manufacturer, serial, self._map.model or identification.ident, "", self._source)

    async def _serial(self) -> str:
        for address in self._map.serial:
            try:
                found = await self._value(address)
            except (AccessDenied, NotSupported):
                continue
            if found.strip("0 "):
                return found
        return ""

    async def profile(self, wanted: Obis, since: datetime | None, until: datetime | None, meter: str) -> Found:
        """The rows of a load profile or archive whose time lies in the span. Raises NotSupported for one that is unknown."""
        await self._may_read(meter)
        archives = dict(self._map.archives)
        found = Found()
        refused: AccessDenied | None = None
        for start, end in _pieces(since, until):
            try:
                if wanted in archives:
                    part = await self._archive(archives[wanted], wanted, start, end, meter)
                else:
                    part = await self._vdew(self._profile_address(wanted), wanted, start, end, meter)
            except AccessDenied as error:
                # The VDEW's meters answer (ERROR) where a span has no rows.
                refused = error
                continue
            found.add(part, start, end)
        if refused is not None and not found.series:
            raise refused
        return found

    def _profile_address(self, wanted: Obis) -> str:
        for address in self._map.profiles:
            known = normalise(address)
            if known is not None and known.obis[2:5] == wanted[2:5]:
                return address
        names = [*self._map.profiles, *(str(obis) for obis, _ in self._map.archives)]
        raise NotSupported(f"no load profile {wanted} is known of this meter", do=f"it has {', '.join(names)}")

    async def _vdew(
        self, address: str, wanted: Obis, since: datetime | None, until: datetime | None, meter: str
    ) -> Found:
        if since is not None:
            since -= timedelta(minutes=self._map.lead_min)
        asked = f"{self._stamp(since)};{self._stamp(until)}"
        text = await self._mode.read(self._map.profile_command, address, asked)
        return load_profile.parse(
            text,
            profile=wanted,
            meter=meter,
            zone=self.zone,
            read_at=self._context.now(),
            harmless=self._map.harmless_status,
        )

    async def _archive(
        self, known: Archive, wanted: Obis, since: datetime | None, until: datetime | None, meter: str
    ) -> Found:
        asked = f"{known.time};{self._stamp(since)};{self._stamp(until)};{known.rows_per_block}"
        text = await self._mode.read(self._map.profile_command, known.address, asked)
        return archive.parse(text, known, profile=wanted, meter=meter, zone=self.zone, read_at=self._context.now())

    async def events(
        self, since: datetime | None, until: datetime | None, meter: str
    ) -> list[MeterEvent | NotUnderstood]:
        """The entries of every log of the map."""
        await self._may_read(meter)
        found: list[MeterEvent | NotUnderstood] = []
        refused: AccessDenied | NotSupported | None = None
        asked = f"{self._stamp(since)};{self._stamp(until)}"
        for known in self._map.logs:
            obis = normalise(known.address)
            if obis is None:
                raise UsageError(f"{known.address} is no address of a log", do="correct the device map")
            try:
                text = await self._mode.read(self._map.profile_command, known.address, asked)
            except (AccessDenied, NotSupported) as error:
                refused = error
                continue
            found += log.parse(
                text, log=obis.obis, meter=meter, zone=self.zone, read_at=self._context.now(), table=known.table
            )
        if refused is not None and not found:
            raise refused
        return found

    async def clock(self, meter: str) -> ClockReading:
        """The clock, and the gateway's time when its answer began to come."""
        return await self._meter_clock().read(meter)

    async def set_clock(self, to: datetime, meter: str) -> ClockReading:
        """Set date and time to ``to``, which is now, and read them back. Raises UsageError without a zone or password,
        NotSupported where the map says that the clock is not set this way: nothing is sent then."""
        if not self._map.clock_settable:
            raise NotSupported(
                "the device map says that the clock of this meter is not set over this port",
                do="set it as its maker says; if it can be set here, say settable = true in the map's [clock]",
            )
        return await self._meter_clock().set(to, meter, lambda: self._writing(meter))

    def _meter_clock(self) -> MeterClock:
        return MeterClock(self._mode, self._map, self._context, self.zone, self._value)

    async def _value(self, address: str) -> str:
        """The first value of a register, by the map's command or the other one that meters know."""
        first = self._map.read
        try:
            return _first_value(await self._mode.read(first, address, self._map.read_data))
        except (AccessDenied, NotSupported):
            if first not in ("R1", "R5"):
                raise
        return _first_value(await self._mode.read("R1" if first == "R5" else "R5", address))

    async def _may_read(self, meter: str) -> None:
        if self._map.reads_need_password:
            await self._password(meter)

    @asynccontextmanager
    async def _writing(self, meter: str) -> AsyncIterator[None]:
        """Registers may be written inside: by the password, or while the meter's lock is open."""
        if (lock := self._map.lock) is None:
            await self._password(meter)
            yield
            return
        await self._mode.unlock(self._map.write, lock.opens, self._secret(meter))
        try:
            yield
        finally:
            await self._mode.write(self._map.write, lock.closes, "0")

    async def _password(self, meter: str) -> None:
        if self._allowed:
            return
        made = algorithm(self._map.algorithm) if self._map.algorithm else None
        await self._mode.password(self._secret(meter), made)
        self._allowed = True

    def _secret(self, meter: str) -> bytes:
        name = f"{meter}/password"
        secret = self._context.keys.get(name) if self._context.keys is not None else None
        if secret is None:
            raise KeyRejected(
                f"the meter wants a password and none is known as {name!r}", do="give it with --keys FILE"
            )
        return secret

    def _stamp(self, at: datetime | None) -> str:
        if at is None:
            return ""
        zone: tzinfo | None = self.zone
        if zone is None:
            raise UsageError("the zone of the meter's stamps is not known", do="give it with --zone, or a device map")
        return stamp(at, self._map.stamp, zone)


def _pieces(since: datetime | None, until: datetime | None) -> Iterator[tuple[datetime | None, datetime | None]]:
    if since is None or until is None:
        yield since, until
        return
    while since + _PIECE < until:
        yield since, since + _PIECE
        # The last row of a piece is not the first of the next.
        since += _PIECE + timedelta(seconds=1)
    if since <= until:
        yield since, until


def _first_value(text: str) -> str:
    for part in parse_sets(text):
        if isinstance(part, DataSet):
            return part.values[0].text.strip()
    raise BadFrame(f"{text[:40]!r} is no answer with a value")
