"""A Smart Energy device behind the stick: its endpoints and clusters, the gate of its security, its life in the network.

Clusters that Smart Energy protects answer only what comes under the link key of a key establishment (ZSE 5.4.6): anything
else gets a default response FAILURE. A device without ``suite`` establishes no key and takes the key it joined with.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

from hil.zigbee.aps import (
    COORDINATOR,
    OPTION_ENABLE_ROUTE_DISCOVERY,
    OPTION_ENCRYPTION,
    OPTION_RETRY,
    PROFILE_SMART_ENERGY,
    PROFILE_ZDO,
    Message,
)
from hil.zigbee.fields import Short, u8, u16
from hil.zigbee.pan import Pan
from hil.zigbee.zcl import (
    FAILURE,
    REPORT,
    SUCCESS,
    UNSUPPORTED_CLUSTER_COMMAND,
    Attribute,
    Attributes,
    Frame,
    parse,
)
from hil.zigbee.zdo import LOGICAL_ROUTER, MATCH_DESCRIPTOR, Node, SimpleDescriptor

#: 2000-01-01T00:00:00Z, the epoch of ZigBee's UTCTime, in seconds of Unix time.
EPOCH = 946_684_800
BASIC, TIME, COMMISSIONING, OTA = 0x0000, 0x000A, 0x0015, 0x0019
PRICE, LOAD_CONTROL, METERING, MESSAGING, TUNNELING, PREPAYMENT = range(0x0700, 0x0706)
KEY_ESTABLISHMENT = 0x0800
PROTECTED = frozenset((TIME, COMMISSIONING, OTA, PRICE, LOAD_CONTROL, METERING, MESSAGING, TUNNELING, PREPAYMENT))
#: The server clusters by which an energy services interface is known.
_OF_AN_ESI = (KEY_ESTABLISHMENT, PRICE, MESSAGING, LOAD_CONTROL)
_READ, _READ_RESPONSE = 0x00, 0x01
_TIME_NOW, _TIME_STATUS = 0x0000, 0x0001
_MATCH_RESPONSE = MATCH_DESCRIPTOR | 0x8000
#: How often, and after how many seconds each, the interface is looked for.
_LOOKS, _LOOK_AGAIN_S = 5, 3.0


class Cluster(Protocol):
    """One side of a cluster on one endpoint. ``server`` says which; ``attributes`` are those of this side."""

    number: int
    server: bool
    attributes: Attributes

    def command(self, endpoint: Endpoint, frame: Frame) -> int | None:
        """Do a command. Gives the status of the default response, or None when another response is sent."""

    def entered(self, endpoint: Endpoint) -> None:
        """The device is in the network, under the key it will use."""


class PlainCluster:
    """A cluster that has attributes and knows no commands."""

    def __init__(self, number: int, values: dict[int, Attribute] | None = None, *, server: bool = True) -> None:
        self.number = number
        self.server = server
        self.attributes = Attributes(values or {})

    def command(self, endpoint: Endpoint, frame: Frame) -> int | None:
        return UNSUPPORTED_CLUSTER_COMMAND

    def entered(self, endpoint: Endpoint) -> None:
        return


class Endpoint:
    """One endpoint of a device."""

    def __init__(self, number: int, kind: int, clusters: Iterable[Cluster]) -> None:
        self.number = number
        self.kind = kind
        self.clusters = {(each.number, each.server): each for each in clusters}
        self.device: SmartEnergyDevice

    def descriptor(self) -> SimpleDescriptor:
        inputs = sorted(number for number, server in self.clusters if server)
        outputs = sorted(number for number, server in self.clusters if not server)
        return SimpleDescriptor(self.number, PROFILE_SMART_ENERGY, self.kind, inputs, outputs)

    def send(self, cluster: int, frame: Frame, *, encrypted: bool | None = None) -> None:
        """Send a ZCL frame to the energy services interface, encrypted if its cluster asks for it."""
        if encrypted is None:
            encrypted = cluster in PROTECTED
        options = OPTION_RETRY | OPTION_ENABLE_ROUTE_DISCOVERY | (OPTION_ENCRYPTION if encrypted else 0)
        self.device.send(Message(PROFILE_SMART_ENERGY, cluster, self.number, self.device.esi, frame.encoded(), options))

    def request(self, cluster: int, command: int, body: bytes, *, from_server: bool = False) -> None:
        """Send a cluster's own command."""
        self.send(cluster, Frame(self.device.next_sequence(), command, body, True, from_server))

    def set(self, cluster: int, name: int, value: int | str) -> None:
        """Give an attribute of a server another value; report it where reporting was asked for."""
        attributes = self.clusters[cluster, True].attributes
        attributes.values[name].value = value
        if name in attributes.reporting:
            self._report(cluster, attributes, name)

    def _report(self, cluster: int, attributes: Attributes, name: int) -> None:
        plan, now = attributes.reporting[name], self.device.now
        if now < plan.last + plan.shortest:
            left = plan.last + plan.shortest - now
            self.device.after(left, lambda: self._report_unless_sent(cluster, attributes, name))
            return
        self.report(cluster, [name])

    def _report_unless_sent(self, cluster: int, attributes: Attributes, name: int) -> None:
        plan = attributes.reporting[name]
        if self.device.now >= plan.last + plan.shortest:
            self.report(cluster, [name])

    def report(self, cluster: int, names: Iterable[int], *, encrypted: bool | None = None) -> None:
        """Report attributes now."""
        attributes, body = self.clusters[cluster, True].attributes, b""
        for name in names:
            body += u16(name) + attributes.values[name].encoded()
            if name in attributes.reporting:
                attributes.reporting[name].last = self.device.now
        frame = Frame(self.device.next_sequence(), REPORT, body, False, from_server=True)
        self.send(cluster, frame, encrypted=encrypted)

    def keep_reporting(self, cluster: int) -> None:
        """Report what is due by its longest interval, and look again when the next one is."""
        attributes = self.clusters[cluster, True].attributes
        for name, plan in attributes.reporting.items():
            if plan.last == float("-inf"):
                plan.last = self.device.now
            if 0 < plan.longest < 0xFFFF:
                self.device.after(plan.longest, lambda name=name, plan=plan: self._longest(cluster, name, plan))  # type: ignore[misc]

    def _longest(self, cluster: int, name: int, plan: object) -> None:
        attributes = self.clusters[cluster, True].attributes
        current = attributes.reporting.get(name)
        if current is not plan or current is None or not self.device.joined:
            return
        if self.device.now >= current.last + current.longest:
            self.report(cluster, [name])
        left = max(current.last + current.longest - self.device.now, 0.01)
        self.device.after(left, lambda: self._longest(cluster, name, plan))


