"""Mode E: the line that is handed over is open, 8N1, at the speed agreed on, and the meter is listening in HDLC."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from drivers.driver import Context
from drivers.errors import BadFrame, NoAnswer, NotSupported
from drivers.iec62056_21.learned import Learned
from drivers.iec62056_21.mode_e import open_mode_e
from drivers.meter_url import parse
from hil.catalogue import data_file
from hil.faults import Faults
from hil.iec62056_21.faults import FAULTS
from hil.iec62056_21.frames import START_BAUD
from hil.iec62056_21.meter import EmulatedMeter
from hil.iec62056_21.profile import load
from hil.pty_line import PtyLine
from hil.wire import wire

pytestmark = pytest.mark.paced

#: Any bytes, bit 7 too: what a UART set to 7E1 could not carry.
ASKED = bytes.fromhex("7ea0070223219318717e")
ANSWERED = bytes.fromhex("7ea00721022373f6c57e")


async def answers_in_binary(meter: EmulatedMeter) -> None:
    heard = b""
    while heard.count(b"\x7e") < 2:
        heard += await meter.line.receive(asyncio.get_running_loop().time() + 10, 1)
    if heard == ASKED:
        await meter.react()
        await meter.line.send(ANSWERED)


@asynccontextmanager
async def meter(confirms: bool = True, binary: bool = True, **faults: str) -> AsyncIterator[str]:
    """The bench's mode E meter, with an HDLC device behind it that knows one question."""
    profile = replace(load(data_file("iec62056-21/mode-e")), binary_acknowledged=confirms)
    asked = Faults({name.replace("_", "-"): value for name, value in faults.items()}, FAULTS)
    line = PtyLine(START_BAUD, wire(asked))
    task = asyncio.create_task(EmulatedMeter(profile, line, asked, binary=answers_in_binary if binary else None).run())
    try:
        yield line.path
    finally:
        task.cancel()
        line.close()


async def exchange(path: str, learned: Learned | None = None, query: str = "") -> tuple[bytes, bool, int]:
    line = await open_mode_e(parse(f"dlms+optical:{path}{query}"), Context(), learned)
    try:
        await line.link.send(ASKED)
        heard = b""
        while len(heard) < len(ANSWERED):
            piece = await line.link.receive(asyncio.get_running_loop().time() + 5)
            assert piece, heard
            heard += piece
        return heard, line.confirmed, line.baud
    finally:
        await line.link.close()


async def test_the_line_is_handed_over_at_the_agreed_speed() -> None:
    async with meter() as path:
        assert await exchange(path) == (ANSWERED, True, 9600)


async def test_a_probe_that_echoes_is_not_taken_for_the_meter() -> None:
    """The echo of the option select line is the same line as the meter's confirmation."""
    async with meter(echo="", confirms=True) as path:
        line = await open_mode_e(parse(f"dlms+optical:{path}?baud=4800"), Context())
        assert (line.confirmed, line.baud, line.identification.manufacturer) == (True, 4800, "LGZ")
        await line.link.close()
    async with meter(echo="", confirms=False) as path:
        line = await open_mode_e(parse(f"dlms+optical:{path}"), Context())
        assert not line.confirmed
        await line.link.close()


async def test_a_meter_that_says_nothing_is_handed_over_and_remembered() -> None:
    learned = Learned()
    async with meter(confirms=False) as path:
        assert await exchange(path, learned) == (ANSWERED, False, 9600)
    assert learned.confirms_mode_e is False
    async with meter(confirms=False) as path:
        assert await exchange(path, learned) == (ANSWERED, False, 9600)


@pytest.mark.slow
async def test_a_meter_that_answers_with_its_readout_is_no_mode_e_line() -> None:
    async with meter(binary=False) as path:
        with pytest.raises(BadFrame, match="in the place of the confirmation of mode E"):
            await exchange(path)


@pytest.mark.parametrize(
    ("profile", "error", "text"),
    [("history-star", NotSupported, "does not offer mode E"), ("mode-e?address=1", NoAnswer, "silent")],
)
async def test_what_cannot_be_handed_over_is_said(
    emulate: Callable[..., str], profile: str, error: type[Exception], text: str
) -> None:
    name, _, query = profile.partition("?")
    path = emulate(name)
    with pytest.raises(error, match=text) as caught:
        await open_mode_e(parse(f"dlms+optical:{path}?{query}"), Context())
    assert path in str(caught.value)
