"""The section ``[d0]`` of a device map: what a meter of mode D leaves out or writes otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from drivers.d0.quirks import D0Map, Library, Quirks
from gateway.device_map.head import Head, TestTable
from gateway.device_map.sections import SectionTable
from gateway.device_map.strict import Wrong
from gateway.device_map.telegram_vector import TelegramTest, held

Test = TelegramTest


class Section(SectionTable):
    """``[d0]``: only what is not as usual; all of it may be left out.

    ``energy_unit`` and ``power_unit``: of active energy and power where the meter writes none. ``hexadecimal_time``: its
    time of operation, 0-0:96.8.0, is in hexadecimal seconds.
    """

    energy_unit: Literal["", "Wh", "kWh", "MWh"] = ""
    power_unit: Literal["", "W", "kW"] = ""
    hexadecimal_time: bool = False

    def part(self, name: str, head: Head) -> D0Map:
        if head.identification.identification_message is None:
            raise Wrong(((), "needs [identification] identification_message: the meter is known by it"))
        quirks = Quirks(self.energy_unit, self.power_unit, self.hexadecimal_time)
        return D0Map(name, head.identification.identification_message, quirks)

    def rows(self) -> Iterable[Mapping[str, str]]:
        return ()


def check(part: object, test: TestTable) -> list[str]:
    """Decode the vector with the map. Returns what does not hold."""
    assert isinstance(part, D0Map)  # noqa: S101 - the loader pairs a section's part with its own tests
    assert isinstance(test, Test)  # noqa: S101 - as above
    text = test.telegram.strip("\n").replace("\n", "\r\n") + "\r\n!\r\n"
    if not re.search(part.identification, text.partition("\r")[0][1:]):
        return [f"the pattern {part.identification!r} does not know {text.partition(chr(13))[0]!r}"]
    return held("d0", text.encode(), part, test)


def library(parts: Mapping[str, object]) -> Library:
    """All maps, for a meter that nobody named."""
    return {name: part for name, part in parts.items() if isinstance(part, D0Map)}


def skeleton(found: object | None) -> str:
    """The beginning of a section. A scan writes none of this protocol."""
    if found is not None:
        raise ValueError("a sweep is of a Modbus meter")
    return """\
[identification]
identification_message = ""  # a pattern in the text after "/"

[clock]
time = "none"

[d0]

[[test]]
name = "a telegram"
telegram = '''
'''
expect = {}
"""
