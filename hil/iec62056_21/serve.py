"""Serves an emulated meter of IEC 62056-21 on a pty."""

from __future__ import annotations

from functools import partial

from hil.catalogue import EmulateArguments, data_file
from hil.faults import Faults
from hil.iec62056_21.faults import FAULTS
from hil.iec62056_21.frames import START_BAUD
from hil.iec62056_21.meter import EmulatedMeter
from hil.iec62056_21.profile import load
from hil.iec62056_21.programming import Memory, programming
from hil.pty_line import PtyLine
from hil.wire import wire


async def serve(arguments: EmulateArguments) -> None:
    """Serve ``arguments.profile`` until cancelled. Raises ValueError for a fault it does not know."""
    profile = load(data_file(arguments.profile))
    faults = Faults(arguments.faults, FAULTS)
    line = PtyLine(START_BAUD, wire(faults, real=arguments.real), arguments.link)
    try:
        writes = partial(programming, Memory(profile)) if profile.programming else None
        meter = EmulatedMeter(profile, line, faults, writes)
        arguments.announce(line.path)
        await meter.run()
    finally:
        line.close()
