"""What is on a line: at which speed, under which unit ids, of which map; and of an unknown device, its registers.

A unit is there when anything right comes back from it, an exception too. All devices of a line have one speed and parity, so
once a unit is found the others are looked for at that setting only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace

from drivers.driver import Context, Found
from drivers.errors import BadFrame, MeterError, NoAnswer, UsageError
from drivers.link.link import LineSettings
from drivers.meter_url import MeterUrl
from drivers.modbus import identify
from drivers.modbus.bus import Bus
from drivers.modbus.exchange import Refusal
from drivers.modbus.questions import Questions
from drivers.modbus.reader import Unit
from drivers.modbus.registers import ModbusMap, Table, Timing
from drivers.modbus.source import Source, read_source
from drivers.modbus.sunspec.device import discover
from drivers.modbus.sweep import sweep

#: Factory settings of the meters whose manuals were read, the commonest first.
SPEEDS = (9600, 19200, 38400, 2400, 4800, 115200, 57600)
_PARITIES = ("N", "E")
#: Ids that meters are delivered with, asked first to find the speed.
_LIKELY = (1, 2, 3, 10, 100, 247)
_ALL = tuple(range(1, 248))
#: Over TCP a gateway may take its own second for each id that is not there.
_TCP_UNITS = (*range(1, 17), 100, 126, 240, 247, 255)
#: An id nobody gives; a device that answers it answers all.
_UNLIKELY = 213
#: A meter answers within this, or is found by another of its registers; a slow one by ``?timeout=``.
_PROBE_S = 0.3
_PROBES = ((Table.HOLDING, 0), (Table.INPUT, 0))


class Scan:
    """One scan of one line, on an open bus."""

    def __init__(
        self, url: MeterUrl, context: Context, bus: Bus, maps: Mapping[str, ModbusMap], named: ModbusMap | None = None
    ) -> None:
        self._url = url
        self._context = context
        self._bus = bus
        self._maps = maps
        self._named = named  #: all devices are taken to be of this map
        given = float(url.get("timeout") or _PROBE_S)
        self._timing = Timing(timeout_s=given, retries=0)
        self._units = _units(url)
        self._speeds = _speeds(url)

    async def run(self) -> AsyncIterator[Found]:
        """Each device as it is found. Raises LinkLost; finding nothing is no error."""
        if self._bus.serial and not self._url.host:
            async for found in self._serial():
                yield found
            return
        units = self._units or _TCP_UNITS
        if not self._units and await self._there(_UNLIKELY):
            units = (1,)
        async for found in self._each(units):
            yield found

    async def _serial(self) -> AsyncIterator[Found]:
        likely = self._units or _LIKELY
        settings = list(self._settings())
        for units in (likely, _ALL) if not self._units else (self._units,):
            for setting in settings:
                await self._bus.set_line(setting)
                first = await self._first(units)
                if first is not None:
                    others = self._units or _ALL
                    async for found in self._each([first, *(unit for unit in others if unit != first)]):
                        yield found
                    return

    def _settings(self) -> Iterator[LineSettings]:
        speeds = [self._bus.line.baud] if "baud" in self._url.parameters else self._speeds
        parities = (self._bus.line.parity,) if "parity" in self._url.parameters else _PARITIES
        for baud in speeds:
            for parity in parities:
                yield LineSettings(baud, 8, parity, self._bus.line.stop_bits)

    async def _first(self, units: tuple[int, ...]) -> int | None:
        for unit in units:
            if await self._there(unit):
                return unit
        return None

    async def _each(self, units: list[int] | tuple[int, ...]) -> AsyncIterator[Found]:
        for number in units:
            if await self._there(number):
                yield await self._look(number)

    async def _there(self, number: int) -> bool:
        unit = Unit(self._bus, number, self._timing, patient=True)
        self._bus.conduct(number).quiet_until = 0.0  # nothing was asked of it yet that could come late
        for table, address in _PROBES:
            try:
                await unit.words(table, address, 1)
            except Refusal:
                return True
            except (NoAnswer, BadFrame):
                continue
            return True
        return False

    async def _look(self, number: int) -> Found:
        """Who it is. What goes wrong on the way is part of what was found."""
        url = self._readable(number)
        unit = Unit(self._bus, number, replace(Timing(), timeout_s=max(1.0, self._timing.timeout_s)), patient=True)
        questions = Questions(unit)
        try:
            if self._named is not None:
                return await self._read(number, Found(url, maps=(self._named.name,)), self._named)
            device = await discover(questions)
            said = await identify.ask(questions, self._maps, device.says if device else None)
            if not said.objects:
                said.objects = await questions.objects()
            fitting = identify.matching(said, self._maps)
            if len(fitting) == 1:
                return await self._read(number, Found(url, said.words(), tuple(fitting)), self._maps[fitting[0]])
            if device is not None and not fitting:
                return await self._read(number, Found(url, said.words()), device)
            if fitting:
                return Found(url, said.words(), tuple(fitting))
            return await self._unknown(url, said, questions)
        except MeterError as error:
            return Found(url, failed=str(error))

    async def _unknown(self, url: str, said: identify.Said, questions: Questions) -> Found:
        now = self._context.now()
        swept, image = await sweep(questions, url, now)
        says = [said.words()] if said.words() else []
        if hints := identify.plausible(image, self._maps, now):
            says.append(f"its voltage and frequency would be right by {', '.join(hints)}: compare with its type plate")
        return Found(url, "; ".join(says), sweep=swept)

    async def _read(self, number: int, found: Found, source: Source) -> Found:
        timing = source.timing if isinstance(source, ModbusMap) else Timing()
        unit = Unit(self._bus, number, timing, patient=True)
        try:
            records = await read_source(unit, source, found.url, self._context.now)
        except MeterError as error:
            return replace(found, failed=str(error))
        return replace(found, records=tuple(records))

    def _readable(self, number: int) -> str:
        """The URL to read this unit by."""
        if self._url.host:
            port = f":{self._url.port}" if self._url.port else ""
            return f"{self._url.scheme}://{self._url.host}{port}?unit={number}"
        line = self._bus.line
        parity = f"&parity={line.parity}" if line.parity != "N" else ""
        stop_bits = f"&stopbits={line.stop_bits}" if line.stop_bits != 1 else ""
        return f"{self._url.scheme}:{self._url.path}?baud={line.baud}{parity}{stop_bits}&unit={number}"


def _units(url: MeterUrl) -> tuple[int, ...]:
    """``unit=`` or ``units=1-20,100`` of the URL. Raises UsageError."""
    text = url.get("units") or url.get("unit")
    found: list[int] = []
    for part in filter(None, text.split(",")):
        first, dash, last = part.partition("-")
        if not first.isdigit() or (dash and not last.isdigit()) or int(last or first) > 255:
            raise UsageError(f"units={text} is no list of unit ids, such as 1-20,100", where=str(url))
        found += range(int(first), int(last or first) + 1)
    return tuple(dict.fromkeys(found))


def _speeds(url: MeterUrl) -> tuple[int, ...]:
    """``speeds=9600,19200`` of the URL, else the usual ones. Raises UsageError."""
    text = url.get("speeds")
    if not text:
        return SPEEDS
    if not all(part.isdigit() and 300 <= int(part) <= 921600 for part in text.split(",")):
        raise UsageError(f"speeds={text} is no list of speeds, such as 9600,19200", where=str(url))
    return tuple(int(part) for part in text.split(","))
