"""The network around the stick: who is in it, who may come in, and what reaches whom.

A message under a link key is read only by a node that holds the same key: the keys are compared, the octets are not
encrypted, since nobody but the two ends ever sees the air. What cannot be read is not acknowledged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from hil.zigbee.aps import BROADCASTS, PROFILE_ZDO, Message
from hil.zigbee.aps import COORDINATOR as STICKS_COORDINATOR
from hil.zigbee.dialect import Status
from hil.zigbee.fields import u16
from hil.zigbee.memory import COORDINATOR, TRUST_CENTRE_TOKEN, Network
from hil.zigbee.ncp import INCOMING_BROADCAST, INCOMING_UNICAST
from hil.zigbee.timeline import Timeline
from hil.zigbee.zdo import (
    DEVICE_ANNOUNCE,
    LOGICAL_COORDINATOR,
    LOGICAL_ROUTER,
    MANAGEMENT_LEAVE,
    Node,
    SimpleDescriptor,
    announcement,
)

if TYPE_CHECKING:
    from hil.zigbee.ncp import Ncp

#: Seconds for one way over the air; until a stick gives up on a node that does not acknowledge; and of the joining steps.
_HOP_S, _GIVE_UP_S = 0.004, 0.15
_JOIN_AFTER_S, _ANNOUNCE_AFTER_S = 0.05, 0.02
_FOREVER = 0xFF
#: EmberDeviceUpdate and EmberJoinDecision.
SECURED_REJOIN, UNSECURED_JOIN, LEFT, _UNSECURED_REJOIN = range(4)
_USE_PRECONFIGURED_KEY, _DENY, _NO_ACTION = 0, 2, 3


class Device(Protocol):
    """A node of the network that is not the stick."""

    node: Node
    #: The link key it holds, and the one it joins with.
    link_key: bytes
    installation_key: bytes
    joined: bool
    #: Whether it is switched on and within reach.
    reachable: bool
    #: Whether it joins of itself when the network opens.
    willing: bool

    @property
    def eui64(self) -> bytes: ...
    @property
    def node_id(self) -> int: ...

    def admitted(self, key: bytes) -> None:
        """It has joined, under this key."""

    def receive(self, message: Message) -> None:
        """A message to this device, that it can read."""

    def entered(self, pan: Pan) -> None:
        """It is in the network now."""


class Pan:
    """One network. ``counts`` tells what was lost in it, and why."""

    ncp: Ncp

    def __init__(self, timeline: Timeline, devices: Iterable[Device] = ()) -> None:
        self.timeline = timeline
        self.devices = list(devices)
        self.counts: Counter[str] = Counter()
        self.door_open_until = 0.0
        #: What is to happen when the stick's network is up.
        self.when_up: Callable[[], None] | None = None
        #: The network of a utility, in which the stick may be a router; its devices are there before the stick.
        self.utility: Network | None = None
        self.utility_key = bytes(16)
        self._sequence = 0

    def by_eui64(self, eui64: bytes) -> Device | None:
        return next((device for device in self.devices if device.eui64 == eui64), None)

    def by_node_id(self, node_id: int) -> Device | None:
        return next((device for device in self.devices if device.joined and device.node_id == node_id), None)

    # From the stick.

    def stick(self) -> Node:
        """The stick as its own ZDO describes it."""
        network = self.ncp.memory.network
        coordinator = network is not None and network.node_type == COORDINATOR
        node = Node(
            self.ncp.memory.eui64,
            network.node_id if network else 0,
            LOGICAL_COORDINATOR if coordinator else LOGICAL_ROUTER,
        )
        for number, (profile, kind, inputs, outputs) in self.ncp.endpoints.items():
            node.endpoints[number] = SimpleDescriptor(number, profile, kind, inputs, outputs)
        return node

    def unicast(self, destination: int, message: Message, sent: Callable[[Status], None]) -> None:
        """Carry a message of the stick to one node; ``sent`` is told how it went."""
        stick = self.stick()
        if destination == stick.node_id:
            self.timeline.after(_HOP_S, lambda: self._to_itself(stick, message, sent))
            return
        device = self.by_node_id(destination)
        if device is None or not device.reachable:
            self.counts["unreachable"] += 1
        elif message.encrypted and self.ncp.key_for(device.eui64) != device.link_key:
            self.counts["unreadable for a device"] += 1
        else:
            self.timeline.after(_HOP_S, lambda: self._arrive(device, message, sent))
            return
        self.timeline.after(_GIVE_UP_S, lambda: sent(Status.DELIVERY_FAILED))

    def _to_itself(self, stick: Node, message: Message, sent: Callable[[Status], None]) -> None:
        sent(Status.OK)
        answer = stick.answer(message) if message.profile == PROFILE_ZDO else None
        if answer is not None:
            self.ncp.incoming(stick.node_id, stick.eui64, answer)

    def _arrive(self, device: Device, message: Message, sent: Callable[[Status], None]) -> None:
        sent(Status.OK)
        if message.profile != PROFILE_ZDO:
            device.receive(message)
            return
        answer = device.node.answer(message)
        if answer is not None:
            self.send(device, answer)
        if message.cluster == MANAGEMENT_LEAVE:
            self.timeline.after(2 * _HOP_S, lambda: self.leave(device))

    def broadcast(self, message: Message) -> None:
        """Carry a message of the stick to everybody. Requests of the ZDO are answered by those they concern."""
        for device in self.devices:
            if device.joined and device.reachable and message.profile == PROFILE_ZDO:
                answer = device.node.answer(message)
                if answer is not None:
                    self.send(device, answer)

    # From a device.

    def send(self, device: Device, message: Message, kind: int = INCOMING_UNICAST) -> None:
        """Carry a message of a device to the stick."""
        self.timeline.after(_HOP_S, lambda: self._to_stick(device, message, kind))

    def _to_stick(self, device: Device, message: Message, kind: int) -> None:
        ncp = self.ncp
        if not ncp.up or not device.reachable:
            self.counts["stick away"] += 1
        elif message.encrypted and ncp.key_for(device.eui64) != device.link_key:
            self.counts["unreadable for the stick"] += 1
        elif message.profile == PROFILE_ZDO and not message.cluster & 0x8000 and message.cluster < BROADCASTS:
            self._ask_stick(device, message, kind)
        else:
            self._hand_over(device, message, kind)

    def _ask_stick(self, device: Device, message: Message, kind: int) -> None:
        """The stick answers ZDO requests itself; of an announcement it tells its host."""
        if message.cluster == DEVICE_ANNOUNCE:
            self._hand_over(device, message, kind)
            return
        answer = self.stick().answer(message)
        if answer is not None:
            self.timeline.after(_HOP_S, lambda: device.receive(answer))

    def _hand_over(self, device: Device, message: Message, kind: int) -> None:
        self._sequence = (self._sequence + 1) & 0xFF
        for each in message.numbered(self._sequence).fragments():
            self.ncp.incoming(device.node_id, device.eui64, each, kind)

    # The door.

    def open_door(self, seconds: int) -> None:
        if not seconds:
            self.close_door()
            return
        self.door_open_until = float("inf") if seconds == _FOREVER else self.timeline.now + seconds
        for device in self.devices:
            if device.willing and not device.joined:
                self.timeline.after(_JOIN_AFTER_S, lambda device=device: self.join(device))  # type: ignore[misc]

    def close_door(self) -> None:
        self.door_open_until = 0.0

    def join(self, device: Device) -> bool:
        """A device asks to come in. It stays outside when it cannot read the network key it is sent."""
        if device.joined or not device.reachable or not self.ncp.up or self.timeline.now >= self.door_open_until:
            return False
        key = self.ncp.joining_key(device.eui64)
        decision = _DENY if key is None else _USE_PRECONFIGURED_KEY
        self.ncp.device_update(device.node_id, device.eui64, UNSECURED_JOIN, decision)
        if key != device.installation_key:
            self.counts["refused" if key is None else "wrong installation key"] += 1
            return False
        device.admitted(device.installation_key)
        self._admit(device)
        return True

    def rejoin(self, device: Device) -> None:
        """A device that still has the network key comes back."""
        self.ncp.device_update(device.node_id, device.eui64, SECURED_REJOIN, _NO_ACTION)
        self._admit(device)

    def _admit(self, device: Device) -> None:
        device.joined = True
        self.timeline.after(_ANNOUNCE_AFTER_S, lambda: self._announce(device))

    def _announce(self, device: Device) -> None:
        data = announcement(0, device.node)
        self.send(device, Message(PROFILE_ZDO, DEVICE_ANNOUNCE, 0, 0, data, options=0), INCOMING_BROADCAST)
        device.entered(self)

    def leave(self, device: Device) -> None:
        """A device goes, and its parent says so."""
        if device.joined:
            device.joined = False
            self.ncp.device_update(device.node_id, device.eui64, LEFT, _NO_ACTION)

    def admit_stick(self, asked: Network) -> bool:
        """The stick asks to come into the utility's network, as a router; it needs the key of its own install code."""
        esi, network, memory = self.by_node_id(STICKS_COORDINATOR), self.utility, self.ncp.memory
        if esi is None or network is None or asked.pan_id != network.pan_id:
            return False
        if memory.trust_centre_key != esi.installation_key:
            self.counts["wrong installation key"] += 1
            return False
        memory.network, memory.network_key = network, self.utility_key
        memory.write_token(TRUST_CENTRE_TOKEN, u16(memory.security) + esi.eui64 + memory.trust_centre_key)
        esi.admitted(memory.trust_centre_key)
        self.when_up = lambda: self._meet(esi)
        return True

    def _meet(self, esi: Device) -> None:
        self.when_up = None
        esi.entered(self)
