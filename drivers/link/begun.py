"""A link on which something has been said already: handed from the one who found a meter to the driver that reads it."""

from __future__ import annotations

from drivers.link.link import LineSettings, Link


class BegunLink:
    """A link whose first words are taken back: ``sent`` is not sent again, and ``received`` is received once more.

    ``sent_at`` is the moment of the last stop bit of ``sent``. A driver that says something else is given the link as it
    is, what was received before being thrown away like any late answer.
    """

    def __init__(self, link: Link, received: bytes, sent: bytes = b"", sent_at: float = 0.0) -> None:
        self._link = link
        self._received = received
        self._sent = sent
        self._sent_at = sent_at

    @property
    def name(self) -> str:
        return self._link.name

    async def send(self, data: bytes, hidden: bytes = b"") -> float:
        sent, self._sent = self._sent, b""
        if sent and data == sent:
            return self._sent_at
        self._received = b""
        return await self._link.send(data, hidden)

    async def receive(self, deadline: float) -> bytes:
        if self._received:
            data, self._received = self._received, b""
            return data
        return await self._link.receive(deadline)

    async def set_line(self, settings: LineSettings) -> None:
        await self._link.set_line(settings)

    def discard_input(self) -> bytes:
        # Before the first words what is there is the answer to them.
        return b"" if self._sent else self._link.discard_input()

    async def close(self) -> None:
        await self._link.close()
