"""Frames and their expected values, as a table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drivers.zigbee_se import payload
from drivers.zigbee_se.zcl import Frame

FILE = Path(__file__).parents[2] / "vectors" / "zigbee_se" / "frames.jsonl"


@dataclass(frozen=True)
class Vector:
    """One frame of the table."""

    name: str
    cluster: int
    data: bytes
    expected: dict[str, Any]

    @property
    def frame(self) -> Frame:
        return Frame.parse(self.data)

    def fields(self) -> dict[str, Any]:
        """The fields of its cluster command."""
        frame = self.frame
        command = payload.command(self.cluster, "server" if frame.to_client else "client", frame.command)
        assert command is not None
        return payload.decode(command, frame.payload)


VECTORS = {
    row["id"]: Vector(row["id"], int(row["cluster"], 16), bytes.fromhex(row["zcl_hex"]), row["expected"])
    for row in map(json.loads, FILE.read_text().splitlines())
}


@pytest.fixture(scope="session")
def vectors() -> dict[str, Vector]:
    return VECTORS
