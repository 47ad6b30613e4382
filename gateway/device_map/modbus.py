"""The section ``[modbus]`` of a device map: from its tables to the dataclasses of ``drivers.modbus.registers``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from drivers.counter import Counter
from drivers.link.link import LineSettings
from drivers.modbus import map_check
from drivers.modbus.registers import (
    WIDTH,
    Bit,
    Case,
    Form,
    Group,
    Guard,
    Identity,
    Library,
    Limits,
    Mark,
    MarkKind,
    ModbusMap,
    Order,
    Range,
    Register,
    Table,
    Timing,
    Write,
)
from gateway.device_map import modbus_tables as tables
from gateway.device_map import modbus_vectors
from gateway.device_map.head import Head, ModbusMark, TestTable
from gateway.device_map.sections import Place, SectionTable
from gateway.device_map.strict import Wrong

_PARITY = {"none": "N", "even": "E", "odd": "O"}


class Section(SectionTable):
    """``[modbus]``. ``table``, ``type``, ``order`` and ``invalid`` hold for every row that does not say its own."""

    table: tables.Table = "holding"
    type: tables.Type = "u16"
    order: tables.Order = "ABCD"
    invalid: list[tables.Sentinel] = []
    line: tables.LineTable = tables.LineTable()
    requests: tables.RequestsTable = tables.RequestsTable()
    identity: tables.IdentityTable = tables.IdentityTable()
    groups: dict[str, tables.GroupTable] = {}
    guards: list[tables.GuardTable] = []
    registers: list[tables.Row]
    writes: list[tables.WriteTable] = []

    def part(self, name: str, head: Head) -> ModbusMap:
        wrong: list[tuple[tuple[str | int, ...], str]] = []
        registers = []
        for number, row in enumerate(self.registers):
            try:
                registers.append(self._register(row))
            except ValueError as error:
                wrong.append((("registers", number), str(error)))
        made = ModbusMap(
            name=name,
            registers=tuple(registers),
            groups=tuple(Group(key, group.atomic, group.twice, group.period_s) for key, group in self.groups.items()),
            guards=tuple(self._guard(guard) for guard in self.guards),
            marks=tuple(_mark(mark) for mark in head.identification.modbus),
            identity=Identity(
                manufacturer=head.meter.manufacturer,
                model=head.meter.models[0],
                serial_from=self.identity.serial,
                model_from=self.identity.model,
                firmware_from=self.identity.firmware,
            ),
            limits=Limits(
                self.requests.max_registers,
                self.requests.max_gap,
                tuple(Range(Table(span.table), span.first, span.last) for span in self.requests.forbidden),
            ),
            timing=Timing(
                timeout_s=self.requests.timeout_ms / 1000,
                turnaround_s=self.requests.turnaround_ms / 1000,
                quiet_s=self.requests.pause_ms / 1000,
                retries=self.requests.retries,
            ),
            line=LineSettings(self.line.baud, parity=_PARITY[self.line.parity], stop_bits=self.line.stop_bits),
            unit=self.line.unit,
            writes=tuple(_write(write) for write in self.writes),
        )
        wrong += self._codes_twice()
        wrong += self._unknown_affected()
        wrong += [(self._place(of), f"{of}: {what}") for of, what in map_check.problems(made)]
        if wrong:
            raise Wrong(*wrong)
        return made

    def rows(self) -> Iterable[Mapping[str, str]]:
        return [self._shown(row) for row in self.registers]

    def place_of_row(self, number: int) -> Place:
        return "registers", number

    def event_codes(self) -> Iterable[tuple[Place, str, str]]:
        for number, row in enumerate(self.registers):
            for at, bit in enumerate(row.bits):
                yield ("registers", number, "bits", at), row.events, bit.code

    def _shown(self, row: tables.Row) -> Mapping[str, str]:
        form = row.type or self.type
        order = self._order(row, Form(form))
        length = f"[{row.registers}]" if row.registers else ""
        marks = [f"x {name}" for name in row.ratio]
        marks += [f"x 10^{row.scale_from}"] * bool(row.scale_from) + ["optional"] * row.optional
        marks += [f"group {row.group}"] * bool(row.group)
        marks += ["resettable"] * (row.counter is not None and row.counter.resettable)
        marks += ["guard"] * any(guard.register_ == row.name for guard in self.guards)
        return {
            "obis": str(row.obis or ""),
            "name": row.name,
            "register": f"{row.table or self.table} 0x{row.address:04X} ({row.address})",
            "type": form + length + (f" {order}" if order is not Order.ABCD and WIDTH.get(Form(form)) != 1 else ""),
            "scale": "" if row.scale == 1 else f"{row.scale:f}",
            "unit": row.unit,
            "sources": str(row.agree or ""),
            "notes": ", ".join(filter(None, [*marks, row.note])),
        }

    def _register(self, row: tables.Row) -> Register:
        form = Form(row.type or self.type)
        return Register(
            name=row.name,
            address=row.address,
            form=form,
            table=Table(row.table or self.table),
            registers=row.registers or 0,
            order=self._order(row, form),
            obis=row.obis,
            unit=row.unit,
            scale=row.scale,
            offset=row.offset,
            scale_from=row.scale_from,
            ratio=tuple(row.ratio),
            sentinels=_sentinels(form, self.invalid if row.invalid is None else row.invalid, row.invalid is not None),
            low=row.low,
            high=row.high,
            optional=row.optional,
            group=row.group,
            counter=None
            if row.counter is None
            else Counter(row.counter.resolution, row.counter.rollover, row.counter.resettable),
            bits=tuple(Bit(bit.number, bit.code, bit.meaning) for bit in row.bits),
            events=row.events,
        )

    def _order(self, row: tables.Row, form: Form) -> Order:
        """Texts stand in reading order, whatever the order of the numbers, unless the row says otherwise."""
        return Order(row.order or ("ABCD" if form is Form.STRING else self.order))

    def _guard(self, guard: tables.GuardTable) -> Guard:
        affects = [row.name for row in self.registers if row.name in guard.affects or row.group in guard.affects]
        cases = tuple(Case(case.value, case.factor) for case in guard.cases)
        return Guard(guard.register_, cases, tuple(affects), guard.why)

    def _unknown_affected(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        known = {row.name for row in self.registers} | {*self.groups}
        for number, guard in enumerate(self.guards):
            for at, name in enumerate(guard.affects):
                if name not in known:
                    yield ("guards", number, "affects", at), f"no register and no group {name!r}"

    def _codes_twice(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        first: dict[object, str] = {}
        for number, row in enumerate(self.registers):
            if row.obis is not None and (other := first.setdefault(row.obis, row.name)) != row.name:
                yield ("registers", number, "obis"), f"{row.obis} is {other!r} already"

    def _place(self, name: str) -> tuple[str | int, ...]:
        """Where in the section the thing stands that the check calls by this name."""
        for number, row in enumerate(self.registers):
            if row.name == name:
                return "registers", number
        if name in self.groups:
            return "groups", name
        for number, write in enumerate(self.writes):
            if write.name == name:
                return "writes", number
        for number, guard in enumerate(self.guards):
            if guard.register_ == name or name in guard.affects:
                return "guards", number
        return ("identity",)


#: The model of a ``[[test]]`` of this section.
Test = tables.VectorTable


def check(part: object, test: TestTable) -> list[str]:
    """What of a vector does not hold."""
    if not (isinstance(part, ModbusMap) and isinstance(test, tables.VectorTable)):
        raise TypeError("a Modbus map and its vector")
    return list(modbus_vectors.run(part, test))


def skeleton(found: object | None) -> str:
    """The beginning of a section: empty, or from a sweep of a meter's registers."""
    from gateway.device_map import modbus_draft  # only for `metergate map draft`

    return modbus_draft.skeleton(found)


