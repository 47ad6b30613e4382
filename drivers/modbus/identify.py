"""Which map a meter is of: the marks of all maps, asked for once each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from drivers.modbus import value
from drivers.modbus.decode import Decoding, NoValue
from drivers.modbus.image import Image
from drivers.modbus.questions import Questions
from drivers.modbus.registers import WIDTH, Form, Mark, MarkKind, ModbusMap, Table
from drivers.reading import Obis

#: What a mains connection shows: voltage of L1 and frequency, in V and Hz.
_MAINS = ((Obis(1, 0, 32, 7, 0), 80, 300), (Obis(1, 0, 14, 7, 0), 45, 65))


@dataclass(slots=True)
class Said:
    """What a unit says of itself. ``objects`` by FC 43/14, ``server_id`` by FC 17, ``registers`` by the mark that asked."""

    objects: dict[int, str] = field(default_factory=dict)
    server_id: str = ""
    registers: dict[Mark, int | str] = field(default_factory=dict)
    sunspec: tuple[str, str] | None = None  #: manufacturer and model of the common model

    def words(self) -> str:
        """In one line, for a person; empty when it says nothing."""
        parts = [self.objects[number] for number in sorted(self.objects) if self.objects[number]]
        if self.server_id:
            parts.append(self.server_id)
        if self.sunspec:
            parts.append("SunSpec " + " ".join(self.sunspec))
        return ", ".join(parts)


async def ask(questions: Questions, maps: Mapping[str, ModbusMap], sunspec: tuple[str, str] | None) -> Said:
    """Ask a unit all that the maps' marks want to know, and no more. Raises NoAnswer when it answers nothing; LinkLost."""
    marks = {mark for found in maps.values() for mark in found.marks}
    kinds = {mark.by for mark in marks}
    said = Said(sunspec=sunspec)
    seen: dict[tuple[Table, int, int], list[int] | None] = {}
    for mark in sorted((mark for mark in marks if mark.by is MarkKind.REGISTER), key=_place):
        if _place(mark) not in seen:
            seen[_place(mark)] = await questions.words(*_place(mark))
        words = seen[_place(mark)]
        if words is not None and (read := _value(mark, words)) is not None:
            said.registers[mark] = read
    if MarkKind.DEVICE_IDENTIFICATION in kinds:
        said.objects = await questions.objects()
    if MarkKind.SERVER_ID in kinds:
        said.server_id = await questions.server_id()
    return said


def matching(said: Said, maps: Mapping[str, ModbusMap]) -> list[str]:
    """The names of the maps one of whose marks fits, sorted."""
    return sorted(name for name, found in maps.items() if any(_fits(mark, said) for mark in found.marks))


def plausible(image: Image, maps: Mapping[str, ModbusMap], read_at: datetime) -> list[str]:
    """The maps by which a mains voltage and frequency stand where they should. A hint for a person and no identification:
    sister models and wrong variants look the same."""
    return sorted(
        name
        for name, found in maps.items()
        if all(_within(Decoding(found, image, read_at), found, obis, low, high) for obis, low, high in _MAINS)
    )


def _within(decoding: Decoding, found: ModbusMap, obis: Obis, low: int, high: int) -> bool:
    register = next((one for one in found.registers if one.obis == obis), None)
    try:
        return register is not None and low <= decoding.value(register) <= high
    except NoValue:
        return False


def _fits(mark: Mark, said: Said) -> bool:
    if mark.by is MarkKind.DEVICE_IDENTIFICATION:
        return mark.object in said.objects and bool(re.search(mark.pattern, said.objects[mark.object]))
    if mark.by is MarkKind.SERVER_ID:
        return bool(said.server_id) and bool(re.search(mark.pattern, said.server_id))
    if mark.by is MarkKind.SUNSPEC:
        return (
            said.sunspec is not None
            and bool(re.search(mark.manufacturer, said.sunspec[0]))
            and bool(re.search(mark.pattern, said.sunspec[1]))
        )
    seen = said.registers.get(mark)
    if seen is None:
        return False
    return bool(re.search(mark.pattern, seen)) if isinstance(seen, str) else seen in mark.values


def _place(mark: Mark) -> tuple[Table, int, int]:
    return mark.table, mark.address, WIDTH.get(mark.form, mark.registers)


def _value(mark: Mark, words: list[int]) -> int | str | None:
    if mark.form is not Form.STRING:
        return value.pattern(words)
    try:
        return value.text(words)
    except value.Undecodable:
        return None
