"""A directory as a sink: one file a message, there whole or not at all."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import Self

from gateway.sinks.dressing import BARE, Dress
from gateway.sinks.sink import Delivered, Outcome, Retry
from gateway.store.outbox import Waiting


class DirectorySink:
    """Writes ``<order>-<MessageID>.xml`` into ``directory``: synced under a hidden name, then renamed."""

    def __init__(self, name: str, directory: Path, dress: Dress = BARE) -> None:
        self._name = name
        self._directory = directory
        self._dress = dress

    @property
    def name(self) -> str:
        return self._name

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        pass

    async def deliver(self, message: Waiting) -> Outcome:
        try:
            await asyncio.to_thread(self._write, message)
        except OSError as error:
            return Retry(f"{self._directory}: {error.strerror or error}")
        return Delivered()

    def _write(self, message: Waiting) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        # A MessageID is anybody's text: nothing of it may leave the directory.
        safe = re.sub(r"[^A-Za-z0-9-]", "_", message.message_id)[:100]
        target = self._directory / f"{message.number:012d}-{safe}.xml"
        hidden = self._directory / f".{target.name}.part"
        with hidden.open("wb") as file:
            file.write(self._dress.on(message))
            file.flush()
            os.fsync(file.fileno())
        hidden.replace(target)
        folder = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
