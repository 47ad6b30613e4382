"""A section of a protocol that does not exist, small enough to see the mechanism through."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import ModuleType

import pytest

from gateway.device_map.head import Head, TestTable
from gateway.device_map.sections import SECTIONS, SectionTable
from gateway.device_map.strict import Exact, ObisCode, Strict, Wrong


class Register(Strict):
    obis: ObisCode
    scale: Exact


class Section(SectionTable):
    baud: int
    registers: list[Register] = []

    def part(self, name: str, head: Head) -> object:
        seen: set[str] = set()
        for number, register in enumerate(self.registers):
            if str(register.obis) in seen:
                raise Wrong((("registers", number, "obis"), "stands twice"))
            seen.add(str(register.obis))
        return (name, head.meter.manufacturer, self.baud, [register.scale for register in self.registers])

    def rows(self) -> list[dict[str, str]]:
        return [{"obis": str(row.obis), "unit": "kWh", "scale": str(row.scale)} for row in self.registers]


class Test(TestTable):
    __test__ = False
    sent: str


def check(part: object, test: TestTable) -> list[str]:
    assert isinstance(test, Test)
    return [] if test.sent == "00" else [f"sent {test.sent}, expected 00"]


def library(parts: Mapping[str, object]) -> object:
    return dict(parts)


def skeleton(found: object | None) -> str:
    return "[example]\nbaud = 9600\n"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the section ``example``, known while the test runs."""
    module = ModuleType("example_section")
    for thing in (Section, Test, check, library, skeleton):
        setattr(module, thing.__name__, thing)
    monkeypatch.setitem(sys.modules, "example_section", module)
    monkeypatch.setitem(SECTIONS, "example", "example_section")
    return "example"


@pytest.fixture
def good() -> str:
    """A map of that protocol with nothing wrong in it."""
    return """\
[meter]
manufacturer = "Example"
models = ["E1"]

[evidence]
level = "decoded"
sources = [{ name = "manual", where = "page 3" }]

[example]
baud = 9600
registers = [
  { obis = "1-0:1.8.0*255", scale = 0.1 },
  { obis = "1-0:2.8.0*255", scale = 10 },
]

[[test]]
name = "one"
sent = "00"
"""
