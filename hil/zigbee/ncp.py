"""The network co-processor in the stick: a host's EZSP commands in, responses and callbacks out.

The commands stand in ``hil.zigbee.commands``, a function each, under the frame id that EZSP gives it. A command the stick
does not know is answered with invalidCommand, as by a firmware that lacks it, and counted in ``unknown``.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hil.zigbee.aps import COORDINATOR, Message
from hil.zigbee.cbke import Credentials
from hil.zigbee.dialect import CALLBACK, RELEASES, Dialect, Frame, Status, build, parse
from hil.zigbee.fields import Reader, Short, counted, u8, u16
from hil.zigbee.memory import WILDCARD, Memory

if TYPE_CHECKING:
    from hil.zigbee.pan import Pan

Command = Callable[["Ncp", Reader], bytes]
#: Frame id -> the function that does the command and gives the parameters of its response, and the versions that have it.
COMMANDS: dict[int, tuple[Command, range]] = {}

_INVALID_COMMAND, _STACK_STATUS, _TRUST_CENTRE_JOIN = 0x58, 0x19, 0x24
_MESSAGE_SENT, _INCOMING_MESSAGE = 0x3F, 0x45
_STACK_TYPE_MESH = 2
#: EmberIncomingMessageType.
INCOMING_UNICAST, INCOMING_BROADCAST = 0, 4
_NO_INDEX = 0xFF
#: Signal of every message: link quality, and power as a signed octet of dBm.
_LQI, _RSSI = 255, 0xD0
#: Trust centre policy: what a host may set (EzspDecisionBitmask).
ALLOW_JOINS, JOINS_USE_INSTALL_CODE_KEY = 0x01, 0x10


def command(frame_id: int, *, since: int = 0, until: int = 255) -> Callable[[Command], Command]:
    """Registers a function as the command of that frame id, in the versions of EZSP from ``since`` to ``until``."""

    def register(function: Command) -> Command:
        COMMANDS[frame_id] = function, range(since, until + 1)
        return function

    return register


@dataclass
class Agreement:
    """The one exchange of keys that a firmware has room for: its ephemeral key, and what it came to with whom."""

    suite: int
    ephemeral: int
    public: bytes
    partner: bytes = b""
    link_key: bytes = b""


class Ncp:
    """One co-processor. ``outgoing`` gathers frames for the host; ``commands`` counts what it asked for, by frame id."""

    def __init__(self, dialect: Dialect, memory: Memory, pan: Pan) -> None:
        self.dialect = dialect
        self.memory = memory
        self.pan = pan
        self.outgoing: deque[bytes] = deque()
        self.commands: Counter[int] = Counter()
        self.unknown: Counter[int] = Counter()
        #: By suite: what was written into the tokens of a firmware that has the library of key establishment.
        self.credentials: dict[int, Credentials] = {}
        pan.ncp = self
        self.restart()

    def restart(self) -> None:
        """What a reset leaves: everything of the flash, nothing of the RAM."""
        self.version_set = False
        self.up = False
        self.configuration: dict[int, int] = {}
        self.values: dict[int, bytes] = {}
        self.policies: dict[int, int] = {}
        self.endpoints: dict[int, tuple[int, int, list[int], list[int]]] = {}
        self.multicast: dict[int, bytes] = {}
        self.addresses: dict[int, tuple[bytes, int]] = {}
        self.slow: set[bytes] = set()
        self.transient_keys: dict[bytes, bytes] = {}
        self.agreement: Agreement | None = None
        self.aps_sequence = 0
        self._answered = 0
        self.outgoing.clear()
        self.pan.close_door()

    def receive(self, data: bytes) -> None:
        """One EZSP frame of the host."""
        frame = parse(data)
        if frame is None:
            return
        self.commands[frame.frame_id] += 1
        if frame.frame_id != 0 and not self.version_set:
            return self._respond(frame, _INVALID_COMMAND, self.dialect.status(Status.VERSION_NOT_SET))
        if frame.frame_id == 0:
            return self._version(frame)
        function, versions = COMMANDS.get(frame.frame_id, (None, range(0)))
        if function is None or self.dialect.version not in versions:
            self.unknown[frame.frame_id] += 1
            return self._respond(frame, _INVALID_COMMAND, self.dialect.status(Status.INVALID_FRAME_ID))
        # A response goes out before the callbacks that its command caused.
        before = len(self.outgoing)
        try:
            parameters = function(self, Reader(frame.parameters))
        except Short:
            return self._respond(frame, _INVALID_COMMAND, self.dialect.status(Status.TRUNCATED))
        caused = [self.outgoing.pop() for _ in range(len(self.outgoing) - before)]
        self._respond(frame, frame.frame_id, parameters)
        self.outgoing.extend(reversed(caused))

    def _version(self, frame: Frame) -> None:
        self.version_set = frame.parameters[0] == self.dialect.version
        self._answered = frame.sequence
        release = self.release
        parameters = bytes((self.dialect.version, _STACK_TYPE_MESH)) + u16(
            release[0] << 12 | release[1] << 8 | release[2] << 4 | release[3]
        )
        self.outgoing.append(build(Frame(frame.sequence, 0, parameters, frame.legacy)))

    @property
    def release(self) -> tuple[int, int, int, int, int]:
        return RELEASES[self.dialect.version]

    def _respond(self, frame: Frame, frame_id: int, parameters: bytes) -> None:
        self._answered = frame.sequence
        self.outgoing.append(build(Frame(frame.sequence, frame_id, parameters)))

    def callback(self, frame_id: int, parameters: bytes) -> None:
        if self.version_set:
            # With the number of the last response: that one the host has had, so it takes this for none of its answers.
            self.outgoing.append(build(Frame(self._answered, frame_id, parameters), CALLBACK))

    def status(self, status: Status = Status.OK) -> bytes:
        return self.dialect.status(status)

    # The network.

    def stack_status(self, status: Status) -> None:
        self.up = status is Status.NETWORK_UP
        self.callback(_STACK_STATUS, self.status(status))
        if self.up and self.pan.when_up is not None:
            self.pan.when_up()

    def next_sequence(self) -> int:
        self.aps_sequence = (self.aps_sequence + 1) & 0xFF
        return self.aps_sequence

    def key_for(self, partner: bytes) -> bytes:
        """The link key the stick uses with a device: of its table, else transient, else the one of the trust centre."""
        entry = self.memory.link_key(partner)
        if entry is not None:
            return entry.key
        for owner in (partner, WILDCARD):
            if owner in self.transient_keys:
                return self.transient_keys[owner]
        return self.memory.trust_centre_key

    def joining_key(self, partner: bytes) -> bytes | None:
        """The key under which the network key would be sent to a device that joins; None when it may not."""
        policy = self.policies.get(0, 0)
        if not policy & ALLOW_JOINS:
            return None
        if partner in self.transient_keys:
            return self.transient_keys[partner]
        return None if policy & JOINS_USE_INSTALL_CODE_KEY else self.transient_keys.get(WILDCARD)

    def device_update(self, node_id: int, eui64: bytes, status: int, decision: int) -> None:
        """trustCenterJoinHandler: a device joined, joined again, or left."""
        self.callback(_TRUST_CENTRE_JOIN, u16(node_id) + eui64 + u8(status) + u8(decision) + u16(COORDINATOR))

    def message_sent(self, kind: int, destination: int, message: Message, tag: int, status: Status) -> None:
        head = u8(kind) + u16(destination) + message.header()
        tail = counted(b"")
        if self.dialect.wide:
            parameters = self.status(status) + head + self.dialect.tag(tag) + tail
        else:
            parameters = head + self.dialect.tag(tag) + self.status(status) + tail
        self.callback(_MESSAGE_SENT, parameters)

    def incoming(self, sender: int, eui64: bytes, message: Message, kind: int = INCOMING_UNICAST) -> None:
        head = u8(kind) + message.header()
        if self.dialect.wide:
            middle = u16(sender) + eui64 + bytes((_NO_INDEX, _NO_INDEX, _LQI, _RSSI)) + bytes(4)
        else:
            middle = bytes((_LQI, _RSSI)) + u16(sender) + bytes((_NO_INDEX, _NO_INDEX))
        self.callback(_INCOMING_MESSAGE, head + middle + counted(message.data))
