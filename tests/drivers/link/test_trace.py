"""A trace holds every byte, hides what must be hidden, and replays."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from drivers.driver import Context
from drivers.errors import BadFrame, LinkLost, UsageError
from drivers.link.link import LineSettings
from drivers.link.opening import open_link
from drivers.link.trace import received
from drivers.meter_url import parse

SECRET = b"00000001"


def soon(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def talk(link: Any, answer: Any = None) -> list[bytes]:
    """One short conversation: ask, read, change the line, send a password, read again."""
    got = []
    await link.send(b"/?!\r\n")
    if answer:
        answer(b"/MGT5TWIN\r\n")
    got.append(await link.receive(soon(2)))
    await link.set_line(LineSettings(9600))
    await link.send(b"P1(" + SECRET + b")", SECRET)
    if answer:
        answer(b"\x06")
    got.append(await link.receive(soon(2)))
    await link.close()
    return got


async def test_traced_hidden_and_replayed(pty: Any, tmp_path: Path) -> None:
    file = tmp_path / "field.trace"
    link = await open_link(parse(f"x:{pty.path}"), Context(trace=file), LineSettings(9600))
    live = await talk(link, lambda data: os.write(pty.master, data))
    assert SECRET.hex() not in file.read_text()
    assert received(file) == b"".join(live)
    replay = await open_link(parse(f"x:{file}"), Context(), LineSettings(300))
    assert await talk(replay) == live


async def test_a_replay_refuses_another_conversation(pty: Any, tmp_path: Path) -> None:
    file = tmp_path / "field.trace"
    link = await open_link(parse(f"x:{pty.path}"), Context(trace=file), LineSettings(9600))
    await talk(link, lambda data: os.write(pty.master, data))
    replay = await open_link(parse(f"x:{file}"), Context(), LineSettings(300))
    with pytest.raises(BadFrame, match="trace has"):
        await replay.send(b"/?other!\r\n")


async def test_the_loss_of_the_link_replays_too(pty: Any, tmp_path: Path) -> None:
    file = tmp_path / "field.trace"
    link = await open_link(parse(f"x:{pty.path}"), Context(trace=file), LineSettings(9600))
    pty.unplug()
    with pytest.raises(LinkLost):
        await link.receive(soon(2))
    await link.close()
    replay = await open_link(parse(f"x:{file}"), Context(), LineSettings(300))
    with pytest.raises(LinkLost, match="went away"):
        await replay.receive(soon(2))


def test_a_broken_trace_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / "broken.trace"
    file.write_text('{"trace": "metergate-trace", "version": 1}\n{"t": 1, "rx": "0g"}\n')
    with pytest.raises(UsageError, match="line 2"):
        received(file)
