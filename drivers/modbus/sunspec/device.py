"""A SunSpec device: found by its mark, walked model by model, read meter by meter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from drivers.errors import BadFrame
from drivers.modbus import value
from drivers.modbus.decode import Decoding
from drivers.modbus.memory import Memory
from drivers.modbus.questions import Questions
from drivers.modbus.reader import Reader, Unit, needed
from drivers.modbus.registers import Table
from drivers.modbus.sunspec.models import COMMON, HEAD, METERS, as_map, models
from drivers.reading import Meter, NotUnderstood, Obis, Record

#: Where the mark may stand (SunSpec Technology Overview, 6.2), the usual first.
BASES = (40000, 50000, 0)
_MARK = [0x5375, 0x6E53]  # "SunS"
_END = 0xFFFF
#: A chain that is longer, or a model, is no chain of models.
_MOST_MODELS, _MOST_LENGTH = 64, 4096
#: Of a common model these can be read in one request.
_COMMON_POINTS = 66


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the chain: its id, the address of that id, and the registers that follow id and length."""

    id: int
    address: int
    length: int


@dataclass(frozen=True, slots=True)
class Common:
    """What a common model says."""

    manufacturer: str
    model: str
    firmware: str
    serial: str


@dataclass(frozen=True, slots=True)
class SunspecDevice:
    """``models`` as they stand in the chain; ``commons`` what each common model among them says, in the same order."""

    models: tuple[Model, ...]
    commons: tuple[Common, ...]

    @property
    def says(self) -> tuple[str, str]:
        """Manufacturer and model, of the first common model."""
        return (self.commons[0].manufacturer, self.commons[0].model) if self.commons else ("", "")

    def model(self, *ids: int) -> Model | None:
        """The first model with one of these ids, in the order of ``ids``."""
        return next((one for wanted in ids for one in self.models if one.id == wanted), None)

    def meter(self, source: str) -> Meter:
        """The device itself."""
        return _meter(self.commons[0], source, 1) if self.commons else Meter(source=source)

    async def records(
        self, unit: Unit, source: str, now: Callable[[], datetime], wanted: Sequence[Obis] = ()
    ) -> list[Record]:
        """Every meter of the device, each with its own Meter record. A model that is not known is said."""
        found: list[Record] = []
        common, nth = -1, 0
        unknown: list[Record] = []
        for model in self.models:
            if model.id == COMMON:
                common, nth = common + 1, 0
            elif model.id in METERS:
                nth += 1
                who = _meter(self.commons[common], source, nth) if common >= 0 else Meter(source=source)
                found += await _read(unit, model, who, now, wanted)
            elif model.id not in models():
                what = f"SunSpec model {model.id} of {model.length} registers is not read"
                unknown.append(NotUnderstood(self.meter(source).key, str(model.id), what))
        return [*(found or [self.meter(source)]), *unknown]


async def discover(questions: Questions) -> SunspecDevice | None:
    """The chain of models of a unit; None when it has no mark of SunSpec. Raises BadFrame for a chain that does not end."""
    for base in BASES:
        if await questions.words(Table.HOLDING, base, len(_MARK)) == _MARK:
            return await _walk(questions, base + len(_MARK))
    return None


async def _walk(questions: Questions, address: int) -> SunspecDevice:
    found: list[Model] = []
    commons: list[Common] = []
    where = f"{questions.unit.bus.name}, unit {questions.unit.number}"
    while len(found) < _MOST_MODELS:
        head = await questions.words(Table.HOLDING, address, HEAD)
        if head is None or head[0] == _END:  # some end their chain by refusing what follows
            return SunspecDevice(tuple(found), tuple(commons))
        model, length = head
        if not 0 < length <= _MOST_LENGTH or address + HEAD + length > 65536:
            break
        found.append(Model(model, address, length))
        if model == COMMON:
            commons.append(await _common(questions, address))
        address += HEAD + length
    raise BadFrame(f"the chain of SunSpec models does not end well at {address}", where=where)


async def _common(questions: Questions, address: int) -> Common:
    words = await questions.words(Table.HOLDING, address, _COMMON_POINTS)
    if words is None:
        return Common("", "", "", "")

    def text(name: str) -> str:
        point = models()[COMMON][name]
        try:
            return value.text(words[point.offset : point.offset + point.registers])
        except value.Undecodable:
            return ""

    return Common(text("Mn"), text("Md"), text("Vr"), text("SN"))


def _meter(common: Common, source: str, nth: int) -> Meter:
    """The ``nth`` meter under one common model: they share a serial number, so the later ones carry their place behind it."""
    serial = common.serial if nth == 1 or not common.serial else f"{common.serial}.{nth}"
    return Meter(common.manufacturer, serial, common.model, common.firmware, source)


async def _read(
    unit: Unit, model: Model, who: Meter, now: Callable[[], datetime], wanted: Sequence[Obis]
) -> list[Record]:
    found = as_map(model.id, model.address, model.length)
    image, suspect = await Reader(unit, found, Memory()).image(needed(found, wanted))
    decoding = Decoding(found, image, now(), who.source, wanted, suspect, who)
    return list(decoding.records())
