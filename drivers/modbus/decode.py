"""Registers to records, by a map: values that its guards allow, doubts where something is not as it should be.

Pure: an ``Image`` in, records out. A value that has no meaning here is not dropped but given as ``NotUnderstood``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, DecimalException

from drivers.modbus import value as values
from drivers.modbus.image import Image
from drivers.modbus.registers import Form, Guard, ModbusMap, Register, Table
from drivers.reading import Doubt, Meter, MeterEvent, NotUnderstood, Obis, Reading, Record, Text

#: A power of ten beyond this is no scale (SunSpec: sunssf is -10 to 10).
_MOST_EXPONENT = 10
#: Modbus Application Protocol V1.1b3, 7.
EXCEPTIONS = {
    1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "server device failure",
    5: "acknowledge", 6: "server device busy", 8: "memory parity error", 10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}  # fmt: skip


class NoValue(Exception):
    """A register that gives no value; the text says why. ``silent``: nothing is wrong, this meter has not got it."""

    def __init__(self, why: str, *, silent: bool = False) -> None:
        super().__init__(why)
        self.silent = silent


@dataclass(slots=True)
class Decoding:
    """One map on one image. ``wanted`` are the OBIS codes asked for; none means all."""

    found: ModbusMap
    image: Image
    read_at: datetime
    source: str = ""
    wanted: Sequence[Obis] = ()
    suspect: frozenset[str] = frozenset()  #: registers whose group did not read the same twice
    who: Meter | None = None  #: the meter, where it is known by other means than identity registers
    _known: dict[str, Register] = field(init=False)

    def __post_init__(self) -> None:
        self._known = {register.name: register for register in self.found.registers}

    def records(self) -> Iterator[Record]:
        """The Meter first, then every register in the map's order."""
        meter = self.meter()
        yield meter
        factors, bars, doubted = self._guarded()
        for register in self.found.registers:
            if self.wanted and register.obis not in self.wanted:
                continue
            if register.bits:
                yield from self._events(meter.key, register)
            if register.obis is None:
                continue
            if register.name in bars:
                yield NotUnderstood(meter.key, self._raw(register), bars[register.name], register.obis)
                continue
            try:
                yield self._record(meter.key, register, factors.get(register.name), register.name in doubted)
            except NoValue as why:
                if not why.silent:
                    yield NotUnderstood(meter.key, self._raw(register), str(why), register.obis)

    def meter(self) -> Meter:
        """Who it is, from the map and from its identity registers where they can be read."""
        if self.who is not None:
            return self.who
        identity = self.found.identity
        return Meter(
            manufacturer=identity.manufacturer,
            serial=self._identity_text(identity.serial_from),
            model=self._identity_text(identity.model_from) or identity.model,
            firmware=self._identity_text(identity.firmware_from),
            source=self.source,
        )

    def value(self, register: Register) -> Decimal:
        """The register's value in its unit, before any guard. Raises NoValue."""
        words = self._words(register)
        raw = values.pattern(words, values.form_order(register.form, register.order))
        if raw in register.sentinels:
            raise NoValue("the meter says that it has no value")
        try:
            exact = values.number(words, register.form, register.order)
        except values.Undecodable as error:
            raise NoValue(str(error)) from None
        if exact is None:
            raise NoValue("the meter says that it has no value (NaN)")
        factors = [register.scale, *self._scales(register)]
        try:
            for factor in factors:
                exact = values.EXACT.multiply(exact, factor)
            return values.plain(values.EXACT.add(exact, register.offset) if register.offset else exact)
        except DecimalException:
            raise NoValue("the value cannot be given exactly") from None

    def _scales(self, register: Register) -> Iterator[Decimal]:
        if register.scale_from:
            exponent = self._helper(register.scale_from)
            if exponent != int(exponent) or abs(exponent) > _MOST_EXPONENT:
                raise NoValue(f"its scale register {register.scale_from} says 10^{exponent}")
            yield Decimal((0, (1,), int(exponent)))
        for name in register.ratio:
            ratio = self._helper(name)
            if ratio <= 0:
                raise NoValue(f"its ratio {name} is {ratio}")
            yield ratio

    def _helper(self, name: str) -> Decimal:
        try:
            return self.value(self._known[name])
        except NoValue as why:
            raise NoValue(f"{name}, which scales it, has no value: {why}") from None

    def _record(self, meter: str, register: Register, factor: Decimal | None, doubted: bool) -> Record:
        assert register.obis is not None  # noqa: S101 - the caller has looked
        if register.form is Form.STRING:
            return Text(meter, register.obis, self._raw(register), self._text(register))
        value = self.value(register)
        if factor is not None and factor != 1:
            value = values.plain(values.EXACT.multiply(value, factor))
        doubts = []
        if doubted or register.name in self.suspect:
            doubts.append(Doubt.SUSPECT)
        if (register.low is not None and value < register.low) or (register.high is not None and value > register.high):
            doubts.append(Doubt.OUT_OF_RANGE)
        return Reading(
            meter, register.obis, self._raw(register), value, register.unit, self.read_at, doubts=tuple(doubts)
        )

    def _guarded(self) -> tuple[dict[str, Decimal], dict[str, str], set[str]]:
        """What the guards say: a factor for registers, why registers may not be given, and which are in doubt."""
        factors: dict[str, Decimal] = {}
        bars: dict[str, str] = {}
        doubted: set[str] = set()
        for guard in self.found.guards:
            affected = guard.affects or tuple(one.name for one in self.found.registers if one.obis is not None)
            try:
                says = self._guard_value(self._known[guard.register])
            except NoValue as why:
                if why.silent:
                    doubted.update(affected)
                else:
                    bars.update(dict.fromkeys(affected, f"its guard {guard.register} has no value: {why}"))
                continue
            factor = next((case.factor for case in guard.cases if case.value == says), None)
            if factor is None:
                bars.update(dict.fromkeys(affected, _barred(guard, says)))
            else:
                for name in affected:
                    factors[name] = factors.get(name, Decimal(1)) * factor
        return factors, bars, doubted

    def _guard_value(self, register: Register) -> Decimal | str:
        return self._text(register) if register.form is Form.STRING else self.value(register)

    def _events(self, meter: str, register: Register) -> Iterator[Record]:
        try:
            flags = values.pattern(self._words(register), register.order)
        except NoValue as why:
            if not why.silent:
                yield NotUnderstood(meter, "", f"{register.name}: {why}")
            return
        raw = self._raw(register)
        if flags in register.sentinels:
            return
        for bit in register.bits:
            if flags >> bit.number & 1:
                details = {"bit": str(bit.number), "raw": raw, "meaning": bit.meaning}
                yield MeterEvent(meter, None, register.name, bit.code, self.read_at, register.events, details)
            flags &= ~(1 << bit.number)
        if flags:
            left = ", ".join(str(number) for number in range(flags.bit_length()) if flags >> number & 1)
            yield NotUnderstood(meter, raw, f"{register.name}: the map does not say what bit {left} means")

    def _words(self, register: Register) -> list[int]:
        words = self.image.of(register)
        if words is not None:
            return words
        code = self.image.refusal(register)
        if code is None:
            raise NoValue("was not read")
        name = EXCEPTIONS.get(code, "unknown exception")
        raise NoValue(
            f"the meter refuses the register (exception {code}, {name})", silent=register.optional and code in (2, 3)
        )

    def _text(self, register: Register) -> str:
        try:
            return values.text(self._words(register), register.order)
        except values.Undecodable as error:
            raise NoValue(str(error)) from None

    def _identity_text(self, name: str) -> str:
        if not name:
            return ""
        register = self._known[name]
        try:
            return self._text(register) if register.form is Form.STRING else str(self.value(register))
        except NoValue:
            return ""

    def _raw(self, register: Register) -> str:
        words = self.image.of(register)
        if words is None:
            return ""
        if register.table in (Table.COIL, Table.DISCRETE):
            return "".join(str(word) for word in words)
        return "".join(f"{word:04x}" for word in words)


def _barred(guard: Guard, says: Decimal | str) -> str:
    allowed = " or ".join(str(case.value) for case in guard.cases)
    why = f": {guard.why}" if guard.why else ""
    return f"the meter is set so that this value means something else ({guard.register} is {says}, not {allowed}{why})"
