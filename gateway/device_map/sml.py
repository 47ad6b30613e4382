"""The section ``[sml]`` of a device map: what a maker does otherwise in SML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from drivers.sml.quirks import Library, Quirks, ShortPower, SmlMap
from gateway.device_map.head import Head, TestTable
from gateway.device_map.sections import SectionTable
from gateway.device_map.strict import Wrong
from gateway.device_map.telegram_vector import TelegramTest, held

#: A vector's telegram is a whole frame in hexadecimal.
Test = TelegramTest


class Section(SectionTable):
    """``[sml]``: only what is not as usual; all of it may be left out.

    ``direction_in_status``: power is a magnitude, its sign stands in the status word. ``short_power``: how a power in fewer
    than four bytes is meant.
    """

    direction_in_status: bool = False
    short_power: Literal["as sent", "signed is unsigned", "unsigned is signed"] = "as sent"

    def part(self, name: str, head: Head) -> SmlMap:
        if head.identification.server_id is None:
            raise Wrong(((), "needs [identification] server_id: the meter is known by it"))
        return SmlMap(
            name, head.identification.server_id, Quirks(self.direction_in_status, ShortPower(self.short_power))
        )

    def rows(self) -> Iterable[Mapping[str, str]]:
        return ()


def check(part: object, test: TestTable) -> list[str]:
    """Decode the vector with the map. Returns what does not hold."""
    assert isinstance(part, SmlMap)  # noqa: S101 - the loader pairs a section's part with its own tests
    assert isinstance(test, Test)  # noqa: S101 - as above
    try:
        data = bytes.fromhex(test.telegram)
    except ValueError:
        return ["the telegram is no hexadecimal"]
    # The server id is sent behind its type-length field, 0B for its ten bytes.
    ids = {data[at + 1 : at + 11].hex().upper() for at in range(len(data)) if data[at] == 0x0B}
    if not any(re.search(part.server_id, each) for each in ids):
        return [f"the pattern {part.server_id!r} knows none of {', '.join(sorted(ids))}"]
    return held("sml", data, part, test)


def library(parts: Mapping[str, object]) -> Library:
    """All maps, for a meter that nobody named."""
    return {name: part for name, part in parts.items() if isinstance(part, SmlMap)}


def skeleton(found: object | None) -> str:
    """The beginning of a section. A scan writes none of this protocol."""
    if found is not None:
        raise ValueError("a sweep is of a Modbus meter")
    return """\
[identification]
server_id = ""  # a pattern in the server id, in hexadecimal

[clock]
time = "none"

[sml]

[[test]]
name = "a frame"
telegram = ""
expect = {}
"""