class SmartEnergyDevice:
    """One device. ``counts`` tells what it refused; ``clock`` is Unix time."""

    def __init__(
        self,
        eui64: bytes,
        node_id: int,
        installation_key: bytes,
        endpoints: Iterable[Endpoint],
        *,
        protected: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.node = Node(eui64, node_id, LOGICAL_ROUTER)
        self.endpoints = {each.number: each for each in endpoints}
        for each in self.endpoints.values():
            each.device = self
            self.node.endpoints[each.number] = each.descriptor()
        self.installation_key = self.link_key = installation_key
        self.protected = protected
        self.clock = clock
        self.joined = False
        self.reachable = True
        self.willing = True
        #: Whether the link key is one that it may use for the clusters of Smart Energy.
        self.established = False
        #: The endpoint of the energy services interface, found by matching.
        self.esi = 1
        self._looking = False
        self.coordinator = bytes(8)
        self.counts: Counter[str] = Counter()
        #: The answer to its last question for the time, as it came: records of attribute, status, type, value.
        self.time_said = b""
        self._pan: Pan | None = None
        self._sequence = 0

    @property
    def eui64(self) -> bytes:
        return self.node.eui64

    @property
    def node_id(self) -> int:
        return self.node.node_id

    @property
    def now(self) -> float:
        """Seconds of the bench's clock."""
        assert self._pan is not None  # noqa: S101  - it is in a network
        return self._pan.timeline.now

    def utc(self) -> int:
        """ZigBee's UTCTime."""
        return int(self.clock()) - EPOCH

    def next_sequence(self) -> int:
        self._sequence = (self._sequence + 1) & 0xFF
        return self._sequence

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        assert self._pan is not None  # noqa: S101
        self._pan.timeline.after(seconds, call)

    def send(self, message: Message) -> None:
        if self.joined and self._pan is not None:
            self._pan.send(self, message)

    def entered(self, pan: Pan) -> None:
        """It looks for the energy services interface; the rest begins when that answers."""
        self._pan = pan
        self.coordinator = pan.stick().eui64
        self._looking = True
        self._look(_LOOKS)

    def _look(self, left: int) -> None:
        """Ask for the interface, and again where nobody answers: a coordinator that has just let it in may be busy."""
        if not (self._looking and self.joined and left):
            return
        self.after(_LOOK_AGAIN_S, lambda: self._look(left - 1))
        body = u8(self.next_sequence()) + u16(COORDINATOR) + u16(PROFILE_SMART_ENERGY)
        wanted = u8(len(_OF_AN_ESI)) + b"".join(map(u16, _OF_AN_ESI)) + u8(0)
        self.send(Message(PROFILE_ZDO, MATCH_DESCRIPTOR, 0, 0, body + wanted))

    def admitted(self, key: bytes) -> None:
        """It could read the network key: it joined anew, and what was established before is over."""
        self.link_key = key
        self.established = not any(number == KEY_ESTABLISHMENT for number, _ in self._clusters())

    def _clusters(self) -> set[tuple[int, bool]]:
        return {key for endpoint in self.endpoints.values() for key in endpoint.clusters}

    def receive(self, message: Message) -> None:
        if message.profile == PROFILE_ZDO:
            if message.cluster == _MATCH_RESPONSE:
                if not self._looking:
                    return
                self._looking = False
                self.esi = message.data[5] if len(message.data) > 5 else self.esi
                self._begin(KEY_ESTABLISHMENT)
                if self.established:
                    self.key_established()
            return
        endpoint = self.endpoints.get(message.destination_endpoint)
        if endpoint is None:
            self.counts["no such endpoint"] += 1
            return
        try:
            frame = parse(message.data)
            if frame is not None:
                self._frame(endpoint, message, frame)
        except Short:
            self.counts["cut frames"] += 1

    def _frame(self, endpoint: Endpoint, message: Message, frame: Frame) -> None:
        cluster = endpoint.clusters.get((message.cluster, not frame.from_server))

        def reply(response: Frame) -> None:
            self.send(message.answer(response.encoded()))

        if self.protected and message.cluster in PROTECTED and not (message.encrypted and self.established):
            self.counts["refused without its link key"] += 1
            reply(frame.default_response(FAILURE))
            return
        if message.cluster == TIME and not frame.cluster_specific and frame.command == _READ_RESPONSE:
            self.time_said = frame.body
        if not frame.cluster_specific and frame.command in (_READ_RESPONSE, 0x04, 0x07, REPORT, 0x0B, 0x0D):
            return
        if cluster is None:
            reply(frame.default_response(UNSUPPORTED_CLUSTER_COMMAND))
        elif not frame.cluster_specific:
            reply(cluster.attributes.answer(frame))
            if cluster.server:
                endpoint.keep_reporting(cluster.number)
        else:
            status = cluster.command(endpoint, frame)
            if status is not None and (status != SUCCESS or frame.wants_default_response):
                reply(frame.default_response(status))

    def ask_time(self) -> None:
        endpoint = next(iter(self.endpoints.values()))
        endpoint.send(TIME, Frame(self.next_sequence(), _READ, u16(_TIME_NOW) + u16(_TIME_STATUS), False, False))

    def key_established(self) -> None:
        """From here on the clusters of Smart Energy are open."""
        self.established = True
        for endpoint in self.endpoints.values():
            for (number, _), cluster in endpoint.clusters.items():
                if number != KEY_ESTABLISHMENT:
                    cluster.entered(endpoint)

    def _begin(self, number: int) -> None:
        for endpoint in self.endpoints.values():
            for (each, server), cluster in endpoint.clusters.items():
                if each == number and not server:
                    cluster.entered(endpoint)
