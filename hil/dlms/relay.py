"""Disconnect control (class 70): the relay, its control state and its control mode (IEC 62056-6-2, 4.5.8)."""

from __future__ import annotations

from collections.abc import Callable

from hil.dlms.axdr import BOOLEAN, ENUM, Data
from hil.dlms.cosem_object import OTHER, TYPE_UNMATCHED, Attribute, CosemObject, Refused, computed
from hil.dlms.event_log import REMOTE_CONNECTION, REMOTE_DISCONNECTION
from hil.dlms.obis import logical_name

DISCONNECTED, CONNECTED, READY_FOR_RECONNECTION = 0, 1, 2
#: In these modes a remote reconnection closes the relay; in the others it only makes it ready, and a hand closes it.
_CLOSES_AT_ONCE = {2, 4}


class Relay:
    """``mode`` 0: it is always connected and cannot be switched. ``stuck`` never moves (a fault)."""

    def __init__(
        self, mode: int, entered: Callable[[int], None], obis: str = "0-0:96.3.10*255", stuck: bool = False
    ) -> None:
        self.mode = mode
        self.state = CONNECTED
        self._entered = entered
        self._obis = obis
        self._stuck = stuck

    def object(self) -> CosemObject:
        return CosemObject(
            70,
            0,
            logical_name(self._obis),
            {
                2: computed(lambda: Data(BOOLEAN, self.state == CONNECTED)),
                3: computed(lambda: Data(ENUM, self.state)),
                4: Attribute(lambda _: Data(ENUM, self.mode), self._set_mode),
            },
            {1: self._disconnect, 2: self._reconnect},
        )

    def _set_mode(self, data: Data) -> None:
        if data.tag != ENUM or data.value > 6:
            raise Refused(TYPE_UNMATCHED)
        self.mode = data.value

    def _disconnect(self, _: Data | None) -> None:
        self._move(DISCONNECTED, REMOTE_DISCONNECTION)

    def _reconnect(self, _: Data | None) -> None:
        self._move(CONNECTED if self.mode in _CLOSES_AT_ONCE else READY_FOR_RECONNECTION, REMOTE_CONNECTION)

    def _move(self, state: int, event: int) -> None:
        if self.mode == 0:
            raise Refused(OTHER)
        if self.state == CONNECTED and state == READY_FOR_RECONNECTION:
            return
        if not self._stuck:
            self.state = state
        self._entered(event)
