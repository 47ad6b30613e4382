"""What makers do otherwise, as data: by device map, else by the maker's letters.

Seen and written down by others: Holley gives power without a sign and the direction in the status word (vzlogger #476);
old DZG DVS74 put a power of 327.68 to 655.35 W into a signed number of two bytes, where it looks negative (libsml #59,
#105), newer ones do not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

#: Power: value group C of the sum and of the three phases, D = 7 (IEC 62056-61).
POWERS = frozenset({(c, 7, 0) for c in (16, 36, 56, 76)})
#: Bit of the status word that is set while energy flows out (FNN Lastenheft EDL; EMH ED300L, Holley DTZ541).
EXPORTING = 1 << 5


class ShortPower(StrEnum):
    """How a power in a number of fewer than four bytes is meant."""

    AS_SENT = "as sent"
    SIGNED_IS_UNSIGNED = "signed is unsigned"
    UNSIGNED_IS_SIGNED = "unsigned is signed"


@dataclass(frozen=True, slots=True)
class Quirks:
    """``direction_in_status``: power is a magnitude, its sign stands in the status word of the energy registers."""

    direction_in_status: bool = False
    short_power: ShortPower = ShortPower.AS_SENT


@dataclass(frozen=True, slots=True)
class SmlMap:
    """A device map's part for SML. ``server_id`` is searched for in the server id in hexadecimal, capitals."""

    name: str
    server_id: str = ""
    quirks: Quirks = Quirks()


#: What the driver gets when nobody names a map: all of them, by name.
Library = Mapping[str, SmlMap]

_AS_STANDARD = Quirks()
#: Bytes 3 to 5 of a server id after DIN 43863-5 -> quirks.
_BY_MAKER = {b"HLY": Quirks(direction_in_status=True)}
#: Fabrication numbers of the DZG DVS74 that have the fault (libsml, detect_buggy_dzg_dvs74).
_OLD_DZG = (range(42_000_000, 49_000_000), range(55_000_000, 59_000_000))


def quirks(server: bytes, meter_map: object | None) -> Quirks:
    """The quirks of a meter: of the map that was named, of the map that knows its server id, or of its maker."""
    if isinstance(meter_map, SmlMap):
        return meter_map.quirks
    if isinstance(meter_map, Mapping):
        text = server.hex().upper()
        for known in meter_map.values():
            if isinstance(known, SmlMap) and known.server_id and re.search(known.server_id, text):
                return known.quirks
    maker = server[2:5]
    if maker == b"DZG" and any(int.from_bytes(server[5:], "big") in numbers for numbers in _OLD_DZG):
        return Quirks(short_power=ShortPower.SIGNED_IS_UNSIGNED)
    return _BY_MAKER.get(maker, _AS_STANDARD)
