"""The section ``[p1]`` of a device map: how a P1 meter differs from its country's standard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from drivers.crc16 import CHECKS
from drivers.p1.quirks import Library, P1Map, Quirks
from gateway.device_map.head import Head, TestTable
from gateway.device_map.sections import SectionTable
from gateway.device_map.strict import ObisCode, Wrong
from gateway.device_map.telegram_vector import TelegramTest, held

#: A vector's telegram is without its check, which is computed by the map.
Test = TelegramTest


class Section(SectionTable):
    """``[p1]``: only what is not as usual; all of it may be left out.

    ``standard`` is for the person who reads it. ``check``: the kind of CRC, or ``none`` (DSMR 2 and 3). ``month_columns``:
    what the columns of 0-0:98.1.0 hold where the telegram does not tell.
    """

    standard: str = ""
    check: Literal["arc", "x25", "none"] = "arc"
    month_columns: list[ObisCode] = []

    def part(self, name: str, head: Head) -> P1Map:
        if head.identification.identification_message is None:
            raise Wrong(((), "needs [identification] identification_message: the meter is known by it"))
        check = "arc" if self.check == "none" else self.check
        quirks = Quirks(check, tuple(self.month_columns))
        return P1Map(name, head.identification.identification_message, quirks)

    def rows(self) -> Iterable[Mapping[str, str]]:
        return ()


def check(part: object, test: TestTable) -> list[str]:
    """Decode the vector with the map. Returns what does not hold."""
    assert isinstance(part, P1Map)  # noqa: S101 - the loader pairs a section's part with its own tests
    assert isinstance(test, Test)  # noqa: S101 - as above
    text = test.telegram.strip("\n").replace("\n", "\r\n") + "\r\n!"
    if not re.search(part.identification, text.partition("\r")[0][1:]):
        return [f"the pattern {part.identification!r} does not know {text.partition(chr(13))[0]!r}"]
    data = text.encode()
    return held("p1", data + f"{CHECKS[part.quirks.check](data):04X}\r\n".encode(), part, test)


def library(parts: Mapping[str, object]) -> Library:
    """All maps, for a meter that nobody named."""
    return {name: part for name, part in parts.items() if isinstance(part, P1Map)}


def skeleton(found: object | None) -> str:
    """The beginning of a section. A scan writes none of this protocol."""
    if found is not None:
        raise ValueError("a sweep is of a Modbus meter")
    return """\
[identification]
identification_message = ""  # a pattern in the text after "/"

[clock]
time = "local"

[p1]
standard = ""

[[test]]
name = "a telegram, its check left out"
telegram = '''
'''
expect = {}
"""
