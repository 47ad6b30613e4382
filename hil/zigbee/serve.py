"""``metergate emulate zigbee-stick``: the stick and its network on a pty, in a process of their own."""

from __future__ import annotations

from hil.catalogue import EmulateArguments, data_file
from hil.faults import Faults
from hil.pty_line import PtyLine
from hil.wire import Wire
from hil.zigbee.control import Control, listening
from hil.zigbee.dialect import RELEASES
from hil.zigbee.faults import FAULTS
from hil.zigbee.house import House
from hil.zigbee.stick import Stick

_BAUD = 115200
DEFAULT = "zigbee-stick/house"


async def serve(arguments: EmulateArguments) -> None:
    """Serve until cancelled. Raises ValueError for a fault, or a version of EZSP, that is not known."""
    faults = Faults(arguments.faults, FAULTS)
    version = faults.number("ezsp") if "ezsp" in faults else 13
    if version not in RELEASES:
        raise ValueError(f"no EZSP {version} here; there are {', '.join(map(str, RELEASES))}")
    profile = arguments.profile if "/" in arguments.profile else DEFAULT
    house = House(data_file(profile), version, minute_s=faults.seconds("minute") if "minute" in faults else 60.0)
    if "fragments" in faults:
        house.allow_fragments()
    if "library" in faults:
        house.write_certificates()
    if "formed" in faults:
        house.form()
    # A stick on USB takes any line speed.
    line = PtyLine(_BAUD, Wire(real=arguments.real, strict=False), arguments.link)
    try:
        stick = Stick(line, house.ncp, faults)
        async with listening(Control(house, stick), arguments.link):
            arguments.announce(line.path)
            await stick.run()
    finally:
        line.close()
