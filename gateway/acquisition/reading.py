"""Doing a job: the meter's driver is opened, asked or told what is wanted, and closed again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from drivers.driver import Context, Driver, KeepsClock, Listens, ReadsEvents, ReadsProfile, ReadsRegisters
from drivers.errors import MeterError, NoAnswer, NotSupported
from drivers.meter_url import MeterUrl
from drivers.reading import ClockReading, Record
from drivers.registry import open_driver
from gateway.acquisition.commanding import command
from gateway.acquisition.job import Result, Wanted
from gateway.acquisition.meter_clock import read_and_set


async def read(url: MeterUrl, context: Context, wanted: Wanted, deadline_s: float) -> Result:
    """Read within ``deadline_s`` seconds. What came before an error is kept; errors of the meter or line are a result."""
    found: list[Record] = []
    clocks: tuple[ClockReading, ClockReading | None] | None = None
    try:
        async with asyncio.timeout(deadline_s), open_driver(url, context) as driver:
            if wanted.command is not None:
                return Result(outcome=await command(driver, wanted.command, url, context.now()))
            if wanted.what == "clock":
                clocks = await read_and_set(_keeps_clock(driver, url), wanted.set_clock_beyond, context.now())
            else:
                async for record in _records(driver, wanted, url):
                    found.append(record)
    except TimeoutError:
        late = NoAnswer(f"not done within {deadline_s:g} s", where=str(url), do="give it a longer deadline")
        return Result(tuple(found), late)
    except MeterError as error:
        return Result(tuple(found), error.at(str(url)))
    return Result(tuple(found), clocks=clocks)


def _records(driver: Driver, wanted: Wanted, url: MeterUrl) -> AsyncIterator[Record]:
    if wanted.what == "profile" and wanted.profile is not None:
        if isinstance(driver, ReadsProfile):
            return driver.profile(wanted.profile, wanted.since, wanted.until)
    elif wanted.what == "events":
        if isinstance(driver, ReadsEvents):
            return driver.events(wanted.since, wanted.until)
    elif isinstance(driver, ReadsRegisters):
        return driver.registers(wanted.registers)
    elif isinstance(driver, Listens):
        return driver.listen()
    raise NotSupported(f"this driver reads no {wanted.what}", where=str(url), do="take it out of [[meter.read]]")


def _keeps_clock(driver: Driver, url: MeterUrl) -> KeepsClock:
    if isinstance(driver, KeepsClock):
        return driver
    raise NotSupported("this driver reads no clock", where=str(url), do="take it out of [[meter.read]]")
