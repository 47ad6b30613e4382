"""What bare pymodbus does on a serial line when something goes wrong, and what is done here.

Each row runs twice against the same emulated meter: first pymodbus's own client, whose wrong behaviour is asserted, so that
the day it is cured is noticed; then the bus.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from pymodbus import ModbusException
from pymodbus.client import AsyncModbusSerialClient
from pymodbus.pdu import ModbusPDU

from drivers.driver import Context
from drivers.errors import BadFrame, LinkLost, NoAnswer
from drivers.link.link import LineSettings
from drivers.meter_url import parse
from drivers.modbus.buses import bus_of
from drivers.modbus.reader import Unit
from drivers.modbus.registers import Table, Timing

Serve = Callable[..., object]
BAUD = 19200
#: Both clients give up after this; the first answer comes later, and before the second one.
TIMEOUT_S = 0.3
LATE = {"late": "450", "slow": "250"}


@asynccontextmanager
async def bare(path: str) -> AsyncIterator[AsyncModbusSerialClient]:
    client = AsyncModbusSerialClient(path, baudrate=BAUD, timeout=TIMEOUT_S, retries=0)
    assert await client.connect()
    try:
        yield client
    finally:
        client.close()


@asynccontextmanager
async def ours(path: str, *, retries: int = 0, timeout_s: float = TIMEOUT_S) -> AsyncIterator[Unit]:
    async with bus_of(parse(f"modbus:{path}"), Context(), LineSettings(BAUD)) as bus:
        yield Unit(bus, 1, Timing(timeout_s=timeout_s, retries=retries), patient=True)


async def bare_words(client: AsyncModbusSerialClient, address: int, count: int) -> list[int] | None:
    """What pymodbus's own client gives; None when it says that nothing came."""
    try:
        answer: ModbusPDU = await client.read_holding_registers(address, count=count, device_id=1)
    except ModbusException:
        return None
    return None if answer.isError() else list(answer.registers)


async def test_a_late_answer_is_not_the_next_ones(serve) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(faults={**LATE, "patient": ""}, baud=BAUD)
    async with bare(meter.where) as client:
        assert await bare_words(client, 10, 1) is None
        assert await bare_words(client, 20, 1) == [10], "pymodbus no longer takes the late answer: look at its release"


async def test_our_bus_lets_a_late_answer_die(serve) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(faults=LATE, baud=BAUD)
    async with ours(meter.where) as unit:
        with pytest.raises(NoAnswer, match="no answer within"):
            await unit.words(Table.HOLDING, 10, 1)
        assert await unit.words(Table.HOLDING, 20, 1) == [20]


async def test_a_cancelled_read_is_not_the_next_ones(serve) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(faults={"slow": "150", "patient": ""}, baud=BAUD)
    async with bare(meter.where) as client:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(bare_words(client, 10, 1), 0.05)
        assert await bare_words(client, 20, 1) == [10], "pymodbus no longer gives the cancelled read's answer"


async def test_our_bus_ends_a_cancelled_read(serve) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(faults={"slow": "150"}, baud=BAUD)
    async with ours(meter.where) as unit:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(unit.words(Table.HOLDING, 10, 1), 0.05)
        assert await unit.words(Table.HOLDING, 20, 1) == [20]


@pytest.mark.parametrize(("fault", "taken"), [("short", [1]), ("wrong-function", list(range(1, 11)))])
async def test_pymodbus_takes_an_answer_that_does_not_fit(serve, fault: str, taken: list[int]) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(faults={fault: "", "patient": ""}, baud=BAUD)
    async with bare(meter.where) as client:
        assert await bare_words(client, 1, 10) == taken


@pytest.mark.parametrize("fault", ["short", "wrong-function", "wrong-unit-once"])
async def test_our_bus_refuses_an_answer_that_does_not_fit(serve, fault: str) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(faults={fault: ""}, baud=BAUD)
    async with ours(meter.where) as unit:
        with pytest.raises(NoAnswer, match="what was heard is none"):
            await unit.words(Table.HOLDING, 1, 10)


@pytest.mark.parametrize("noise", ["1", "2"])
async def test_noise_before_an_answer(serve, noise: str) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(faults={"noise-before": noise, "patient": ""}, baud=BAUD)
    async with bare(meter.where) as client:
        assert await bare_words(client, 1, 10) is None, "pymodbus now finds the answer behind noise"
    async with ours(meter.where) as unit:
        assert await unit.words(Table.HOLDING, 1, 10) == list(range(1, 11))


async def test_the_silence_between_frames(serve) -> None:  # type: ignore[no-untyped-def]
    """The emulated meter hears nothing of a request that comes too soon after the last frame, as many real ones."""
    meter = await serve(baud=BAUD)
    async with bare(meter.where) as client:
        answers = [await bare_words(client, at, 2) for at in range(10)]
        assert None in answers, "pymodbus now keeps the silence"
    assert meter.station.counts["crowded"] > 0
    await asyncio.sleep(0.1)
    meter.station.counts.clear()
    async with ours(meter.where) as unit:
        for at in range(10):
            assert await unit.words(Table.HOLDING, at, 2) == [at, at + 1]
    assert meter.station.counts["crowded"] == 0


async def test_a_port_that_vanishes_and_returns(serve) -> None:  # type: ignore[no-untyped-def]
    """pymodbus copes with this one; its wait between tries doubles, which is why the port here is opened by us."""
    meter = await serve(faults={"unplug": "2", "replug": "300"}, baud=BAUD)
    async with ours(meter.where) as unit:
        seen: list[LinkLost] = []
        for _ in range(100):
            try:
                assert await unit.words(Table.HOLDING, 6, 1) == [6]
                if seen:
                    break
            except LinkLost as error:
                seen.append(error)
            await asyncio.sleep(0.05)
        else:
            pytest.fail("the port went and never came back")
    assert meter.where in str(seen[0])


async def test_a_damaged_answer_is_asked_for_again(serve) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(faults={"crc-once": ""}, baud=BAUD)
    async with ours(meter.where, retries=1) as unit:
        assert await unit.words(Table.HOLDING, 1, 10) == list(range(1, 11))


async def test_an_answer_that_stays_damaged_is_said(serve) -> None:  # type: ignore[no-untyped-def]
    meter = await serve(faults={"crc": ""}, baud=BAUD)
    async with ours(meter.where, retries=1) as unit:
        with pytest.raises(BadFrame, match="damaged: 0103"):
            await unit.words(Table.HOLDING, 1, 10)
