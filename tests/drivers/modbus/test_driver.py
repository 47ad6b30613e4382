"""The driver against emulated devices: over each transport, several units on a bus, refused blocks, guards, writes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from drivers.driver import Context, ReadsRegisters, Scans
from drivers.errors import BadFrame, LinkLost, NoAnswer, NotSupported, UsageError
from drivers.modbus.driver import Modbus
from drivers.modbus.memory import memory
from drivers.modbus.registers import (
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
    Register,
    Table,
    Timing,
    Write,
)
from drivers.reading import Meter, NotUnderstood, Obis, Reading
from drivers.registry import open_driver
from hil.modbus.device import Device
from hil.modbus.encoding import words

Serve = Callable[..., object]
IMPORT = Obis.parse("1-0:1.8.0")
VOLTAGE = Obis.parse("1-0:32.7.0")
FAST = Timing(timeout_s=0.5, turnaround_s=0.001)


def metered(order: str = "ABCD") -> Device:
    device = Device()
    device.tables["input"].update(enumerate(words(Decimal("230.4"), "f32", order, 2)))
    device.tables["input"].update(enumerate(words(Decimal("12345.67"), "f32", order, 2), 10))
    device.tables["holding"].update(enumerate(words(Decimal(11209077), "u32", order, 2), 0x10))
    return device


def metered_map(name: str = "test/meter", order: Order = Order.ABCD, **rest: object) -> ModbusMap:
    return ModbusMap(
        name,
        (
            Register("voltage", 0, Form.F32, Table.INPUT, order=order, obis=VOLTAGE, unit="V"),
            Register("import", 10, Form.F32, Table.INPUT, order=order, obis=IMPORT, unit="kWh"),
            Register("serial", 0x10, Form.U32, order=order),
        ),
        identity=Identity("TST", "Model 1", serial_from="serial"),
        timing=FAST,
        **rest,  # type: ignore[arg-type]
    )


async def values(url: str, found: object, **rest: object) -> dict[Obis | None, object]:
    async with open_driver(url, Context(timeout=20, meter_map=found, **rest)) as driver:  # type: ignore[arg-type]
        assert isinstance(driver, ReadsRegisters)
        return {
            getattr(record, "obis", None): record.key if isinstance(record, Meter) else getattr(record, "value", record)
            async for record in driver.registers()
        }


EXPECTED = {None: "TST-11209077", VOLTAGE: Decimal("230.4"), IMPORT: Decimal("12345.67")}


@pytest.mark.parametrize("order", list(Order))
async def test_on_a_serial_line_in_every_order(serve, order: Order) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(metered(order))
    assert await values(f"modbus:{meter.where}?baud=115200", metered_map(order=order)) == EXPECTED


async def test_with_even_parity(serve) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(metered(), baud=19200, character_bits=11)
    assert await values(f"modbus:{meter.where}?baud=19200&parity=E", metered_map()) == EXPECTED


@pytest.mark.parametrize(("scheme", "framing"), [("modbus", "mbap"), ("modbus+rtu", "rtu")])
async def test_over_tcp(serve, scheme: str, framing: str) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(metered(), tcp=framing)
    assert await values(f"{scheme}://{meter.where}?unit=1", metered_map()) == EXPECTED


async def test_rtu_in_place_of_tcp_says_what_to_do(serve) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(metered(), {"silent": ""}, tcp="rtu")
    with pytest.raises(NoAnswer):
        await values(f"modbus://{meter.where}?timeout=0.2", metered_map())


async def test_late_answers_over_tcp_are_dropped_by_their_number(serve) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(metered(), {"late": "300"}, tcp="mbap")
    async with open_driver(f"modbus://{meter.where}?timeout=0.2", Context(meter_map=metered_map())) as driver:
        assert isinstance(driver, Modbus)
        unit = driver._opened()
        unit.patient = True
        with pytest.raises(NoAnswer):
            await unit.words(Table.HOLDING, 0x10, 2)
        await asyncio.sleep(0.15)
        assert await unit.words(Table.INPUT, 10, 2) == words(Decimal("12345.67"), "f32", "ABCD", 2)


async def test_a_connection_that_closes_is_opened_again(serve) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(metered(), {"close-once": ""}, tcp="mbap")
    async with open_driver(f"modbus://{meter.where}", Context(meter_map=metered_map())) as driver:
        assert isinstance(driver, ReadsRegisters)
        with pytest.raises(LinkLost):
            [record async for record in driver.registers()]
        assert len([record async for record in driver.registers()]) == 3
    assert meter.server.connections == 2


async def test_a_connection_that_went_deaf_is_opened_again(serve) -> None:  # type: ignore[no-untyped-def]
    """A gateway that was restarted behind a router: nothing comes back, and nothing says why."""
    meter = await serve(metered(), {"deaf": "3"}, tcp="mbap")
    async with open_driver(f"modbus://{meter.where}?timeout=0.1", Context(meter_map=metered_map())) as driver:
        assert isinstance(driver, Modbus)
        assert len([record async for record in driver.registers()]) == 3
        driver._opened().patient = True
        for _ in range(4):
            try:
                records = [record async for record in driver.registers()]
                break
            except NoAnswer:
                continue
        assert len(records) == 3
    assert meter.server.connections == 2


async def test_two_meters_and_a_dead_one_on_one_line(serve) -> None:  # type: ignore[no-untyped-def]
    """They share the bus, whatever the port is called; the dead one delays itself and nobody else."""
    meter = await serve({1: metered(), 3: metered()}, turnaround_s=0.002)
    other_name = meter.line.pty
    loop = asyncio.get_running_loop()

    async def dead() -> None:
        with pytest.raises(NoAnswer, match="unit 2"):
            await values(f"modbus:{meter.where}?baud=115200&unit=2", metered_map())

    async def alive(path: str, unit: int) -> None:
        for _ in range(5):
            assert await values(f"modbus:{path}?baud=115200&unit={unit}", metered_map()) == EXPECTED

    keep = open_driver(f"modbus:{meter.where}?baud=115200&unit=9", Context(meter_map=metered_map()))
    async with keep:
        await asyncio.gather(dead(), alive(meter.where, 1), alive(other_name, 3))
        began = loop.time()
        with pytest.raises(NoAnswer, match="left alone"):
            await values(f"modbus:{meter.where}?baud=115200&unit=2", metered_map())
        assert loop.time() - began < 0.2
    assert meter.station.counts["crowded"] == 0


async def test_another_speed_on_a_line_in_use_is_refused(serve) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(metered())
    async with open_driver(f"modbus:{meter.where}?baud=115200", Context(meter_map=metered_map())):
        with pytest.raises(UsageError, match="in use as rtu at 115200 8N1"):
            await values(f"modbus:{meter.where}?baud=9600", metered_map())


def row(count: int, *, most_gap: int = 0, limit: int = 125) -> ModbusMap:
    """``count`` registers side by side, each holding its address."""
    registers = tuple(Register(f"r{at}", at, Form.U16, obis=Obis(1, 0, 128, 0, at), unit="") for at in range(count))
    return ModbusMap("test/row", registers, limits=Limits(limit, most_gap), timing=FAST)


async def test_a_refused_block_is_taken_apart_and_that_is_remembered(serve) -> None:  # type: ignore[no-untyped-def]
    device = Device({"holding": {at: at for at in range(60) if at != 17}})
    meter = await serve(device)
    url = f"modbus:{meter.where}?baud=115200"
    first = await values(url, row(60))
    assert isinstance(first.pop(Obis(1, 0, 128, 0, 17)), NotUnderstood)
    assert {obis.e: value for obis, value in first.items() if obis} == {at: at for at in range(60) if at != 17}
    asked = meter.station.counts["requests"]
    assert 3 < asked < 20
    await values(url, row(60))  # once may be a meter that has just started; twice is believed
    asked = meter.station.counts["requests"]
    again = await values(url, row(60))
    assert isinstance(again.pop(Obis(1, 0, 128, 0, 17)), NotUnderstood)
    assert again == first
    assert meter.station.counts["requests"] - asked == 2


async def test_a_block_limit_is_found_and_remembered(serve) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(faults={"block-limit": "10"})
    url = f"modbus:{meter.where}?baud=115200"
    for _ in range(2):
        before = meter.station.counts["requests"]
        found = await values(url, row(40))
        assert {obis.e: value for obis, value in found.items() if obis} == {at: at for at in range(40)}
    assert meter.station.counts["requests"] - before <= 8
    assert memory(meter.line.pty, 1, "test/row").most == 10


async def test_a_hole_that_may_not_be_crossed_is_found(serve) -> None:  # type: ignore[no-untyped-def]
    device = Device({"holding": {at: at for at in range(40) if at not in (18, 19, 20)}})
    meter = await serve(device)
    registers = tuple(one for one in row(40).registers if one.address not in (18, 19, 20))
    found = ModbusMap("test/hole", registers, limits=Limits(125, 10), timing=FAST)
    url = f"modbus:{meter.where}?baud=115200"
    await values(url, found)
    before = meter.station.counts["requests"]
    assert len(await values(url, found)) == 38
    assert meter.station.counts["requests"] - before == 2


async def test_a_meter_that_has_just_started_is_not_remembered_as_empty(serve) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(metered(), {"starting": "4"})
    url = f"modbus:{meter.where}?baud=115200"
    found = metered_map("test/starting")
    assert sum(isinstance(value, NotUnderstood) for value in (await values(url, found)).values()) == 2
    await values(url, found)
    assert await values(url, found) == EXPECTED
    assert not memory(meter.line.pty, 1, found.name).refused


async def test_busy_once_is_asked_again(serve) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(metered(), {"busy-once": ""})
    assert await values(f"modbus:{meter.where}?baud=115200", metered_map()) == EXPECTED


async def test_an_echo_is_no_answer(serve) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(metered(), {"echo": ""})
    assert await values(f"modbus:{meter.where}?baud=115200", metered_map()) == EXPECTED


async def test_a_group_read_twice_that_went_backwards_is_doubted(serve) -> None:  # type: ignore[no-untyped-def]
    device = metered()
    meter = await serve(device)
    found = ModbusMap(
        "test/twice",
        (Register("import", 10, Form.F32, Table.INPUT, obis=IMPORT, group="energy"),),
        groups=(Group("energy", twice=True),),
        timing=FAST,
    )
    answer, seen = device.answer, []

    def falling(pdu: bytes) -> bytes:
        seen.append(pdu)
        if len(seen) == 2:
            device.tables["input"].update(enumerate(words(Decimal("12000"), "f32", "ABCD", 2), 10))
        return answer(pdu)

    object.__setattr__(meter.station, "units", {1: type("Falling", (), {"answer": staticmethod(falling)})()})
    async with open_driver(f"modbus:{meter.where}?baud=115200", Context(meter_map=found)) as driver:
        assert isinstance(driver, ReadsRegisters)
        readings = [record async for record in driver.registers() if isinstance(record, Reading)]
    assert [str(doubt) for doubt in readings[0].doubts] == ["suspect"]
    assert len(seen) == 2


async def test_identified_by_a_register(serve) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(metered())
    marked = metered_map("maker/right", marks=(Mark(MarkKind.REGISTER, address=0x11, values=(11209077 & 0xFFFF,)),))
    other = metered_map("maker/wrong", marks=(Mark(MarkKind.REGISTER, address=0x11, values=(7,)),))
    library = Library({found.name: found for found in (marked, other)})
    assert await values(f"modbus:{meter.where}?baud=115200", library) == EXPECTED


@pytest.mark.parametrize("by", [MarkKind.DEVICE_IDENTIFICATION, MarkKind.SERVER_ID])
async def test_identified_by_what_it_says(serve, by: MarkKind) -> None:  # type: ignore[no-untyped-def]
    device = metered()
    device.objects, device.server_id = {0: "Maker", 1: "PM5560"}, b"PM5560 v2"
    meter = await serve(device)
    library = Library({"maker/pm": metered_map("maker/pm", marks=(Mark(by, object=1, pattern="^PM55"),))})
    assert await values(f"modbus:{meter.where}?baud=115200", library) == EXPECTED


async def test_an_unknown_device_is_not_guessed_at(serve) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(metered())
    with pytest.raises(NotSupported, match="no map knows this device"):
        await values(f"modbus:{meter.where}?baud=115200", Library({}))


WRITES = (
    Write("relay off", 0x50, Form.U16, fixed=Decimal(1), single=True, why="opens the relay"),
    Write(
        "limit", 0x51, Form.U16, scale=Decimal("0.1"), unit="kW", low=Decimal(0), high=Decimal(10), why="import limit"
    ),
    Write("clear demand", 0x52, Form.U16, fixed=Decimal(7), read_back="-", why="clears the demand"),
)


@pytest.mark.parametrize("faults", [{}, {"echo": ""}])
async def test_writes_by_name_are_logged_and_read_back(serve, caplog, faults: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    device = metered()
    device.tables["holding"].update({0x50: 0, 0x51: 0, 0x52: 0})
    device.writable = {("holding", at) for at in (0x50, 0x51, 0x52)}
    meter = await serve(device, faults)
    found = metered_map(writes=WRITES)
    async with open_driver(f"modbus:{meter.where}?baud=115200", Context(meter_map=found)) as driver:
        assert isinstance(driver, Modbus)
        [record async for record in driver.registers()]
        with caplog.at_level(logging.WARNING):
            done = await driver.control("relay off")
            assert (done.in_effect, done.confirmed) == (1, True)
            assert (await driver.control("limit", Decimal("4.2"))).in_effect == Decimal("4.2")
            assert (await driver.control("clear demand")).in_effect is None
        assert device.written == [("holding", 0x50, 1), ("holding", 0x51, 42), ("holding", 0x52, 7)]
        assert "writing relay off = 1" in caplog.text
        for name, value in (("limit", "10.1"), ("limit", "4.25"), ("limit", None), ("relay off", "2"), ("reset", None)):
            with pytest.raises(UsageError, match=name):
                await driver.control(name, None if value is None else Decimal(value))
    assert len(device.written) == 3


async def test_a_write_whose_answer_is_lost_is_not_sent_again(serve) -> None:  # type: ignore[no-untyped-def]
    """The meter has reset its demand and the answer came damaged: a second reset would close a second billing period."""
    device = metered()
    device.tables["holding"].update({0x52: 0})
    device.writable = {("holding", 0x52)}
    meter = await serve(device, {"crc": ""})
    found = metered_map(writes=WRITES)
    async with open_driver(f"modbus:{meter.where}?baud=115200", Context(meter_map=found)) as driver:
        assert isinstance(driver, Modbus)
        with pytest.raises(BadFrame):
            await driver.control("clear demand")
    assert device.written == [("holding", 0x52, 7)]


async def test_a_guard_is_read_with_what_it_guards(serve) -> None:  # type: ignore[no-untyped-def]
    device = metered()
    device.tables["holding"].update({0x1E: 0, 0x1F: 0})
    meter = await serve(device)
    plain = metered_map("test/guarded")
    found = ModbusMap(
        plain.name,
        (*plain.registers, Register("prefix", 0x1E, Form.F32)),
        guards=(Guard("prefix", (Case(Decimal(0)),), ("import",), "1 is MWh"),),
        identity=plain.identity,
        timing=FAST,
    )
    url = f"modbus:{meter.where}?baud=115200"
    assert await values(url, found) == EXPECTED
    device.tables["holding"].update(enumerate(words(Decimal(1), "f32", "ABCD", 2), 0x1E))
    guarded = await values(url, found)
    assert guarded[VOLTAGE] == EXPECTED[VOLTAGE]
    assert isinstance(guarded[IMPORT], NotUnderstood)


@pytest.mark.parametrize("query", ["bauds=9600", "parity=X", "timeout=x", "unit=256", "baud=1"])
def test_a_wrong_parameter_is_named(query: str) -> None:
    with pytest.raises(UsageError, match=query.partition("=")[0]):
        open_driver(f"modbus:/dev/null?{query}", Context())


@pytest.mark.parametrize("query", ["units=1-x", "units=300", "speeds=fast", "speeds=9600;19200"])
async def test_a_wrong_list_of_a_scan_is_named(serve, query: str) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(metered(), tcp="mbap")
    async with open_driver(f"modbus://{meter.where}?{query}", Context()) as driver:
        assert isinstance(driver, Scans)
        with pytest.raises(UsageError, match=query.partition("=")[0]):
            driver.scan()


def test_pymodbus_is_imported_by_one_module(repository: Path) -> None:
    folder = repository / "drivers"
    using = [
        file
        for file in folder.rglob("*.py")
        if "import pymodbus" in (text := file.read_text()) or "from pymodbus" in text
    ]
    assert using == [folder / "modbus" / "pdu.py"]
