"""A message to deliver, an outbox to deliver from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.store.outbox import MessageClass, Outbox, Waiting
from gateway.store.store import open_store


@pytest.fixture
def message() -> Waiting:
    at = datetime(2026, 3, 29, 1, tzinfo=UTC)
    return Waiting(7, "sink", "1b4e28ba-2fa1-11d2-883f-0016d3cca427", MessageClass.TELEMETRY, at, b"<x/>", 0, None)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    store, _ = open_store(tmp_path / "outbox.db")
    yield Outbox(store)
    store.close()
