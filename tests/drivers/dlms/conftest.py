"""Keys and counters for meters that speak DLMS."""

from __future__ import annotations

from collections.abc import Mapping

import pytest


class Keys:
    """A key source over a dict; the meter's name does not matter."""

    def __init__(self, secrets: Mapping[str, bytes]) -> None:
        self.secrets = dict(secrets)

    def get(self, name: str) -> bytes | None:
        return self.secrets.get(name.rpartition("/")[2])


class Counters:
    """A counter store that remembers what it was asked."""

    def __init__(self) -> None:
        self.next: dict[str, int] = {}
        self.asked: list[tuple[str, int, int]] = []

    def reserve(self, name: str, count: int, at_least: int = 0) -> int:
        self.asked.append((name, count, at_least))
        first = max(self.next.get(name, 0), at_least)
        self.next[name] = first + count
        return first

    def identity(self) -> bytes:
        return bytes(4) + b"\x01"


@pytest.fixture
def keys() -> Keys:
    """Keys of the emulated meters and of the gurux server."""
    return Keys(
        {
            "lls": b"00000000",
            "hls": b"00000000",
            "ek": bytes.fromhex("000102030405060708090A0B0C0D0E0F"),
            "ak": bytes.fromhex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"),
        }
    )


@pytest.fixture
def counters() -> Counters:
    return Counters()
