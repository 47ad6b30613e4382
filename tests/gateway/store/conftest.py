"""A store on a disk of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.store.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made, damaged = open_store(tmp_path / "metergate.db")
    assert damaged is None
    yield made
    made.close()
