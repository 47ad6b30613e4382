"""What the objects of a P1 telegram are, for all countries at once: a table by value groups C and D.

From DSMR 2.2 to ESMR 5.0.2 (P1 companion standard, chapter 6), e-MUCS-P1 1.7.1 and 2.1.1, and telegrams of Luxembourg,
Sweden, Hungary and Austria. An object that is not here is a register when its value is a number, else a text.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from drivers.iec62056_21.address import normalise
from drivers.reading import Obis


class Kind(Enum):
    """How the value of an object is to be taken."""

    REGISTER = auto()  #: a number with its unit; a text where it is none
    TEXT = auto()  #: digits that are a name, a state or a time
    OCTETS = auto()  #: a text, written as the hexadecimal of its characters
    M_BUS_VALUE = auto()  #: (time)(value*unit) of an M-Bus device
    M_BUS_PROFILE = auto()  #: (time)(status)(minutes)(n)(object)(unit)...(value)...: DSMR 2.2 and 3.0
    FAILURES = auto()  #: (n)(object)(time)(seconds)...: long power failures
    PROFILE = auto()  #: (n)(object)(object)(time)(time)(value)...: month peaks of Belgium; (time)(value)... of Hungary


_BY_C_D: dict[tuple[int, int], Kind] = {
    (0, 0): Kind.TEXT,
    (0, 2): Kind.TEXT,  # 1-3:0.2.8 version of P1
    (1, 0): Kind.TEXT,  # 0-0:1.0.0 time of the telegram
    (24, 1): Kind.TEXT,  # device type of an M-Bus device (EN 13757-3)
    (24, 2): Kind.M_BUS_VALUE,
    (24, 3): Kind.M_BUS_PROFILE,
    (24, 4): Kind.TEXT,  # position of its valve or switch
    (42, 0): Kind.OCTETS,  # COSEM logical device name
    (94, 32): Kind.TEXT,  # BE: connection type
    (96, 1): Kind.OCTETS,  # serial numbers, EAN
    (96, 3): Kind.TEXT,  # position of the breaker or switch
    (96, 13): Kind.OCTETS,  # messages to the customer
    (96, 14): Kind.TEXT,  # tariff in effect
    (98, 1): Kind.PROFILE,
    (99, 97): Kind.FAILURES,
}
#: What differs from the others of its C and D: 0-0:96.1.4 is Belgium's version number, in plain digits.
_BY_C_D_E: dict[tuple[int, int, int], Kind] = {(96, 1, 4): Kind.TEXT}

#: Where the meter's own number stands, the best first, and where that of an M-Bus device does (value groups C, D, E).
SERIALS = ((96, 1, 1), (96, 1, 0), (42, 0, 0), (0, 0, 0))
M_BUS_SERIALS = ((96, 1, 0), (96, 1, 1))
#: Channels of M-Bus devices: value group B of an abstract object (IEC 62056-61).
_CHANNELS = range(1, 65)
#: ``1-0:99:97.0``: so the example of DSMR 4.0 has it, and meters that were built by the example.
_MISPRINT = re.compile(r"^(\d+-\d+:\d+):")


class Object(NamedTuple):
    """``obis`` of an address, its ``kind``, and the ``channel`` of the M-Bus device it may belong to; 0: the meter's own."""

    obis: Obis
    kind: Kind
    channel: int


@lru_cache(maxsize=4096)
def known(address: str) -> Object | None:
    """What stands at an address; None when it is no OBIS code."""
    found = normalise(_MISPRINT.sub(r"\1.", address.replace(" ", "")))
    if found is None:
        return None
    obis = found.obis
    kind = _BY_C_D_E.get(obis[2:5]) or _BY_C_D.get(obis[2:4]) or Kind.REGISTER
    channel = obis.b if obis.a == 0 and obis.b in _CHANNELS and obis.c in (24, 96) else 0
    return Object(obis, kind, channel)
