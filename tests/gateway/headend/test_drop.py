"""Requests as files: answered under their name, done once, and nothing of others is read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gateway.headend.access import Source
from gateway.headend.door import Door
from gateway.headend.drop import Drop
from gateway.messages import codec
from gateway.states import States


@pytest.fixture
async def folder(tmp_path: Path, door: Door, head_end: Source) -> AsyncIterator[Path]:
    drop = Drop(door, tmp_path / "requests", (head_end,), 100_000, States())
    task = asyncio.create_task(drop.serve())
    while not (tmp_path / "requests/HE-001/out").is_dir():
        await asyncio.sleep(0.01)
    yield tmp_path / "requests/HE-001"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def answer(folder: Path, name: str) -> bytes:
    while not (folder / "out" / name).exists() or (folder / "in" / name).exists():
        await asyncio.sleep(0.02)
    return (folder / "out" / name).read_bytes()


async def put(folder: Path, name: str, body: bytes) -> None:
    (folder / "in" / f".{name}").write_bytes(body)
    (folder / "in" / f".{name}").rename(folder / "in" / name)


async def test_a_request_is_answered_under_its_name(folder: Path, get_readings: Callable[..., bytes]) -> None:
    await put(folder, "ask-1.xml", get_readings())
    first = await answer(folder, "ask-1.xml")
    assert codec.read(first).message.reply.result == "OK"
    await put(folder, "again.xml", get_readings())
    assert await answer(folder, "again.xml") == first


async def test_what_is_no_message_is_answered_too(folder: Path) -> None:
    await put(folder, "broken.xml", b"<a")
    assert codec.read(await answer(folder, "broken.xml")).message.reply.result == "FAILED"


async def test_what_is_too_large_is_refused(folder: Path) -> None:
    await put(folder, "large.xml", b"x" * 200_000)
    assert codec.read(await answer(folder, "large.xml")).message.reply.result == "FAILED"


async def test_a_link_to_a_file_of_others_is_not_read(
    folder: Path, tmp_path: Path, get_readings: Callable[..., bytes]
) -> None:
    (tmp_path / "secret").write_bytes(get_readings())
    (folder / "in" / "link.xml").symlink_to(tmp_path / "secret")
    await put(folder, "after.xml", get_readings())
    await answer(folder, "after.xml")
    assert not (folder / "out" / "link.xml").exists()
