"""Keys and passwords as objects that cannot be printed by mistake."""

from __future__ import annotations

import hashlib


class Secret:
    """Bytes that show only their length. ``reveal()`` is the one way to them; a reader of the code finds every use by it."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    def reveal(self) -> bytes:
        return self._data

    def fingerprint(self) -> str:
        """16 hexadecimal digits by which a key can be told from others in a file, and not be found again: of SHA-256. Only for
        keys made by chance; a password could be guessed from it."""
        return hashlib.sha256(b"metergate key fingerprint" + self._data).hexdigest()[:16]

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return f"<secret of {len(self._data)} bytes>"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._data == other._data

    def __hash__(self) -> int:
        return hash((Secret, len(self._data)))

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")
