"""``metergate emulate zigbee-stick``: the stick and its network on a pty, in a process of their own."""

from __future__ import annotations

from hil.catalogue import EmulateArguments
from hil.faults import Faults
from hil.pty_line import PtyLine
from hil.wire import Wire
from hil.zigbee.dialect import RELEASES, Dialect
from hil.zigbee.faults import FAULTS
from hil.zigbee.fields import eui64
from hil.zigbee.memory import Memory
from hil.zigbee.ncp import Ncp
from hil.zigbee.pan import Pan
from hil.zigbee.stick import Stick
from hil.zigbee.timeline import Timeline

_BAUD = 115200
STICK_EUI64 = "00124b00deadbe01"


async def serve(arguments: EmulateArguments) -> None:
    """Serve until cancelled. Raises ValueError for a fault, or a version of EZSP, that is not known."""
    faults = Faults(arguments.faults, FAULTS)
    version = faults.number("ezsp") if "ezsp" in faults else 13
    if version not in RELEASES:
        raise ValueError(f"no EZSP {version} here; there are {', '.join(map(str, RELEASES))}")
    # A stick on USB takes any line speed.
    line = PtyLine(_BAUD, Wire(real=arguments.real, strict=False), arguments.link)
    try:
        stick = Stick(line, Ncp(Dialect(version), Memory(eui64(STICK_EUI64)), Pan(Timeline())), faults)
        arguments.announce(line.path)
        await stick.run()
    finally:
        line.close()
