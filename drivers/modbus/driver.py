"""The driver of ``modbus:``, ``modbus://``, ``modbus+rtu://`` and ``modbus+tls://`` URLs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Self

from drivers.driver import Context, Done, Found
from drivers.errors import MeterError, NoAnswer, NotSupported, UsageError
from drivers.link.link import LineSettings
from drivers.meter_url import MeterUrl
from drivers.modbus import identify
from drivers.modbus.buses import bus_of
from drivers.modbus.control import switch_state, write
from drivers.modbus.decode import Decoding
from drivers.modbus.memory import memory
from drivers.modbus.questions import Questions
from drivers.modbus.reader import Reader, Unit
from drivers.modbus.registers import Library, ModbusMap, Timing
from drivers.modbus.source import Source, read_source
from drivers.modbus.sunspec import control as sunspec_control
from drivers.modbus.sunspec.device import SunspecDevice, discover
from drivers.reading import Meter, Obis, Record

_PARAMETERS = ("unit", "baud", "parity", "stopbits", "timeout", "ca", "cert", "units", "speeds")


class Modbus:
    """One unit id. Made by ``driver``."""

    def __init__(self, url: MeterUrl, context: Context) -> None:
        url.known(_PARAMETERS)
        self._url = url
        self._context = context
        given = context.meter_map
        self._map = given if isinstance(given, ModbusMap) else None
        self._library: Mapping[str, ModbusMap] = given.maps if isinstance(given, Library) else {}
        self._line = line_settings(url, self._map.line if self._map else LineSettings(9600))
        self._timing = _timing(url, self._map.timing if self._map else Timing())
        self._number = url.integer("unit", self._map.unit if self._map else 1, 0, 255)
        self._stack = AsyncExitStack()
        self._unit: Unit | None = None
        self._source: Source | None = None

    async def __aenter__(self) -> Self:
        bus = await self._stack.enter_async_context(bus_of(self._url, self._context, self._line))
        self._unit = Unit(bus, self._number, self._timing)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._unit = None
        await self._stack.aclose()

    async def identify(self) -> Meter:
        """Who is there. Raises NotSupported when no map and no SunSpec says what it is."""
        async with self._bounded():
            source = await self._known()
            if isinstance(source, SunspecDevice):
                return source.meter(str(self._url))
            identity = source.identity
            names = {identity.serial_from, identity.model_from, identity.firmware_from}
            reader = Reader(self._opened(), source, memory(self._opened().bus.name, self._number, source.name))
            image, _ = await reader.image([one for one in source.registers if one.name in names])
            return Decoding(source, image, self._context.now(), str(self._url)).meter()

    async def registers(self, wanted: Sequence[Obis] = ()) -> AsyncIterator[Record]:
        """What the map, or SunSpec, has of this meter: all of it, or the wanted OBIS codes with what guards them."""
        async with self._bounded():
            source = await self._known()
            records = await read_source(self._opened(), source, str(self._url), self._context.now, wanted)
        for record in records:
            yield record

    async def controls(self) -> Mapping[str, str]:
        """What may be written by ``control``: name -> what it does."""
        async with self._bounded():
            source = await self._known()
            if isinstance(source, SunspecDevice):
                return sunspec_control.offered(source)
            return {one.name: one.why for one in source.writes}

    async def control(self, name: str, value: Decimal | None = None, revert_s: int | None = None) -> Done:
        """Write what the map's allow-list, or SunSpec's immediate controls, has under ``name``, and read back what is in effect.

        ``revert_s``: after so many seconds the device goes back by itself (SunSpec). Raises UsageError for a name or value
        that is not allowed, NotSupported where the device has no such control.
        """
        async with self._bounded():
            source = await self._known()
            if isinstance(source, SunspecDevice):
                return await sunspec_control.control(self._opened(), source, name, value, revert_s)
            if revert_s is not None:
                raise UsageError("this meter has no revert time", where=str(self._url))
            return await write(self._opened(), source, name, value)

    async def switch_state(self) -> str:
        """Of a SunSpec device, or of a map whose writes are called "connect" and "disconnect"."""
        async with self._bounded():
            source = await self._known()
            if isinstance(source, SunspecDevice):
                on = await sunspec_control.connected(self._opened(), source)
                return "unknown" if on is None else "connected" if on else "disconnected"
            return await switch_state(self._opened(), source)

    async def connect(self) -> str:
        await self.control("connect")
        return await self.switch_state()

    async def disconnect(self) -> str:
        await self.control("disconnect")
        return await self.switch_state()

    def scan(self) -> AsyncIterator[Found]:
        """What answers on this line: units, at the speeds that are usual. See ``drivers.modbus.scan``."""
        from drivers.modbus.scan import Scan

        return Scan(self._url, self._context, self._opened().bus, self._library, self._map).run()

    async def _known(self) -> Source:
        """The map that was given, or the one that the meter identifies itself by; SunSpec where it speaks it."""
        if self._source is None:
            self._source = self._map or await self._identified()
        return self._source

    async def _identified(self) -> Source:
        unit = self._opened()
        questions = Questions(unit)
        device = await discover(questions)
        said = await identify.ask(questions, self._library, device.says if device else None)
        fitting = identify.matching(said, self._library)
        if len(fitting) == 1:
            found = self._library[fitting[0]]
            unit.timing = _timing(self._url, found.timing)
            return found
        if device is not None and not fitting:
            return device
        if fitting:
            raise NotSupported(
                f"more than one map fits what it says: {', '.join(fitting)}",
                where=str(self._url),
                do="name one with --map",
            )
        raise NotSupported(
            f"no map knows this device{f' ({said.words()})' if said.words() else ''}",
            where=str(self._url),
            do="name a map with --map (metergate map list), or look closer with metergate scan",
        )

    @asynccontextmanager
    async def _bounded(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._context.timeout):
                yield
        except TimeoutError:
            raise NoAnswer(
                f"not read within {self._context.timeout:g} s", where=str(self._url), do="give it more with --timeout"
            ) from None
        except MeterError as error:
            raise error.at(str(self._url)) from error.__cause__

    def _opened(self) -> Unit:
        if self._unit is None:
            raise RuntimeError("use the driver with `async with`")
        return self._unit


def driver(url: MeterUrl, context: Context) -> Modbus:
    """The driver of Modbus URLs.

    Parameters: ``unit`` (id, 1), ``baud`` (9600, or the map's), ``parity`` (N, E or O), ``stopbits``, ``timeout`` (seconds
    until an answer begins), ``ca`` and ``cert`` (files, for TLS); for ``scan`` also ``units`` (1-20,100) and ``speeds``
    (9600,19200). Raises UsageError.
    """
    return Modbus(url, context)


def line_settings(url: MeterUrl, usual: LineSettings) -> LineSettings:
    """The serial line that the URL asks for, from what is usual. Raises UsageError."""
    parity = url.get("parity", usual.parity).upper()[:1]
    if parity not in ("N", "E", "O"):
        raise UsageError(f"parity={url.get('parity')} is none of N, E, O", where=str(url))
    baud = url.integer("baud", usual.baud, 300, 921600)
    return LineSettings(baud, 8, parity, url.integer("stopbits", usual.stop_bits, 1, 2))


def _timing(url: MeterUrl, usual: Timing) -> Timing:
    text = url.get("timeout")
    if not text:
        return usual
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.01 <= seconds <= 60:
        raise UsageError(f"timeout={text} is no time from 0.01 to 60 s", where=str(url))
    return replace(usual, timeout_s=seconds)
