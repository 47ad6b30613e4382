"""Requests as files: moved into ``<path>/<source>/in``, answered in ``<path>/<source>/out`` under the same name.

A request goes when its answer is there: one that a crash cut short is taken again, and as the same MessageID is done once.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

from gateway.headend.access import Source
from gateway.headend.door import Door
from gateway.states import States

_LOOK_S = 1.0


class Drop:
    """The folders of some sources. ``serve`` until cancelled."""

    def __init__(self, door: Door, path: Path, sources: tuple[Source, ...], most_bytes: int, states: States) -> None:
        self._door = door
        self._path = path
        self._sources = sources
        self._most_bytes = most_bytes
        self._states = states

    async def serve(self) -> None:
        """Take requests, for ever."""
        while True:
            try:
                for source in self._sources:
                    for file in await asyncio.to_thread(self._waiting, source):
                        await self._take(source, file)
            except OSError as error:
                self._states.say(f"requests from {self._path}", str(error))
            else:
                self._states.say(f"requests from {self._path}", "")
            await asyncio.sleep(_LOOK_S)

    def _waiting(self, source: Source) -> list[Path]:
        """The requests of a source, oldest first. What is hidden or no file is still being written, or none."""
        inbox = self._path / source.name / "in"
        inbox.mkdir(parents=True, exist_ok=True)
        (self._path / source.name / "out").mkdir(exist_ok=True)
        return sorted(_files(inbox), key=lambda file: (file.stat().st_mtime_ns, file.name))

    async def _take(self, source: Source, file: Path) -> None:
        body = await asyncio.to_thread(_read, file, self._most_bytes + 1)
        delivery = await self._door.take(body, source)
        await asyncio.to_thread(_write, self._path / source.name / "out" / file.name, delivery.body)
        await asyncio.to_thread(file.unlink)


def _files(folder: Path) -> Iterator[Path]:
    for entry in os.scandir(folder):
        # A link could name a file of ours that its owner must not read.
        if entry.is_file(follow_symlinks=False) and not entry.name.startswith("."):
            yield Path(entry.path)


def _read(file: Path, most: int) -> bytes:
    """So much of it that what is too large is seen to be."""
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as opened:
        return opened.read(most)


def _write(file: Path, body: bytes) -> None:
    hidden = file.with_name(f".{file.name}.part")
    with hidden.open("wb") as opened:
        opened.write(body)
        opened.flush()
        os.fsync(opened.fileno())
    hidden.replace(file)
