"""The sessions on one link, by client SAP."""

from __future__ import annotations

from hil.dlms.faults import DlmsFaults
from hil.dlms.meter import Meter
from hil.dlms.session import Session
from hil.dlms.wrapper import Wrapped


class Sessions:
    """Gives the APDUs that answer one. Raises Dropped when the meter closes the connection."""

    def __init__(self, meter: Meter, faults: DlmsFaults) -> None:
        self._meter = meter
        self._faults = faults
        self._by_client: dict[int, Session] = {}

    def answer(self, client: int, apdu: bytes) -> list[bytes]:
        session = self._by_client.setdefault(client, Session(self._meter, client, self._faults))
        answer = session.answer(apdu)
        self._faults.answers += 1
        return [] if "silent" in self._faults else answer

    def answer_wrapped(self, heard: Wrapped) -> list[bytes]:
        """The wrapped answers; nothing for another logical device."""
        if heard.destination != self._meter.logical_device:
            return []
        answers = self.answer(heard.source, heard.apdu)
        return [Wrapped(heard.destination, heard.source, each).encode() for each in answers]

    def close(self, client: int) -> None:
        """The link with a client is taken down in order."""
        if client in self._by_client:
            self._by_client[client].close()
            self._meter.held_by = None

    @property
    def late_s(self) -> float:
        """How much later than usual the answer just made is to come."""
        if self._faults.answers >= 3 and "late-reply" in self._faults and self._faults.once("late-reply"):
            return self._faults.seconds("late-reply")
        return 0