def library(parts: Mapping[str, object]) -> Library:
    """All maps, for a meter that nobody named."""
    return Library({name: part for name, part in parts.items() if isinstance(part, ModbusMap)})


def _sentinels(form: Form, given: list[tables.Sentinel], own: bool) -> tuple[int, ...]:
    """Raw patterns of the words ``max`` and ``min``. Those of the section hold for whole numbers only."""
    width = 16 * WIDTH.get(form, 0)
    if form in (Form.F32, Form.F64) or not width:
        if own and any(isinstance(value, str) for value in given):
            raise ValueError(f"max and min belong to whole numbers, not to a {form}")
        return tuple(value for value in given if isinstance(value, int)) if own else ()
    signed = form.startswith("i")
    largest = (1 << (width - signed)) - 1
    words = {"max": largest, "min": 1 << (width - 1) if signed else 0}
    patterns = [words[value] if isinstance(value, str) else value for value in given]
    if own and any(pattern >> width for pattern in patterns):
        raise ValueError(f"an invalid value is longer than a {form}")
    return tuple(pattern for pattern in patterns if not pattern >> width)


def _mark(mark: ModbusMark) -> Mark:
    return Mark(
        by=MarkKind(mark.by),
        object=mark.object,
        table=Table(mark.table),
        address=mark.address or 0,
        form=Form(mark.type),
        registers=mark.registers,
        values=tuple(mark.values),
        pattern=mark.pattern,
        manufacturer=mark.manufacturer,
    )


def _write(write: tables.WriteTable) -> Write:
    return Write(
        name=write.name,
        address=write.address,
        form=Form(write.type),
        table=Table(write.table),
        registers=write.registers or 0,
        order=Order(write.order),
        scale=write.scale,
        offset=write.offset,
        unit=write.unit,
        fixed=write.fixed,
        allowed=tuple(write.allowed),
        low=write.low,
        high=write.high,
        single=write.single,
        read_back=write.read_back,
        why=write.why,
    )
