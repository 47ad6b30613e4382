"""The wrapper of IEC 62056-47: version, source, destination, length, each two bytes, before every APDU."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_HEAD = struct.Struct(">4H")
VERSION = 1


@dataclass(frozen=True, slots=True)
class Wrapped:
    """One APDU with where it comes from and goes to (wPorts)."""

    source: int
    destination: int
    apdu: bytes

    def encode(self) -> bytes:
        return _HEAD.pack(VERSION, self.source, self.destination, len(self.apdu)) + self.apdu


class NotWrapper(ValueError):
    """A stream that does not begin with a wrapper of version 1; nothing after it can be found."""


class Unwrapper:
    """APDUs out of a stream."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[Wrapped]:
        """Raises NotWrapper."""
        self._held += data
        found = []
        while len(self._held) >= _HEAD.size:
            version, source, destination, size = _HEAD.unpack_from(self._held)
            if version != VERSION:
                raise NotWrapper(f"wrapper version {version}")
            if len(self._held) < _HEAD.size + size:
                break
            found.append(Wrapped(source, destination, self._held[_HEAD.size : _HEAD.size + size]))
            self._held = self._held[_HEAD.size + size :]
        return found
